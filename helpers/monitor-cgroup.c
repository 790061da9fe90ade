/* The monitor's part in a container with a cgroup of its own: makes it, watches for what the kernel kills in it, removes it. */
#include "monitor-parts.h"
#include "cgroup.h"
#include "pause.h"
#include "util.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FREEZE_MS = 2000 };

static struct {
    char *container; /* where it is; NULL where it has none */
    char *home;      /* where this process was before; NULL in a scope */
    int events;             /* memory.events; -1 without that controller */
    unsigned long long kills;
} group = { .events = -1 };

void monitor_make_cgroup(void)
{
    const char *way = plan_text(self.plan, "cgroup", NULL);
    if (!way)
        return;
    if (strcmp(way, "direct") == 0)
        group.home = cgroup_own_path();
    cgroup_make(self.plan, self.state.monitor, &group.container);
    self.state.cgroup = group.container;
    /* Should we be killed, the next command finds here what is left. */
    if (self.directory >= 0 && state_write(self.directory, &self.state) < 0)
        die_errno("cannot record the container's state");
    autofree char *path = xasprintf("%s/memory.events", group.container);
    group.events = open(path, O_RDONLY | O_CLOEXEC);
}

bool monitor_has_cgroup(void)
{
    return group.container != NULL;
}

int monitor_cgroup_events(void)
{
    return group.events;
}

/* The kernel counts for the cgroup's whole life, which may be several runs. */
void monitor_take_cgroup(void)
{
    char text[512] = "";
    if (group.events < 0 || pread(group.events, text, sizeof text - 1, 0) <= 0)
        return;
    unsigned long long kills = cgroup_counter(text, "oom_kill");
    if (kills == group.kills)
        return;
    group.kills = kills;
    self.state.oom_killed = true;
    if (self.started && !self.exited && self.directory >= 0)
        state_write(self.directory, &self.state);
    monitor_event("oom", NULL);
}

void monitor_enter_cgroup(void)
{
    if (group.container)
        cgroup_enter_sibling(plan_find(self.plan, "runtime", 1) != NULL);
}

bool monitor_stop_processes(void)
{
    return group.container ? cgroup_freeze(group.container, true, FREEZE_MS) : pause_processes(self.pid);
}

void monitor_let_go_on(void)
{
    if (group.container)
        cgroup_freeze(group.container, false, FREEZE_MS);
    else
        unpause_processes();
}

void monitor_remove_cgroup(void)
{
    if (!group.container)
        return;
    close_fd(&group.events);
    cgroup_remove(group.container, group.home);
    self.state.cgroup = NULL;
}
