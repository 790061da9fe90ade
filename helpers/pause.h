/* Standing still: the freezer of a container without cgroups, made of SIGSTOP and SIGCONT. */
#ifndef SKIFF_PAUSE_H
#define SKIFF_PAUSE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Stops every process of the container whose monitor we are, and returns when they stand still: true, or false when one still runs
 * after 2 s. Processes in uninterruptible sleep stop as soon as they wake. Its companions (fuse-overlayfs,
 * slirp4netns) go on, but not the `command`, our child: where that is another OCI runtime it would hand the SIGCONT on. Idempotent.
 */
bool pause_processes(pid_t command);

/* Lets all of them go on. Idempotent. */
void unpause_processes(void);

#endif
