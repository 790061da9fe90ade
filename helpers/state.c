#include "state.h"
#include "util.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int state_write(int directory, const struct state *state)
{
    char text[1024];
    int length = snprintf(text, sizeof text,
                          "{\"version\":1,\"status\":\"%s\",\"pid\":%d,\"pidStart\":\"%llu\",\"monitorPid\":%d,\"monitorStart\":\"%llu\","
                          "\"exitCode\":%d,\"paused\":%s,\"startedAt\":\"%s\",\"finishedAt\":\"%s\"%s}\n",
                          state->status, state->pid, state->pid_start, state->monitor, state->monitor_start, state->exit_code, state->paused ? "true" : "false",
                          state->started_at, state->finished_at, state->kept ? ",\"kept\":true" : "");
    autoclose int fd = openat(directory, "state.json.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || write_all(fd, text, (size_t)length) < 0)
        return -1;
    return renameat(directory, "state.json.new", directory, "state.json");
}
