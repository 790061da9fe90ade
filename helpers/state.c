#include "state.h"
#include "json.h"
#include "util.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A member for what most containers do not have: nothing at all then. */
static char *text_member(const char *name, const char *value)
{
    if (!value)
        return xasprintf("%s", "");
    autofree char *text = json_text(value);
    return xasprintf(",\"%s\":\"%s\"", name, text);
}

static char *number_member(const char *name, int value)
{
    return value ? xasprintf(",\"%s\":%d", name, value) : xasprintf("%s", "");
}

/* A text for each line. */
static char *lines_member(const char *name, const char *lines)
{
    char *text = NULL;
    size_t length = 0;
    if (!lines || !*lines)
        return xasprintf("%s", "");
    FILE *out = open_memstream(&text, &length);
    if (!out)
        die("out of memory");
    fprintf(out, ",\"%s\":[", name);
    for (const char *line = lines; *line;) {
        int size = (int)strcspn(line, "\n");
        autofree char *plain = xasprintf("%.*s", size, line), *escaped = json_text(plain);
        fprintf(out, "%s\"%s\"", line == lines ? "" : ",", escaped);
        line += size + (line[size] == '\n');
    }
    fputc(']', out);
    if (fclose(out) != 0)
        die("out of memory");
    return text;
}

static const char *flag_member(bool value, const char *member)
{
    return value ? member : "";
}

int state_write(int directory, const struct state *state)
{
    autofree char *health = text_member("health", state->health), *cgroup = text_member("cgroup", state->cgroup), *error = text_member("error", state->error),
                  *restarts = number_member("restartCount", state->restarts), *boot = text_member("boot", *state->boot ? state->boot : NULL),
                  *ports = lines_member("ports", state->ports);
    autofree char *text = xasprintf("{\"version\":1,\"status\":\"%s\",\"pid\":%d,\"pidStart\":\"%llu\",\"monitorPid\":%d,\"monitorStart\":\"%llu\","
                                    "\"exitCode\":%d,\"paused\":%s,\"startedAt\":\"%s\",\"finishedAt\":\"%s\"%s%s%s%s%s%s%s%s%s%s}\n",
                                    state->status, state->pid, state->pid_start, state->monitor, state->monitor_start, state->exit_code,
                                    state->paused ? "true" : "false", state->started_at, state->finished_at, flag_member(state->kept, ",\"kept\":true"),
                                    flag_member(state->restarting, ",\"restarting\":true"), flag_member(state->stopped_by_user, ",\"stoppedByUser\":true"),
                                    flag_member(state->oom_killed, ",\"oomKilled\":true"), restarts, health, cgroup, error, boot, ports);
    autoclose int fd = openat(directory, "state.json.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || write_all(fd, text, strlen(text)) < 0 || (state->durable && fsync(fd) < 0))
        return -1;
    if (renameat(directory, "state.json.new", directory, "state.json") < 0)
        return -1;
    return state->durable ? fsync(directory) : 0;
}
