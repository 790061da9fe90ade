/* The second half of the launch plan: what is undone when the container has ended, and in which case. */
#ifndef SKIFF_TEARDOWN_H
#define SKIFF_TEARDOWN_H

#include "plan.h"

#include <stdbool.h>

/*
 * Removes the paths of the records `release PATH` (always), `remove PATH [DOOMED]` (with `remove`: the container is not to
 * stay; a tree is renamed to DOOMED before) and `retract PATH` (with `failed`: it never ran); whole trees, in the plan's
 * order. Needs the user's namespace where the tree holds subordinate ids. What cannot be removed is left to the next command. Idempotent.
 */
void teardown_files(const struct plan *plan, bool remove, bool failed);

/* Removes the paths of the records `between PATH`, before the command runs once more. Idempotent. */
void teardown_between(const struct plan *plan);

/* Unmounts the image, and others that are mounted besides, in the mount namespace `mounts`, so that fuse-overlayfs writes out what it holds and ends. */
void teardown_mount(const struct plan *plan, int mounts);

#endif
