/* What the files about a container's networks share: monitor-network.c, from start to end, monitor-network-change.c, in between, and monitor-ports.c, the published ones. */
#ifndef SKIFF_MONITOR_NETWORK_H
#define SKIFF_MONITOR_NETWORK_H

#include "plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What a child that changes networks says, each in a packet: a socket of the name server's comes with it, or all is done; anything else is die()'s. */
enum { NETWORK_DATAGRAMS = 'U', NETWORK_LISTENER = 'T', NETWORK_DONE = '!' };

/* In that child: enters the container's network namespace for good, and sends the name server's sockets. */
void network_send_dns(int container, int report);
/* Keeps a socket that has come with a packet of this kind. False where it is none of them. */
bool network_take_dns(char kind, int fd);
/* A name server that reads the network file as it is now takes the place of the one that runs, if there is one; no question is lost. None where no network has names. */
void network_restart_dns(void);
/* The container is told to go on, once it has its networks and its published ports. */
void network_go_on(void);
/* The event of the endpoint that record `at` of `file` begins. */
void network_tell(const struct plan *file, size_t at, const char *action);

/* monitor-ports.c */
/* Starts what carries the published ports, if `file` has any and a network that they lead to. It binds them at once, and says so later. */
void ports_start(const struct plan *file);
/* Whether it has not said yet that it has them. */
bool ports_are_awaited(void);
/* A child has ended; it may be that. */
void ports_note(pid_t pid);
/* Other networks, before they are made: the same, and waits. NULL, or a sentence to be freed: the ports cannot be had. */
char *ports_begin_change(const struct plan *now);
/* After they were made, or not: it looks at the file again, or ends where no network is left that ports lead to. */
void ports_end_change(const struct plan *now);
/* Its ports are free when this returns. Idempotent. */
void ports_end(void);

#endif
