/* slirp4netns for one container: started by the monitor, ended by closing its exit-fd. */
#ifndef SKIFF_SLIRP_H
#define SKIFF_SLIRP_H

#include "plan.h"

#include <sys/types.h>

struct slirp {
    pid_t pid; /* 0: the plan has no record `slirp4netns` */
    int ready; /* one byte '1' when the interface is up; end of file when it has failed */
    int exit;  /* it ends when the other end of this is closed */
    int words; /* its stderr */
};

/* What the arguments in the plan call the fds. */
enum { SLIRP_READY_FD = 3, SLIRP_EXIT_FD = 4, SLIRP_NETNS_FD = 5 };

/*
 * Starts what the plan's record `slirp4netns PROGRAM ARGUMENT...` says, for the network namespace of process `host_pid`,
 * as root of the user namespace of that process.
 */
struct slirp slirp_start(const struct plan *plan, pid_t host_pid);

#endif
