/*
 * A container's own part of the cgroup v2 tree (cgroups(7), Documentation/admin-guide/cgroup-v2.rst), as the plan's record `cgroup` describes it:
 *
 *   skiff-ID/             direct: made in a directory that is ours; systemd: a scope, skiff-ID.scope
 *     supervisor/         the monitor and its companions, so that what it starts can be moved by it: who moves a process must be allowed to write to
 *                         the cgroup that is above both ends
 *     container/          what is limited, counted, frozen and killed
 *
 * The kernel lets no cgroup with controllers for its children have processes itself: hence the second child.
 */
#ifndef SKIFF_CGROUP_H
#define SKIFF_CGROUP_H

#include "plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The path of a process's cgroup in the mounted tree, from the text of its /proc/PID/cgroup; NULL when there is none of version 2. To be freed. */
char *cgroup_path_in(const char *text);
/* The same for this process; dies without one. */
char *cgroup_own_path(void);

/*
 * Makes the container's part of the tree, enters `supervisor`, and sets the limits of the plan's records `cgroup-set` and `cgroup-try`. `pid` is this
 * process as the host's /proc shows it. *container becomes the path of `container` as soon as there is something to remove. Dies on failure.
 */
void cgroup_make(const struct plan *plan, pid_t pid, char **container);

/*
 * Moves this process, which is in `supervisor`, to `container` beside it. For another OCI runtime `deeper`, to a child of that: runc makes its containers'
 * cgroups beside its own (opencontainers/cgroups, fs2/defaultpath.go), where no limit would be. Dies on failure.
 */
void cgroup_enter_sibling(bool deeper);
/* The plan's record `cgroup-join`: moves this process into a container's cgroup from anywhere. Nothing without the record. Dies on failure. */
void cgroup_join(const struct plan *plan);

/* The counter NAME in a file such as memory.events ("oom_kill 3"); 0 where there is none. */
unsigned long long cgroup_counter(const char *text, const char *name);

/* Lets every process of the cgroup stand still or go on, and waits at most `limit_ms` until they do. Whether they do. */
bool cgroup_freeze(const char *container, bool freeze, int limit_ms);

/*
 * Kills whoever is left in `container`, and removes it. `home`, where this process was before, is where it goes back to, so that the directories around
 * can be removed as well; NULL for a scope, which systemd takes away as soon as nobody is in it. Idempotent; what cannot be removed stays.
 */
void cgroup_remove(const char *container, const char *home);

#endif
