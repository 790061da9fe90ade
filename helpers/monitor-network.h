/* What the two files about a container's networks share: monitor-network.c, from start to end, and monitor-network-change.c, in between. */
#ifndef SKIFF_MONITOR_NETWORK_H
#define SKIFF_MONITOR_NETWORK_H

#include "plan.h"

#include <stdbool.h>
#include <stddef.h>

/* What a child that changes networks says, each in a packet: a socket of the name server's comes with it, or all is done; anything else is die()'s. */
enum { NETWORK_DATAGRAMS = 'U', NETWORK_LISTENER = 'T', NETWORK_DONE = '!' };

/* In that child: enters the container's network namespace for good, and sends the name server's sockets. */
void network_send_dns(int container, int report);
/* Keeps a socket that has come with a packet of this kind. False where it is none of them. */
bool network_take_dns(char kind, int fd);
/* A name server that reads the network file as it is now takes the place of the one that runs, if there is one; no question is lost. None where no network has names. */
void network_restart_dns(void);
/* The event of the endpoint that record `at` of `file` begins. */
void network_tell(const struct plan *file, size_t at, const char *action);

#endif
