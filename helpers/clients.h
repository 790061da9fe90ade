/* The connections of a monitor: the launching command and whoever attaches later. */
#ifndef SKIFF_CLIENTS_H
#define SKIFF_CLIENTS_H

#include "frames.h"

#include <stdbool.h>

enum { MAXIMUM_CLIENTS = 32, OUTPUT_LIMIT = 1 << 20, PATIENCE_MS = 1000 };

struct client {
    int fd; /* -1: a free place */
    bool wants_output, sends_input, closes_input;
    bool leaves; /* dropped as soon as it has been sent what is waiting */
    bool holds;  /* gets all output: the container waits for it, as for the reader of a pipe */
    long long full_at;  /* when more than OUTPUT_LIMIT began to wait for it, CLOCK_MONOTONIC ms; 0 once all is sent */
    int patience;       /* how many ms the container waits for it then; less each time that was in vain */
    uint64_t lost;      /* bytes of output that it will not get; while there are any, it gets none */
    char *input; /* received and not yet a whole frame */
    size_t input_length;
    char *pending; /* for the command, which has not taken it yet: at most FRAME_WINDOW */
    size_t pending_length;
    char *output; /* not yet sent */
    size_t output_length;
};

struct clients {
    struct client list[MAXIMUM_CLIENTS];
};

void clients_init(struct clients *clients);
/* Takes over `fd`, made non-blocking. When all places are taken one that has sent nothing loses its; where there is none, `fd` is closed: NULL. */
struct client *client_add(struct clients *clients, int fd);
void client_drop(struct client *client);
/* Sends a frame or keeps what the socket does not take; a connection that fails is dropped. */
void client_send(struct client *client, uint8_t type, const void *payload, size_t length);
/*
 * Sends output, or keeps it. Whoever does not hold the container up, is full, and was waited for in vain until `now` (CLOCK_MONOTONIC ms)
 * goes without from here on, until it has taken what was kept: it then gets a frame LOST with the number of bytes that are missing there.
 */
void client_send_output(struct client *client, uint8_t type, const void *payload, size_t length, long long now);
/* Tells one that has lost something so, if it has; before the last words to it. */
void client_own_up(struct client *client);
/* Sends what was kept. */
void client_flush(struct client *client);
/* Receives what is there; false when the connection has ended and was dropped. */
bool client_receive(struct client *client);
/* The next whole frame in the input: its payload's length, type and start; -1 when there is none yet. */
ssize_t client_frame(const struct client *client, uint8_t *type, char **payload);
/* Takes the first frame away; nothing where its sender was dropped over it. */
void client_consume(struct client *client);
/* Keeps bytes for the command; drops a client that sends more than it was allowed to. */
void client_keep_pending(struct client *client, const char *data, size_t size);
/* Takes `size` pending bytes away and tells the client so. */
void client_take_pending(struct client *client, size_t size);
/* Nobody of those who are connected hears more than was sent until now. */
void clients_part(struct clients *clients);
/* Whether somebody is waited for at this time, CLOCK_MONOTONIC ms: then no more is read from the container. */
bool clients_are_behind(struct clients *clients, long long now);
/* When the next of them will have been waited for long enough, after `now`; 0 for none. */
long long clients_due(const struct clients *clients, long long now);

#endif
