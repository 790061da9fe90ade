/*
 * The holder: one process per keeper that owns the user's network namespace, where the bridges of networks are, their firewall, and slirp4netns as the way out.
 * It lives as long as somebody holds a write end of its FIFO `network` in the runtime directory, and the keeper lives as long as it.
 */
#ifndef SKIFF_HOLDER_H
#define SKIFF_HOLDER_H

#include "keeper.h"
#include "plan.h"

struct holder {
    int netns; /* O_RDONLY on its network namespace; -1: the plan has no networks, or `ready` */
    int alive; /* a write end of its FIFO */
    int ready; /* it is only just starting: where the namespace comes from, for holder_await; -1 else */
};

/*
 * Finds the living holder or starts one, as the plan's record `network-holder UIDS GIDS CIDR DNS CIDR6 DNS6 PROGRAM ARGUMENT...` says, and holds it by `alive`.
 * Dies when it cannot, but does not wait for one that it has started: that takes 2 ms, in which a sandbox can begin. Nothing without the record. The successor of one that was killed is in its namespace, as long as a monitor of a container with networks lives.
 * The record is kept as a plan of its own, `network.plan` in the runtime directory, for who has no other.
 */
struct holder holder_acquire(const struct plan *plan, const struct keeper_settings *settings, const struct keeper *keeper);

/* Waits until the holder has its namespace whole, and closes `*ready`. The namespace, or -1 and why there is none in `*words`, to be freed. */
int holder_await(int *ready, char **words);

/* The files of a holder that has ended, whose FIFO was `fifo` (-1: whatever it is). Under the lock. */
void holder_remove(int runtime, int fifo);

#endif
