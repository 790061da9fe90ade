/*
 * Published ports of one container: sockets of the host here, sockets in the user's network namespace there, and what lies between. The container sees
 * the client's own address, because the inner sockets are transparent (ip(7), IP_TRANSPARENT; the way back is a rule of firewall.c).
 */
#ifndef SKIFF_PORT_H
#define SKIFF_PORT_H

#include "plan.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* An IPv4 or IPv6 address with port, as bind(2) and its like take it. */
union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};
socklen_t address_size(const union address *address);
/* Text to address; false when it is none. */
bool address_parse(const char *text, uint16_t port, union address *out);
/* The reverse, without the port; and the port. */
const char *address_text(const union address *address, char out[INET6_ADDRSTRLEN]);
uint16_t address_port(const union address *address);

/* port-target.c: where published ports lead, from the records `port-target ADDRESS GATEWAY SUBNET...`. */
struct port_targets {
    const struct plan *file; /* what the rest points into */
    const struct record *v4, *v6;
};
/* Reads the network file; dies when it cannot. The old one is freed. Whether what there was leads elsewhere now. */
bool port_targets_read(struct port_targets *targets, const char *path);
/*
 * For a client, where to connect to and from where: from its own address, or from the network's gateway where that would not be answered, since it is the
 * host's loopback, in the container's own network or of the other family. False when nothing is published at the moment.
 */
bool port_choose(const struct port_targets *targets, const union address *client, uint16_t port, union address *source, union address *target);
/* A socket in the user's network namespace, connecting from `source` to `target`; -1 with errno. */
int port_dial(int type, const union address *source, const union address *target);

/* port-listen.c: the records `publish PROTO FIRST LAST PORT ADDRESS...`. */
struct listener {
    int fd;
    bool udp;
    union address address;
    uint16_t port; /* the container's */
};
struct listeners {
    struct listener *list;
    size_t count;
    int note; /* the locked file that says who has the ports; -1 without */
};
/*
 * Binds all, in the namespace that this process is in, and notes the container as their holder. What may be one of several ports becomes that of `before`, a list
 * as of port_list, if it can. NULL, or "CODE SENTENCE" to be freed, and nothing is bound.
 */
char *port_listen(const struct plan *file, const char *before, struct listeners *listeners);
/*
 * Says, in a file in the directory that `file` names, that its container has the ports; again where it is called otherwise now. The file is locked as long as
 * this process lives, and the monitor removes it. That it cannot be written costs only the name in somebody's sentence.
 */
void port_note(const struct plan *file, struct listeners *listeners);

/* port-list.c */
enum { PORT_LIST_SIZE = 128 * 1024 }; /* what a packet takes (wmem_default), and then some */
/* "tcp 0.0.0.0 8000 8010 80\n": 8000 to 8010 lead to 80 to 90. Of all, to be freed. */
char *port_list(const struct listeners *listeners);
/* The next port of the host in such a list that leads to `port`, and `*list` goes on behind it; 0 without. */
uint16_t port_before(const char **list, const char *protocol, const char *address, uint16_t port);
/* Whether such a list has a port of the host at the address: everything stands in the way of all addresses of its family, and they in the way of everything. */
bool port_is_listed(const char *list, const char *protocol, const char *address, uint16_t host_port);

/* What epoll(7) tells of, first in everything that has an fd there. */
struct watched {
    void (*ready)(struct watched *watched, uint32_t events);
};
extern int port_epoll;
/* Ms of a clock that only goes forward, as of this turn. */
extern long long port_now;
/* False with errno when the kernel has no room. */
bool port_watch(int fd, uint32_t events, struct watched *watched);

/* port-room.c: how much of each is carried at once. */
struct port_room {
    size_t connections, pipes, flows;
};
extern struct port_room port_room;
/* Of `files` fds that may be open: neither connections nor flows of UDP can take what the other ones, the listeners or the monitor need. */
struct port_room port_room_of(size_t files, const struct listeners *listeners);

/* port-tcp.c. Beyond what there is room for, connections are reset at once. */
void port_tcp_accept(const struct listener *listener, const struct port_targets *targets);
/* Resets all connections: they lead to where the container is no more. */
void port_tcp_end_all(void);
/* What has to be gone on with before anything else is waited for; whether there is any. */
bool port_tcp_continue(void);
/* Frees what was closed in this turn: until then epoll may still tell of it. */
void port_tcp_sweep(void);

/* port-udp.c */
void port_udp_receive(const struct listener *listener, const struct port_targets *targets);
/* Ends flows that have been idle for 90 s, and frees what was ended in the last turn. Returns ms until it wants to be called again, -1 for never. */
int port_udp_expire(void);
void port_udp_end_all(void);

/* port-confine.c: keeps CAP_NET_ADMIN, which transparent sockets need, and the system calls that carrying data takes. Dies when it cannot. */
void port_confine(void);

#endif
