#include "endpoint.h"
#include "firewall.h"
#include "link.h"
#include "util.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct endpoint {
    const char *id, *kind, *link, *master, *mode, *interface, *mac;
    unsigned mtu;
    const char *addresses[8];
    size_t count;
    bool has_ipv6;
};

static bool is_called(const struct record *record, const char *name, size_t fields)
{
    if (strcmp(record->fields[0], name) != 0)
        return false;
    if (record->count < fields + 1)
        die("record '%s' of the network file has %zu fields instead of %zu", name, record->count - 1, fields);
    return true;
}

static struct endpoint read_endpoint(const struct plan *file, size_t at)
{
    const struct record *record = &file->records[at];
    if (!is_called(record, "endpoint", ENDPOINT_FIELDS))
        die("record '%s' of the network file is no endpoint", record->fields[0]);
    char **f = record->fields;
    struct endpoint endpoint = { .id = f[1], .kind = f[3], .link = f[4], .master = f[5], .mode = f[6], .interface = f[7], .mac = f[8],
                                 .mtu = (unsigned)parse_number(f[9], 68, 65535, "MTU") };
    for (size_t i = at + 1; i < file->count && strcmp(file->records[i].fields[0], "endpoint") != 0; i++) {
        if (!is_called(&file->records[i], "address", 1))
            continue;
        if (endpoint.count == sizeof endpoint.addresses / sizeof *endpoint.addresses)
            die("endpoint %s has too many addresses", endpoint.id);
        endpoint.addresses[endpoint.count++] = file->records[i].fields[1];
        endpoint.has_ipv6 |= strchr(file->records[i].fields[1], ':') != NULL;
    }
    return endpoint;
}

/* The record called `name` whose first field is `device`. */
static const struct record *find_device(const struct plan *file, const char *name, const char *device, size_t fields)
{
    for (size_t i = 0; i < file->count; i++)
        if (is_called(&file->records[i], name, fields) && strcmp(file->records[i].fields[1], device) == 0)
            return &file->records[i];
    return NULL;
}

static char *failed(const char *what, const char *device, const char *kind, int error)
{
    if (error == -EOPNOTSUPP)
        return xasprintf("cannot make %s %s: this kernel has no devices of kind %s; ask an administrator to run: modprobe %s (or use --network slirp4netns)", what, device, kind, kind);
    return xasprintf("cannot make %s %s: %s", what, device, errno_words(-error));
}

/* A bridge without one of its own would have that of one of its ports, and change it with them. */
static void make_mac(char out[18], const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    snprintf(out, 18, "02:43:%02x:%02x:%02x:%02x", hash >> 24, hash >> 16 & 255, hash >> 8 & 255, hash & 255);
}

/*
 * The link-local address of a bridge with IPv6. The kernel would make the same one and look first, for a second or two, whether somebody has it; meanwhile it
 * cannot ask for the neighbours to whom packets of published ports go, since these come from addresses of clients.
 */
static int give_link_local(int fd, unsigned index, const char *mac)
{
    unsigned b[6];
    if (sscanf(mac, "%2x:%2x:%2x:%2x:%2x:%2x", b, b + 1, b + 2, b + 3, b + 4, b + 5) != 6)
        return -EINVAL;
    autofree char *address = xasprintf("fe80::%x:%xff:fe%02x:%x/64", (b[0] ^ 2) << 8 | b[1], b[2], b[3], b[4] << 8 | b[5]);
    link_without_ipv6(fd, index);
    return link_address(fd, index, address);
}

/* Several monitors may be at it at once: all do the same, and the bridge is up when it is whole. */
static char *make_bridge(int fd, int holder, const struct record *record, struct link *bridge)
{
    const char *name = record->fields[1], *const *addresses = (const char *const *)record->fields + 4;
    unsigned group = (unsigned)parse_number(record->fields[2], 1, INT32_MAX, "group"), mtu = (unsigned)parse_number(record->fields[3], 68, 65535, "MTU");
    char mac[18];
    int result = link_find(fd, name, bridge);
    if (result == 0 && bridge->flags & IFF_UP && bridge->group == group && bridge->mtu == mtu)
        return NULL;
    make_mac(mac, name);
    if (result == -ENODEV && (result = link_add(fd, name, "bridge", mac, group, mtu)) == -EEXIST)
        result = 0;
    if (result == 0)
        result = link_find(fd, name, bridge);
    if (result == 0)
        result = link_change(fd, bridge->index, group, mtu);
    if (result < 0)
        return failed("bridge", name, "bridge", result);
    char *problem = firewall_admit(holder, bridge->index, mac, addresses, record->count - 4);
    if (problem)
        return problem;
    bool six = false;
    for (size_t i = 4; result == 0 && i < record->count; i++) {
        six |= strchr(record->fields[i], ':') != NULL;
        result = link_address(fd, bridge->index, record->fields[i]);
    }
    if (result == 0 && six)
        result = give_link_local(fd, bridge->index, mac);
    if (result == 0)
        result = link_up(fd, bridge->index, true);
    return result < 0 ? failed("bridge", name, "bridge", result) : NULL;
}

