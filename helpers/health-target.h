/* Which process a health check joins. */
#ifndef SKIFF_HEALTH_TARGET_H
#define SKIFF_HEALTH_TARGET_H

#include <stdbool.h>
#include <sys/types.h>

struct target {
    pid_t pid; /* as /proc has it; 0 where there is none (yet) */
    unsigned long long start;
};

/*
 * The container's own process, which is `pid`; with `foreign` that is another OCI runtime, which stays between us and the container's first process: a
 * child of one of its threads (proc_tid_children(5)) with a root of its own. As src/runtime/exec.ts finds it.
 */
struct target health_target(pid_t pid, unsigned long long start, bool foreign);

#endif
