/*
 * A receiver of the log: syslog, journald, GELF or fluentd. Messages wait in a queue of a limited size; nothing here waits for the other
 * side, but for the first connection and, a limited time, for the last messages. A connection that is lost is made again, later and later.
 */
#ifndef SKIFF_LOGGER_REMOTE_H
#define SKIFF_LOGGER_REMOTE_H

#include "logger.h"
#include "logger-queue.h"
#include "plan.h"

#include <poll.h>
#include <stdbool.h>

enum log_network { NETWORK_UDP, NETWORK_TCP, NETWORK_UNIX, NETWORK_UNIXGRAM, NETWORK_LOCAL /* unixgram, or unix where the socket is one */ };
enum remote_state { REMOTE_DOWN, REMOTE_CONNECTING, REMOTE_UP };

struct log_remote;

/* How a driver writes entries. */
struct log_encoder {
    const char *name;
    /* Reads the fields of the plan's record `log-encode` from the third on, or dies. */
    void (*open)(struct log_remote *remote, const struct record *record);
    /* Adds an entry to the queue, as one message or as several. */
    void (*encode)(struct log_remote *remote, const struct log_entry *entry);
};

struct log_remote {
    enum log_network network;
    const char *address; /* for messages: as the user wrote it */
    const char *port;
    char *const *hosts; /* IP addresses, or the path of a socket */
    size_t host_count, next_host;
    enum remote_state state;
    int fd;
    struct log_queue queue;
    size_t sent;      /* bytes of the first message that a stream has taken */
    size_t limit;     /* bytes that the queue may hold */
    int patience;     /* ms that a full queue holds the container up while the connection stands; -1: without limit */
    bool lazy;        /* the first connection may be made later */
    int tries;        /* attempts after which what waits is dropped; 0: any number */
    int failed;       /* attempts since the last connection */
    int delay, delay_now, delay_most; /* ms between attempts: from, now, up to */
    long long due;    /* CLOCK_MONOTONIC ms of the next attempt, or when this one has taken too long; 0: none */
    long long full_since; /* the same clock; 0: the queue is not full */
    bool gave_up;     /* it was full for too long: until half of it is sent, entries are dropped at once */
    unsigned long long dropped; /* entries since the receiver was last told */
    const struct log_encoder *encoder;
    const struct record *fields; /* of the plan, for the encoder */
    struct bytes prefix;         /* what the encoder made of them */
    unsigned prefix_count;
    const char *packer;          /* the program that compresses and sends GELF; NULL: none is needed */
    pid_t packer_pid;
    long long clock_second;      /* of `clock`, for encoders that write the time as text */
    char clock[64];
};

extern const struct log_encoder syslog_encoder, journald_encoder, gelf_encoder, fluentd_encoder;

/* Makes the receiver that the plan names (`log-remote`, `log-encode`); NULL when it names none. Dies when it cannot be reached, unless it need not be yet. */
struct log_remote *log_remote_open(const struct plan *plan);
/* Adds an entry; drops it when the queue is full. */
void log_remote_add(struct log_remote *remote, const struct log_entry *entry);
/* Sends what the other side takes now. */
void log_remote_flush(struct log_remote *remote);
/* What poll(2) is to wait for; fd -1 for nothing. */
struct pollfd log_remote_slot(const struct log_remote *remote);
void log_remote_ready(struct log_remote *remote, short events);
/* CLOCK_MONOTONIC ms of the moment when log_remote_tick is to be called; 0: never. */
long long log_remote_deadline(const struct log_remote *remote);
void log_remote_tick(struct log_remote *remote);
/* Whether nothing more should be read from the container for now. */
bool log_remote_is_behind(struct log_remote *remote);
/* Ends the packer, where there is one, once it has sent what it has; the next entry starts another. */
void log_remote_rest(struct log_remote *remote);
/* Sends what is left while the other side takes it, for a limited time, and closes the connection. Frees nothing: the process ends. */
void log_remote_finish(struct log_remote *remote);

/* logger-dial.c */
/* Makes a socket that is being connected to hosts[next_host]; -1 with errno. A datagram socket, and a unix stream, is connected at once. */
int log_dial(struct log_remote *remote);
/* Errno of a connection that was begun: 0 when it stands. */
int log_dialled(int fd);
/* Puts the packer between us and the socket `fd`, which it takes over; returns what to write to, or -1. */
int log_pack(struct log_remote *remote, int fd);

/* logger-send.c */
/* Sends from the queue until it is empty (1), the other side takes no more (0) or the connection fails (-1 with errno). */
int log_send(struct log_remote *remote);

/* The monotonic clock in ms. */
long long log_clock(void);

#endif