static char *make_dummy(int fd, const struct record *record, struct link *parent)
{
    const char *name = record->fields[1];
    unsigned mtu = (unsigned)parse_number(record->fields[2], 68, 65535, "MTU");
    int result = link_find(fd, name, parent);
    if (result == -ENODEV && (result = link_add(fd, name, "dummy", "", 0, mtu)) == -EEXIST)
        result = 0;
    if (result == 0)
        result = link_find(fd, name, parent);
    if (result == 0)
        result = link_up(fd, parent->index, true);
    return result < 0 ? failed("device", name, "dummy", result) : NULL;
}

/* The same name may still be there for a moment: of the run before, whose namespace the kernel is taking down. */
static int add_pair(int fd, const struct veth *veth)
{
    int result = link_add_veth(fd, veth);
    if (result == -EEXIST && link_delete(fd, veth->outer) == 0)
        result = link_add_veth(fd, veth);
    return result;
}

static char *attach_to_bridge(const struct plan *file, const struct endpoint *endpoint, int fd, int holder, int container)
{
    const struct record *record = find_device(file, "bridge", endpoint->master, 3);
    struct link bridge, outer;
    if (!record)
        return xasprintf("endpoint %s names a bridge that is not there: %s", endpoint->id, endpoint->master);
    char *problem = make_bridge(fd, holder, record, &bridge);
    if (problem)
        return problem;
    struct veth veth = { .outer = endpoint->link, .inner = endpoint->interface, .mac = endpoint->mac, .master = bridge.index, .mtu = endpoint->mtu, .inside = container };
    int result = add_pair(fd, &veth);
    if (result == -EEXIST)
        return xasprintf("the container has a device called %s already", endpoint->interface);
    if (result == 0)
        result = link_find(fd, endpoint->link, &outer);
    if (result == 0)
        result = link_own_mac(fd, outer.index, endpoint->mac);
    if (result < 0)
        return failed("device", endpoint->link, "veth", result);
    if (!endpoint->has_ipv6)
        link_without_ipv6(fd, outer.index);
    return firewall_admit(holder, outer.index, endpoint->mac, endpoint->addresses, endpoint->count);
}

static char *attach_to_parent(const struct plan *file, const struct endpoint *endpoint, int fd, int container)
{
    const struct record *record = find_device(file, "dummy", endpoint->master, 2);
    struct link parent;
    char *problem = record ? make_dummy(fd, record, &parent) : NULL;
    if (problem)
        return problem;
    if (!record && link_find(fd, endpoint->master, &parent) < 0)
        return xasprintf("there is no device %s in your network namespace to be the parent of %s", endpoint->master, endpoint->interface);
    struct child child = { .kind = endpoint->kind, .mode = endpoint->mode, .name = endpoint->interface, .mac = endpoint->mac, .parent = parent.index, .mtu = endpoint->mtu, .inside = container };
    int result = link_add_child(fd, &child);
    if (result == -EEXIST)
        return xasprintf("the container has a device called %s already", endpoint->interface);
    return result < 0 ? failed("device", endpoint->interface, endpoint->kind, result) : NULL;
}

static char *configure_inside(const struct endpoint *endpoint, int container)
{
    struct link device;
    autoclose int fd = netlink_open(container, NETLINK_ROUTE);
    int result = fd < 0 ? -errno : link_find(fd, endpoint->interface, &device);
    if (result == 0 && !endpoint->has_ipv6)
        link_without_ipv6(fd, device.index);
    for (size_t i = 0; result == 0 && i < endpoint->count; i++)
        result = link_address(fd, device.index, endpoint->addresses[i]);
    if (result == 0)
        result = link_up(fd, device.index, true);
    return result < 0 ? xasprintf("cannot give the container its addresses on %s: %s", endpoint->interface, errno_words(-result)) : NULL;
}

