/* state.json, what became of the container's process. */
#ifndef SKIFF_STATE_H
#define SKIFF_STATE_H

#include <stdbool.h>
#include <sys/types.h>

struct state {
    const char *status; /* "created", "running" or "exited" */
    pid_t pid, monitor; /* as the host's /proc shows them; 0 when there is none */
    unsigned long long pid_start, monitor_start;
    char boot[37]; /* the boot during which these pids are true: random(4); empty where that is not known */
    int exit_code;
    bool paused; /* every process of the container stands still */
    bool kept; /* stays although it never ran: it was made to be started later */
    bool restarting; /* "running", but waits for its next run */
    bool stopped_by_user; /* it does not come back with the machine, where its policy is `unless-stopped` */
    bool oom_killed; /* a process of its last run was killed for want of memory */
    int restarts; /* by its policy, since it was last started by somebody */
    const char *health; /* "starting", "healthy" or "unhealthy"; NULL where nobody looks */
    const char *cgroup; /* absolute path of its control group; NULL where it has none of its own */
    const char *error; /* why it could not be started again; NULL */
    const char *ports; /* what is published, a line for each range (port-list.c); NULL for nothing */
    char started_at[32], finished_at[32];
    bool durable; /* not in the file: it comes back with the machine, and must be found then */
};

/* Replaces state.json in the container's directory by rename. Not synced unless `durable`, for it is worthless after a power cut. -1 with errno. */
int state_write(int directory, const struct state *state);

#endif
