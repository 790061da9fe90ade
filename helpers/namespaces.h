/* Which namespaces a container has: its own, and those of other containers that it shares. */
#ifndef SKIFF_NAMESPACES_H
#define SKIFF_NAMESPACES_H

#include "plan.h"

#include <stdbool.h>
#include <sys/types.h>

/* CLONE_NEW* flags of the plan's record `new KIND...` (user mnt pid net ipc uts cgroup). */
int namespaces_new(const struct plan *plan);

/*
 * Enters each namespace of the records `join KIND PID STARTTIME`, the user namespace last: afterwards nothing of the
 * caller's is left. Dies when the process is gone; a reused pid counts as gone.
 */
void namespaces_join(const struct plan *plan);

/* Opens /proc/PID/ns/KIND after checking that PID is still the process that started at `start` ticks; dies otherwise. */
int namespace_open(pid_t pid, unsigned long long start, const char *kind);

/*
 * A detached copy of what is mounted at `path` for the process `pid` that started at `start` ticks, with or without the
 * mounts below it: an O_PATH fd. A mount can only be copied from inside its own mount namespace, so we visit that and come back; the
 * working directory becomes `/`. open_tree(2), Linux 5.2. Dies on failure.
 */
int namespace_copy_mount(pid_t pid, unsigned long long start, const char *path, bool with_children);

/* Takes on id 0 of the user namespace just made or entered; without subordinate ids the caller's is the only one, 0 or not. */
void namespaces_become_root(const struct plan *plan);

/* Writes the id maps of the plan's record `child-map UIDS GIDS` for a process just cloned; dies on failure. */
void namespaces_map(const struct plan *plan, pid_t host_pid);

#endif