/*
 * The inner side is up by now. The kernel notices it a moment later, from a work queue: a container that is faster would have its first ARP request dropped,
 * and the next follows after a second. Setting up what is up already waits for the lock under which that work is done.
 */
static void await_carrier(const struct endpoint *endpoint, int fd, int container)
{
    enum { TRIES = 5000 };
    const struct timespec moment = { .tv_nsec = 200000 };
    struct link outer, inner;
    autoclose int inside = netlink_open(container, NETLINK_ROUTE);
    for (int i = 0; i < TRIES && inside >= 0; i++) {
        if (link_find(fd, endpoint->link, &outer) < 0 || link_find(inside, endpoint->interface, &inner) < 0)
            return;
        if (outer.forwarding && inner.carries) {
            link_up(inside, inner.index, true);
            return;
        }
        nanosleep(&moment, NULL);
    }
}

static char *open_outer(const struct endpoint *endpoint, int fd, int container)
{
    struct link outer;
    int result = link_find(fd, endpoint->link, &outer);
    if (result == 0)
        result = link_up(fd, outer.index, true);
    if (result < 0)
        return failed("device", endpoint->link, "veth", result);
    await_carrier(endpoint, fd, container);
    return NULL;
}

char *endpoint_attach(const struct plan *file, size_t at, int holder, int container)
{
    struct endpoint endpoint = read_endpoint(file, at);
    autoclose int fd = netlink_open(holder, NETLINK_ROUTE);
    if (fd < 0)
        return xasprintf("cannot enter your network namespace: %s", errno_words(errno));
    bool pair = strcmp(endpoint.kind, "veth") == 0;
    char *problem = pair ? attach_to_bridge(file, &endpoint, fd, holder, container) : attach_to_parent(file, &endpoint, fd, container);
    if (!problem)
        problem = configure_inside(&endpoint, container);
    return problem || !pair ? problem : open_outer(&endpoint, fd, container);
}

char *endpoint_detach(const struct plan *file, size_t at, int holder, int container)
{
    struct endpoint endpoint = read_endpoint(file, at);
    bool pair = strcmp(endpoint.kind, "veth") == 0;
    const char *name = pair ? endpoint.link : endpoint.interface;
    autoclose int fd = netlink_open(pair ? holder : container, NETLINK_ROUTE);
    int result = fd < 0 ? -errno : link_delete(fd, name);
    return result < 0 && result != -ENODEV ? xasprintf("cannot remove the device %s: %s", name, errno_words(-result)) : NULL;
}

void endpoint_silence(const struct plan *file, size_t at, int holder)
{
    struct endpoint endpoint = read_endpoint(file, at);
    struct link outer;
    if (strcmp(endpoint.kind, "veth") != 0)
        return; /* a child of a parent has no outer side */
    autoclose int fd = netlink_open(holder, NETLINK_ROUTE);
    if (fd >= 0 && link_find(fd, endpoint.link, &outer) == 0)
        link_up(fd, outer.index, false);
}

char *endpoint_routes(const struct plan *file, int container)
{
    static const int families[] = { AF_INET, AF_INET6 };
    autoclose int fd = netlink_open(container, NETLINK_ROUTE);
    if (fd < 0)
        return xasprintf("cannot enter the container's network namespace: %s", errno_words(errno));
    for (size_t f = 0; f < 2; f++) {
        const struct record *route = NULL;
        struct link device = { 0 };
        for (size_t i = 0; i < file->count && !route; i++)
            if (is_called(&file->records[i], "default-route", 2) && (strchr(file->records[i].fields[1], ':') != NULL) == (families[f] == AF_INET6))
                route = &file->records[i];
        int result = route ? link_find(fd, route->fields[2], &device) : 0;
        if (result == 0)
            result = link_default_route(fd, families[f], route ? route->fields[1] : NULL, device.index);
        if (result < 0)
            return xasprintf("cannot set the container's default route %s: %s", route ? route->fields[1] : "", errno_words(-result));
    }
    return NULL;
}

int egress_watch(int holder)
{
    struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_ROUTE };
    int fd = netlink_open(holder, NETLINK_ROUTE);
    if (fd < 0)
        return -1;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        close_fd(&fd);
        return -1;
    }
    set_nonblocking(fd, true);
    return fd;
}

bool egress_is_up(int fd)
{
    char told[16 * 1024];
    while (recv(fd, told, sizeof told, MSG_DONTWAIT) >= 0 || errno == ENOBUFS || errno == EINTR)
        ;
    return link_has_default_route(fd);
}
