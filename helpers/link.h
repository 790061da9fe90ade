/* Devices, addresses and routes by rtnetlink. `fd` is a socket of netlink_open(…, NETLINK_ROUTE): it says in which network namespace. 0 or a negative errno. */
#ifndef SKIFF_LINK_H
#define SKIFF_LINK_H

#include "netlink.h"

#include <stdbool.h>
#include <stddef.h>

struct link {
    unsigned index, flags, group, mtu; /* flags as in netdevice(7); MTU in bytes */
    bool carries;    /* the kernel has seen that its other end is up: what is sent before is lost (IF_OPER_UP, RFC 2863) */
    bool forwarding; /* of a bridge's port: frames pass */
};

/* -ENODEV where there is no device of that name. */
int link_find(int fd, const char *name, struct link *link);
/* RTM_DELLINK, which waits for the kernel's readers: 17 ms for a veth pair. */
int link_delete(int fd, const char *name);
int link_up(int fd, unsigned index, bool up);
/* IPv6 makes no link-local address of itself on the device. Nothing without IPv6 in the kernel. */
void link_without_ipv6(int fd, unsigned index);

/* A device without a peer: a bridge or a dummy, down. -EEXIST where the name is taken. */
int link_add(int fd, const char *name, const char *kind, const char *mac, unsigned group, unsigned mtu);
int link_change(int fd, unsigned index, unsigned group, unsigned mtu);

/* The pair of `outer`, here, enslaved to the device `master`, and `inner` in the namespace `inside`, both down. */
struct veth {
    const char *outer, *inner, *mac; /* of the inner one */
    unsigned master, mtu;
    int inside; /* fd of a network namespace */
};
int link_add_veth(int fd, const struct veth *veth);
/* A bridge knows for good that `mac` is behind its port: it neither has to learn that, nor can be flooded until it has forgotten it. */
int link_own_mac(int fd, unsigned port, const char *mac);

/* A macvlan or ipvlan on the device `parent` of this namespace, in the namespace `inside`, down. */
struct child {
    const char *kind, *mode, *name, *mac;
    unsigned parent, mtu;
    int inside;
};
/* -EINVAL for a mode that there is not. */
int link_add_child(int fd, const struct child *child);

/* `cidr` with prefix, IPv4 or IPv6; without the wait of duplicate address detection. That it is there already is fine. */
int link_address(int fd, unsigned index, const char *cidr);
/* The default routes of this family are these from now on: `gateway` over `index`, or with NULL none. */
int link_default_route(int fd, int family, const char *gateway, unsigned index);
/* Whether a default route of IPv4 is there. `fd` may be subscribed to notifications, and non-blocking. */
bool link_has_default_route(int fd);

#endif
