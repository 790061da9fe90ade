#include "port.h"
#include "util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum {
    IDLE_MS = 90 * 1000, /* as Docker's proxy */
    SWEEP_MS = 5 * 1000,
    BUCKETS = 1024,
    MOST_FLOWS = 16 * 1024,
    AT_ONCE = 64,
    LARGEST = 65535,
};

/* What one client sends to one of our addresses, and what comes back. */
struct flow {
    struct watched watched;
    struct flow *next;
    int inner, outer; /* the listener's, not ours to close */
    union address client;
    struct in6_pktinfo own6;
    struct in_pktinfo own4;
    long long used;
};

static struct flow *buckets[BUCKETS];
static size_t flows;
static char data[LARGEST];

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

static size_t bucket_of(int outer, const union address *client)
{
    const unsigned char *bytes = (const unsigned char *)client;
    uint32_t hash = 2166136261u ^ (uint32_t)outer;
    for (socklen_t i = 0; i < address_size(client); i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash % BUCKETS;
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
    for (int i = 0; i < AT_ONCE; i++) {
        ssize_t size = recv(flow->inner, data, sizeof data, MSG_DONTWAIT);
        if (size < 0 && errno == ECONNREFUSED)
            continue; /* nobody listens; somebody may yet */
        if (size < 0)
            return;
        flow->used = now();
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
    if (flows >= MOST_FLOWS || !port_choose(targets, client, listener->port, &source, &target))
        return NULL;
    int inner = port_dial(SOCK_DGRAM, &source, &target);
    if (inner < 0)
        return NULL;
    struct flow *flow = xmalloc(sizeof *flow), **bucket = &buckets[bucket_of(listener->fd, client)];
    *flow = (struct flow){ .watched = { ready }, .next = *bucket, .inner = inner, .outer = listener->fd, .client = *client };
    *bucket = flow;
    flows++;
    port_watch(inner, EPOLLIN, &flow->watched);
    return flow;
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
        flow->used = now();
        send(flow->inner, data, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

int port_udp_expire(void)
{
    static long long looked;
    long long time = now(), oldest = time - IDLE_MS;
    if (flows > 0 && time < looked + SWEEP_MS)
        return (int)(looked + SWEEP_MS - time);
    looked = time;
    for (size_t i = 0; flows > 0 && i < BUCKETS; i++)
        for (struct flow **place = &buckets[i]; *place;) {
            struct flow *flow = *place;
            if (flow->used > oldest) {
                place = &flow->next;
                continue;
            }
            *place = flow->next;
            close(flow->inner);
            free(flow);
            flows--;
        }
    return flows > 0 ? SWEEP_MS : -1;
}
