/* state.json, the only JSON that the C half writes: what became of the container's process. */
#ifndef SKIFF_STATE_H
#define SKIFF_STATE_H

#include <stdbool.h>
#include <sys/types.h>

struct state {
    const char *status; /* "created", "running" or "exited" */
    pid_t pid, monitor; /* as the host's /proc shows them; 0 when there is none */
    unsigned long long pid_start, monitor_start;
    int exit_code;
    bool paused; /* every process of the container stands still */
    bool kept; /* stays although it never ran: it was made to be started later */
    char started_at[32], finished_at[32];
};

/* Replaces state.json in the container's directory by rename; not synced, for it is worthless after a power cut. -1 with errno. */
int state_write(int directory, const struct state *state);

#endif
