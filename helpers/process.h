/* The last stretch to a container's command: user, limits, capabilities, seccomp, exec. Shared by sandbox and join. */
#ifndef SKIFF_PROCESS_H
#define SKIFF_PROCESS_H

#include "plan.h"

#include <linux/filter.h>
#include <stdbool.h>

enum { MAXIMUM_FILTERS = 4 };

struct process {
    const struct plan *plan;
    size_t filter_count;
    struct sock_fprog filters[MAXIMUM_FILTERS];
};

/* Reads the seccomp programs, which lie on the host: call before the host's root is left. Dies on failure. */
struct process process_load(const struct plan *plan);

/*
 * For the process that clones the one which becomes the command, shortly before that: what is inherited, which is the OOM score.
 * With `hidden`, where others may already be in the namespaces that are entered, nobody there can trace either of them or look
 * into their fds, root and memory, until execve(2) (CVE-2016-9962). Dies on failure.
 */
void process_precede(const struct plan *plan, bool hidden);

/*
 * Becomes the command that the plan describes; does not return. `root` is an fd on the container's root, which must be the
 * root of this process by now. fds from 3 up must be close-on-exec. With `die_with_parent` the process is killed when
 * its parent ends. Failures go through die(); 126 and 127 as in Docker.
 */
_Noreturn void process_run(const struct process *process, int root, bool die_with_parent);

/* Makes the pseudoterminal of this process's /dev the controlling terminal and fds 0-2; the master's fd is returned. */
int process_open_terminal(int root);

#endif
