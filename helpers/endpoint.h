/*
 * A container's place in a network, as the network file tells it: `endpoint ID NETWORK KIND LINK MASTER MODE INTERFACE MAC MTU` with the records
 * `address` behind it, and `bridge` or `dummy` before it. The namespaces are given by fds: `holder` is the user's, where the bridges are, `container` the container's.
 * What fails returns a sentence to be freed, what is done NULL. It waits for the kernel only: attaching takes 2 ms.
 */
#ifndef SKIFF_ENDPOINT_H
#define SKIFF_ENDPOINT_H

#include "plan.h"

#include <stdbool.h>
#include <stddef.h>

enum { ENDPOINT_FIELDS = 9 };

/* `at` is the index of the record. Makes the bridge too where it is missing; the firewall knows the addresses before a frame can pass. */
char *endpoint_attach(const struct plan *file, size_t at, int holder, int container);
/* Takes the device away from the container, 17 ms. That it is gone is fine. */
char *endpoint_detach(const struct plan *file, size_t at, int holder, int container);
/*
 * The container's run is over: nothing that is left of it answers any more. The kernel removes the devices by itself, with the container's namespace.
 */
void endpoint_silence(const struct plan *file, size_t at, int holder);
/* The container's default routes are those of the file, at most one per family, from now on. */
char *endpoint_routes(const struct plan *file, int container);

/* An fd for poll(2), readable when links or routes have changed in `holder`; -1 with errno. */
int egress_watch(int holder);
/* Whether what leaves has a way: slirp4netns is ready. Takes what poll(2) has told of. */
bool egress_is_up(int fd);

#endif
