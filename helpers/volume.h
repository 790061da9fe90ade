/*
 * Volumes that are file systems of their own while containers use them: in memory, or by a FUSE program. Each has a process, the volume's holder, in the user's
 * namespace with a mount namespace of its own, where the volume is mounted on its directory; a sandbox gets a copy of that mount. It is mounted when the first
 * container starts and unmounted after the last: who uses it has a connection to the holder's socket, and the kernel ends that whatever becomes of him.
 *
 *   volume NAME DIRECTORY TARGET KIND ...
 * DIRECTORY, in the runtime directory, is the holder's: `socket`, `state` and `lock`; it goes with the holder. TARGET is where the volume is mounted.
 */
#ifndef SKIFF_VOLUME_H
#define SKIFF_VOLUME_H

#include "keeper.h"
#include "plan.h"

#include <stddef.h>

/* Fields of the record, its name being 0. */
enum { VOLUME_NAME = 1, VOLUME_DIRECTORY, VOLUME_TARGET, VOLUME_KIND, VOLUME_MORE, VOLUME_FIELDS = VOLUME_KIND };

/* Packets on a connection. A refusal is text, "<code> <sentence>", so it starts with a digit. */
enum {
    VOLUME_MOUNT = 'M', /* to the holder: the volume is wanted; from it: its fd is a copy of the mount, detached */
    VOLUME_END = 'E',   /* to the holder: this user leaves. The connection ends when that is done: where it was the last one, when nothing is mounted any more */
};

/* How many volumes of this kind the plan has. */
size_t volumes_count(const struct plan *plan);

/*
 * Finds the holder of every volume of the plan or starts it, and connects. Returns the connections (close-on-exec), volumes_count() of them, NULL for none; while one is open
 * its holder stays. Nothing is mounted by that. Dies when it cannot.
 */
int *volumes_acquire(const struct plan *plan, const struct keeper *keeper);

/*
 * In a sandbox's mount namespace: has every volume of the plan mounted on its TARGET. Waits for that, until there is something to read from `enough` (-1: nothing ever is); dies with
 * the holder's sentence when it cannot be.
 */
void volumes_mount(const struct plan *plan, int enough);

/* Gives `count` connections back, from fd `first` on, and waits until their holders have done what that asks of them. */
void volumes_release(int first, size_t count);

#endif
