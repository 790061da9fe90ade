/* Questions that others answer: asked of one server after the other, each from a socket of its own with a random port and id. */
#ifndef SKIFF_DNS_FORWARD_H
#define SKIFF_DNS_FORWARD_H

#include "dns-config.h"

#include <poll.h>

enum {
    DNS_OUTSTANDING = 256,      /* questions at a time; of more the oldest is given up */
    DNS_ONE_OF_MANY = 2000,     /* ms that a server has while there are others left to ask */
    DNS_LAST_OF_ALL = 4000,     /* ms that the last one has, as in Docker; glibc asks again after five seconds */
    DNS_SLOW_FOR = 30000,       /* ms that others are asked first after a server has not answered */
};

/* Who asked. `connection` and `turn` say which TCP connection it was and which use of it; by UDP it is -1. */
struct dns_asker {
    int connection;
    unsigned turn;
    struct sockaddr_in address;
};

struct dns_exchange {
    struct dns_asker asker;
    int fd;
    uint16_t asked_id;
    uint8_t *query;             /* two bytes of length, then the question with our own id */
    size_t size, sent;
    uint8_t *answer;            /* by TCP: what has come of it so far, with its length */
    size_t got;
    unsigned server, tried;     /* index of the one that is asked; bits of those that have been */
    int64_t deadline;
};

struct dns_forward {
    struct dns_config *config;
    struct dns_exchange list[DNS_OUTSTANDING];
    size_t count;               /* of those at the beginning of the list, in the order in which they began */
    uint8_t *block;             /* DNS_LONGEST_ANSWER bytes that anybody may use for a moment */
    void (*deliver)(void *context, const struct dns_asker *asker, uint8_t *answer, size_t size);
    void *context;
};

/* Asks; the answer comes by `deliver`, perhaps at once. A repetition of an outstanding question sends that again. */
void dns_forward(struct dns_forward *forward, const struct dns_asker *asker, const uint8_t *query, size_t size);
/* What poll(2) shall wait for: as many as `count`; and which it has found. */
void dns_forward_wait(const struct dns_forward *forward, struct pollfd *fds);
void dns_forward_turn(struct dns_forward *forward, const struct pollfd *fds, size_t count);
/* Goes on to the next server where one has had its time. */
void dns_forward_expire(struct dns_forward *forward, int64_t now);
/* When that is next; -1 with nothing outstanding. */
int64_t dns_forward_deadline(const struct dns_forward *forward);

/* Milliseconds of the monotonic clock. */
int64_t dns_now(void);

#endif
