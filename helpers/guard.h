/*
 * What ends a container whose processes are not alone in their pid namespace (--pid host, --pid container:X), where the kernel
 * would not do it with the monitor's death: a parent that waits for the monitor and then kills whoever is left.
 */
#ifndef SKIFF_GUARD_H
#define SKIFF_GUARD_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Forks: the child, which is to become the monitor, returns; the caller becomes the guard. It inherits the monitor's orphans and
 * ends with the last of them. Dies when it cannot.
 */
void guard_fork(void);

/* Tells the guard that the container's processes are those in the mount namespace of `host_pid`, a pid as /proc has it. */
void guard_note(pid_t host_pid);

/*
 * Kills the processes in that mount namespace, and with `children` those of the calling process, again and again until none is
 * left or `limit_ms` have passed (-1: however long it takes). Does nothing where there is no guard. Idempotent.
 */
void guard_end(bool children, int limit_ms);

/* Whether process `pid` of /proc is in that mount namespace; false where there is no guard. */
bool guard_owns(pid_t pid);

/* A signal for such a process; for no other, even if the pid has just been used again. */
void guard_signal(pid_t pid, int signal);

#endif
