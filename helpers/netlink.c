#include "netlink.h"
#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void netlink_free(struct netlink *out)
{
    free(out->data);
    *out = (struct netlink){ 0 };
}

/* Zeroed room for `size` bytes, aligned as netlink wants it; where it begins. */
static size_t extend(struct netlink *out, size_t size)
{
    size_t start = out->used, whole = NLMSG_ALIGN(size);
    if (out->room - out->used < whole) {
        size_t room = (out->room + whole) * 2;
        unsigned char *data = realloc(out->data, room);
        if (!data)
            die("out of memory");
        out->data = data;
        out->room = room;
    }
    memset(out->data + start, 0, whole);
    out->used += whole;
    return start;
}

static void measure(struct netlink *out)
{
    struct nlmsghdr *message = (struct nlmsghdr *)(void *)(out->data + out->message);
    message->nlmsg_len = out->used - out->message;
}

void netlink_start(struct netlink *out, uint16_t type, uint16_t flags, const void *header, size_t size)
{
    struct nlmsghdr head = { .nlmsg_type = type, .nlmsg_flags = flags | NLM_F_REQUEST, .nlmsg_seq = ++out->sequence };
    out->message = extend(out, NLMSG_HDRLEN + size);
    memcpy(out->data + out->message, &head, sizeof head);
    memcpy(out->data + out->message + NLMSG_HDRLEN, header, size);
    measure(out);
}

void netlink_put(struct netlink *out, uint16_t attribute, const void *data, size_t size)
{
    if (size > UINT16_MAX - NLA_HDRLEN)
        die("a netlink attribute of %zu bytes is too long", size);
    struct nlattr head = { .nla_len = NLA_HDRLEN + size, .nla_type = attribute };
    size_t start = extend(out, NLA_HDRLEN + size);
    memcpy(out->data + start, &head, sizeof head);
    if (size > 0)
        memcpy(out->data + start + NLA_HDRLEN, data, size);
    measure(out);
}

void netlink_put_u32(struct netlink *out, uint16_t attribute, uint32_t value)
{
    netlink_put(out, attribute, &value, sizeof value);
}

void netlink_put_be32(struct netlink *out, uint16_t attribute, uint32_t value)
{
    netlink_put_u32(out, attribute, htonl(value));
}

void netlink_put_text(struct netlink *out, uint16_t attribute, const char *text)
{
    netlink_put(out, attribute, text, strlen(text) + 1);
}

size_t netlink_nest_with(struct netlink *out, uint16_t attribute, const void *header, size_t size)
{
    size_t nest = out->used;
    netlink_put(out, attribute | NLA_F_NESTED, header, size);
    return nest;
}

size_t netlink_nest(struct netlink *out, uint16_t attribute)
{
    return netlink_nest_with(out, attribute, NULL, 0);
}

void netlink_end(struct netlink *out, size_t nest)
{
    size_t size = out->used - nest;
    if (size > UINT16_MAX)
        die("a netlink attribute of %zu bytes is too long", size);
    struct nlattr *head = (struct nlattr *)(void *)(out->data + nest);
    head->nla_len = size;
}

int netlink_open(int netns, int protocol)
{
    autoclose int own = -1;
    if (netns >= 0) {
        own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        if (own < 0 || setns(netns, CLONE_NEWNET) < 0)
            return -1;
    }
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), error = errno;
    if (own >= 0 && setns(own, CLONE_NEWNET) < 0)
        die_errno("cannot return to the network namespace");
    int one = 1;
    if (fd >= 0) {
        /* Errors come without the request, and dumps are checked strictly where the kernel can. */
        setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
        setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof one);
    }
    errno = error;
    return fd;
}

