/* Those in the container who ask by TCP, RFC 7766: one question of a connection at a time. */
#ifndef SKIFF_DNS_CONNECTIONS_H
#define SKIFF_DNS_CONNECTIONS_H

#include "dns-message.h"

#include <poll.h>

enum {
    DNS_CONNECTIONS = 32,       /* at a time; for one more the one that has been idle longest goes */
    DNS_IDLE = 10000,           /* ms without a question, or without taking its answer */
};

struct dns_connection {
    int fd;                     /* -1: free */
    unsigned turn;              /* how often this place has been used: an answer may come when its asker has gone */
    bool waits;                 /* for an answer that others give */
    int64_t deadline;
    size_t got;
    uint8_t *question;          /* what has come of it, with its two bytes of length */
    uint8_t *rest;              /* of an answer that the asker has not taken at once */
    size_t rest_size, rest_sent;
};

struct dns_connections {
    struct dns_connection list[DNS_CONNECTIONS];
    void (*ask)(void *context, int connection, unsigned turn, const uint8_t *query, size_t size);
    void *context;
};

void dns_connections_init(struct dns_connections *connections);
void dns_connections_accept(struct dns_connections *connections, int listener, int64_t now);
/* The answer to what `ask` was called for; nothing (size 0) ends the connection. */
void dns_connections_answer(struct dns_connections *connections, int connection, unsigned turn, const uint8_t *answer, size_t size);
/* DNS_CONNECTIONS of them. */
void dns_connections_wait(const struct dns_connections *connections, struct pollfd *fds);
void dns_connections_turn(struct dns_connections *connections, const struct pollfd *fds, int64_t now);
void dns_connections_expire(struct dns_connections *connections, int64_t now);
/* When the next one has been idle for too long; -1 without any. */
int64_t dns_connections_deadline(const struct dns_connections *connections);
/* Closes those that neither wait for an answer nor have one to take; false when none is left. */
bool dns_connections_end(struct dns_connections *connections);

#endif
