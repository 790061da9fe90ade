#include "port.h"
#include "util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    IDLE_MS = 90 * 1000, /* as Docker's proxy */
    PAUSE_MS = 1000,     /* at least, between two looks for idle flows */
    BUCKETS = 1024,
    AT_ONCE = 64,
    LARGEST = 65535,
};

/* What one client sends to one of our addresses, and what comes back. */
struct flow {
    struct watched watched;
    struct flow *next;           /* in its bucket */
    struct flow *older, *newer;  /* by last use */
    int inner, outer; /* the listener's, not ours to close */
    union address client;
    struct in6_pktinfo own6;
    struct in_pktinfo own4;
    long long used;
};

static struct flow *buckets[BUCKETS], *oldest, *newest, *dead;
static size_t flows;
static char data[LARGEST];

static size_t bucket_of(int outer, const union address *client)
{
    const unsigned char *bytes = (const unsigned char *)client;
    uint32_t hash = 2166136261u ^ (uint32_t)outer;
    for (socklen_t i = 0; i < address_size(client); i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash % BUCKETS;
}

static void unlink_use(struct flow *flow)
{
    *(flow->older ? &flow->older->newer : &oldest) = flow->newer;
    *(flow->newer ? &flow->newer->older : &newest) = flow->older;
}

static void note_use(struct flow *flow)
{
    flow->used = port_now;
    flow->older = newest;
    flow->newer = NULL;
    *(newest ? &newest->newer : &oldest) = flow;
    newest = flow;
}

static void use(struct flow *flow)
{
    unlink_use(flow);
    note_use(flow);
}

/* The memory stays until the end of this turn: epoll may still tell of it. */
static void end_flow(struct flow *flow)
{
    struct flow **place = &buckets[bucket_of(flow->outer, &flow->client)];
    while (*place != flow)
        place = &(*place)->next;
    *place = flow->next;
    unlink_use(flow);
    close_fd(&flow->inner);
    flow->next = dead;
    dead = flow;
    flows--;
}

/* The address of ours that was asked, so that the answer comes from there. */
static void read_own(const struct msghdr *message, struct flow *flow)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR((struct msghdr *)(uintptr_t)message, part)) {
        if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo told;
            memcpy(&told, CMSG_DATA(part), sizeof told);
            flow->own4 = (struct in_pktinfo){ .ipi_spec_dst = told.ipi_spec_dst };
        } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO)
            memcpy(&flow->own6, CMSG_DATA(part), sizeof flow->own6);
    }
}

static void answer(const struct flow *flow, size_t size)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    } control = { .bytes = { 0 } };
    bool six = flow->client.any.sa_family == AF_INET6;
    union address client = flow->client;
    struct iovec piece = { data, size };
    struct msghdr message = { .msg_name = &client, .msg_namelen = address_size(&client), .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes,
                              .msg_controllen = six ? CMSG_SPACE(sizeof flow->own6) : CMSG_SPACE(sizeof flow->own4) };
    struct cmsghdr *part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = six ? IPPROTO_IPV6 : IPPROTO_IP;
    part->cmsg_type = six ? IPV6_PKTINFO : IP_PKTINFO;
    part->cmsg_len = six ? CMSG_LEN(sizeof flow->own6) : CMSG_LEN(sizeof flow->own4);
    memcpy(CMSG_DATA(part), six ? (const void *)&flow->own6 : (const void *)&flow->own4, six ? sizeof flow->own6 : sizeof flow->own4);
    sendmsg(flow->outer, &message, MSG_DONTWAIT | MSG_NOSIGNAL); /* what does not fit is lost, as datagrams are */
}

static void ready(struct watched *watched, uint32_t events)
{
    struct flow *flow = (struct flow *)(void *)watched;
    (void)events;
    for (int i = 0; i < AT_ONCE && flow->inner >= 0; i++) {
        ssize_t size = recv(flow->inner, data, sizeof data, MSG_DONTWAIT);
        if (size < 0 && errno == ECONNREFUSED)
            continue; /* nobody listens; somebody may yet */
        if (size < 0)
            return;
        use(flow);
        answer(flow, (size_t)size);
    }
}

static struct flow *find(int outer, const union address *client)
{
    for (struct flow *flow = buckets[bucket_of(outer, client)]; flow; flow = flow->next)
        if (flow->outer == outer && memcmp(&flow->client, client, address_size(client)) == 0)
            return flow;
    return NULL;
}

static struct flow *begin(const struct listener *listener, const struct port_targets *targets, const union address *client)
{
    union address source, target;
    if (port_room.flows == 0 || !port_choose(targets, client, listener->port, &source, &target))
        return NULL;
    /* Whoever sends from many addresses has those ended that have been silent longest, and these begin anew with their next word. */
    if (flows >= port_room.flows)
        end_flow(oldest);
    int inner = port_dial(SOCK_DGRAM, &source, &target);
    if (inner < 0)
        return NULL;
    struct flow *flow = xmalloc(sizeof *flow), **bucket = &buckets[bucket_of(listener->fd, client)];
    *flow = (struct flow){ .watched = { ready }, .next = *bucket, .inner = inner, .outer = listener->fd, .client = *client };
    *bucket = flow;
    flows++;
    note_use(flow);
    if (port_watch(inner, EPOLLIN, &flow->watched))
        return flow;
    end_flow(flow);
    return NULL;
}

void port_udp_receive(const struct listener *listener, const struct port_targets *targets)
{
    for (int i = 0; i < AT_ONCE; i++) {
        union {
            struct cmsghdr align;
            char bytes[256];
        } control;
        union address client = { 0 };
        struct iovec piece = { data, sizeof data };
        struct msghdr message = { .msg_name = &client, .msg_namelen = sizeof client, .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes };
        ssize_t size = recvmsg(listener->fd, &message, MSG_DONTWAIT);
        if (size < 0)
            return;
        if (client.any.sa_family == AF_INET6)
            client.v6.sin6_flowinfo = 0;
        struct flow *flow = find(listener->fd, &client);
        if (!flow && !(flow = begin(listener, targets, &client)))
            continue;
        read_own(&message, flow);
        use(flow);
        send(flow->inner, data, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

int port_udp_expire(void)
{
    while (oldest && oldest->used + IDLE_MS <= port_now)
        end_flow(oldest);
    for (struct flow *next; dead; dead = next) {
        next = dead->next;
        free(dead);
    }
    if (!oldest)
        return -1;
    long long left = oldest->used + IDLE_MS - port_now;
    return left < PAUSE_MS ? PAUSE_MS : (int)left;
}

void port_udp_end_all(void)
{
    while (oldest)
        end_flow(oldest);
}