static int send_all(int fd, const struct netlink *out)
{
    struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
    ssize_t sent;
    do
        sent = sendto(fd, out->data, out->used, 0, (struct sockaddr *)&kernel, sizeof kernel);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

/* One datagram from the kernel; what other processes send is passed over. */
static ssize_t receive(int fd, void *data, size_t size, int flags)
{
    for (;;) {
        struct sockaddr_nl from = { 0 };
        socklen_t length = sizeof from;
        ssize_t got = recvfrom(fd, data, size, flags | MSG_TRUNC, (struct sockaddr *)&from, &length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if ((size_t)got > size)
            return -EMSGSIZE;
        if (from.nl_pid == 0)
            return got;
    }
}

enum { ANSWER_ROOM = 64 * 1024 };

int netlink_talk(int fd, const struct netlink *out, uint32_t *failed)
{
    autofree char *data = xmalloc(ANSWER_ROOM);
    bool heard = false;
    int result = send_all(fd, out);
    if (failed)
        *failed = 0;
    /* The kernel has done it all when send returns, and the answers are there. */
    for (ssize_t got; result == 0 && (got = receive(fd, data, ANSWER_ROOM, MSG_DONTWAIT)) != -EAGAIN;) {
        if (got < 0)
            return got;
        int left = got;
        for (const struct nlmsghdr *message = (void *)data; NLMSG_OK(message, left) && result == 0; message = NLMSG_NEXT(message, left)) {
            const struct nlmsgerr *error = NLMSG_DATA(message);
            if (message->nlmsg_type != NLMSG_ERROR || message->nlmsg_len < NLMSG_LENGTH(sizeof *error))
                continue;
            heard = true;
            result = error->error;
            if (result != 0 && failed)
                *failed = message->nlmsg_seq;
        }
    }
    /* What is left belongs to this request, not to the next one. */
    while (result != 0 && receive(fd, data, ANSWER_ROOM, MSG_DONTWAIT) >= 0)
        ;
    return result != 0 ? result : heard ? 0 : -EPROTO;
}

int netlink_ask(int fd, const struct netlink *out, bool (*take)(const struct nlmsghdr *, void *), void *context)
{
    const struct nlmsghdr *request = (const void *)out->data;
    bool dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP, changed = false, taking = true;
    autofree char *data = xmalloc(ANSWER_ROOM);
    int sent = send_all(fd, out);
    if (sent < 0)
        return sent;
    for (;;) {
        ssize_t got = receive(fd, data, ANSWER_ROOM, 0);
        if (got < 0)
            return got;
        int left = got;
        for (const struct nlmsghdr *message = (void *)data; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
            changed |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
            if (message->nlmsg_type == NLMSG_DONE)
                return changed ? -EINTR : 0;
            if (message->nlmsg_type == NLMSG_ERROR)
                return message->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr)) ? -EPROTO : ((const struct nlmsgerr *)NLMSG_DATA(message))->error;
            taking = taking && take(message, context);
            if (!dump)
                return 0;
        }
    }
}

void netlink_each(const void *data, size_t size, void (*take)(uint16_t, const void *, size_t, void *), void *context)
{
    const unsigned char *place = data;
    while (size >= NLA_HDRLEN) {
        struct nlattr head;
        memcpy(&head, place, sizeof head);
        if (head.nla_len < NLA_HDRLEN || head.nla_len > size)
            return;
        take(head.nla_type & NLA_TYPE_MASK, place + NLA_HDRLEN, head.nla_len - NLA_HDRLEN, context);
        size_t whole = NLA_ALIGN((size_t)head.nla_len);
        if (whole > size)
            return;
        place += whole;
        size -= whole;
    }
}

struct search {
    uint16_t wanted;
    const void *found;
    size_t length;
};

static void compare(uint16_t attribute, const void *data, size_t size, void *context)
{
    struct search *search = context;
    if (attribute == search->wanted && !search->found) {
        search->found = data;
        search->length = size;
    }
}

const void *netlink_find(const void *data, size_t size, uint16_t wanted, size_t *length)
{
    struct search search = { .wanted = wanted };
    netlink_each(data, size, compare, &search);
    *length = search.length;
    return search.found;
}
