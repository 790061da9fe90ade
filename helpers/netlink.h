/* Netlink: messages are built in a buffer that grows, sent at once, and what the kernel answers is read. For rtnetlink and nfnetlink. */
#ifndef SKIFF_NETLINK_H
#define SKIFF_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One or more messages; {0} is empty. `sequence` is that of the last message, the first has 1. */
struct netlink {
    unsigned char *data;
    size_t used, room, message;
    uint32_t sequence;
};

void netlink_free(struct netlink *out);
#define autonetlink __attribute__((cleanup(netlink_free)))

/* Begins a message with the header of its family; NLM_F_REQUEST is added. */
void netlink_start(struct netlink *out, uint16_t type, uint16_t flags, const void *header, size_t size);
/* Attributes of the message begun last. Lengths above 65,531 die: nothing here is that long. */
void netlink_put(struct netlink *out, uint16_t attribute, const void *data, size_t size);
void netlink_put_u32(struct netlink *out, uint16_t attribute, uint32_t value);
/* Big-endian, as nfnetlink wants numbers. */
void netlink_put_be32(struct netlink *out, uint16_t attribute, uint32_t value);
/* With the NUL that ends it. */
void netlink_put_text(struct netlink *out, uint16_t attribute, const char *text);
/* An attribute that holds others: all that is put until netlink_end of what this returns. */
size_t netlink_nest(struct netlink *out, uint16_t attribute);
/* The same with a header before what it holds. */
size_t netlink_nest_with(struct netlink *out, uint16_t attribute, const void *header, size_t size);
void netlink_end(struct netlink *out, size_t nest);

/* A socket of NETLINK_ROUTE or NETLINK_NETFILTER in the network namespace `netns` (-1: this process's own); -1 with errno. */
int netlink_open(int netns, int protocol);
/*
 * Sends all and reads every answer: 0, or the first error's negative errno with the number of its message in `*failed` (may be NULL).
 * The last message that can be answered has to ask for it (NLM_F_ACK): no answer at all is -EPROTO.
 */
int netlink_talk(int fd, const struct netlink *out, uint32_t *failed);
/*
 * Sends one request and gives each message of the answer to `take` until it returns false. A dump (NLM_F_DUMP) is read to its end, else one message.
 * 0 or a negative errno; -EINTR when what was dumped changed meanwhile: the caller begins again.
 */
int netlink_ask(int fd, const struct netlink *out, bool (*take)(const struct nlmsghdr *message, void *context), void *context);

/* The attribute `wanted` among those from `data` of `size` bytes, or NULL; lengths are checked. `*length` is its payload's. */
const void *netlink_find(const void *data, size_t size, uint16_t wanted, size_t *length);
/* Calls `take` for every attribute there. */
void netlink_each(const void *data, size_t size, void (*take)(uint16_t attribute, const void *data, size_t size, void *context), void *context);

#endif
