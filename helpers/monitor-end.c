/* How a monitor ends: what is left in the pipes, the teardown, the last words to everybody. */
#include "monitor-parts.h"
#include "frames.h"
#include "guard.h"
#include "leases.h"
#include "plan-events.h"
#include "teardown.h"
#include "util.h"
#include "volume.h"
#include "volume-end.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { END_MS = 5000 };

void monitor_note_failure(int code, const char *text)
{
    if (!self.failure[0])
        snprintf(self.failure, sizeof self.failure, "%d %s", code, text);
}

/* Everything has been cleared away by now: a slow reader holds up nothing but this process, and no other reader. */
static void drain_clients(void)
{
    for (;;) {
        struct pollfd slots[MAXIMUM_CLIENTS];
        int waiting = 0;
        for (int i = 0; i < MAXIMUM_CLIENTS; i++) {
            const struct client *client = &self.clients.list[i];
            bool waits = client->fd >= 0 && client->output_length;
            slots[i] = (struct pollfd){ .fd = waits ? client->fd : -1, .events = POLLOUT };
            waiting += waits;
        }
        if (!waiting)
            return;
        if (poll(slots, MAXIMUM_CLIENTS, -1) < 0)
            continue;
        for (int i = 0; i < MAXIMUM_CLIENTS; i++)
            if (slots[i].fd >= 0 && slots[i].revents)
                client_flush(&self.clients.list[i]);
    }
}

/* Nobody is told the end without having been told what is missing before it. */
static void tell_losses(void)
{
    for (int i = 0; i < MAXIMUM_CLIENTS; i++)
        if (self.clients.list[i].fd >= 0)
            client_own_up(&self.clients.list[i]);
}

/* fuse-overlayfs and slirp4netns end by themselves once unmounted and told; who does not within 5 s is killed, by the kernel or here. */
static void reap_companions(void)
{
    if (self.directory < 0)
        return; /* what a session of exec leaves in the background stays until the container ends */
    for (int waited = 0; waited < END_MS; waited++) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid < 0 && errno == ECHILD)
            return;
        if (pid == 0)
            usleep(waited < 50 ? 200 : 1000);
    }
    guard_end(true, END_MS);
}

/* Whether the record is to go: --rm, unless it is started again at once, and whatever `run` could not start. */
static bool goes(bool failed)
{
    return (plan_flag(self.plan, "autoremove") && (failed || !self.stays)) || (failed && !self.state.kept && !self.ran);
}

/* One that could not be started again keeps the times of its last run, and its exit code is that of the failure. */
static void record_end(bool failed)
{
    if (self.directory < 0)
        return;
    if (self.ran || !failed)
        self.state.status = "exited";
    if (self.started || !failed)
        format_now(self.state.finished_at);
    if (failed) {
        self.state.exit_code = (int)strtol(self.failure, NULL, 10);
        self.state.error = strchr(self.failure, ' ') + 1;
    }
    self.state.pid = self.state.monitor = 0;
    self.state.paused = self.state.restarting = false;
    state_write(self.directory, &self.state);
}

void monitor_note_end(void)
{
    monitor_take_cgroup();
    if (!self.started)
        return;
    autofree char *code = xasprintf("\"exitCode\":\"%d\"", self.state.exit_code);
    autofree char *extra = xasprintf("\"execDuration\":\"%lld\",%s", (monitor_now() - self.started_at) / 1000, code);
    monitor_event("die", extra);
    plan_exec_event(self.plan, "exec_die", code);
    if (self.stopping)
        monitor_event("stop", NULL);
    volumes_tell(self.plan, "unmount");
}

void monitor_end_run(void)
{
    bool fuse = self.mounts >= 0;
    monitor_end_health();
    if (self.state.paused)
        monitor_let_go_on(); /* killed while it stood still */
    close_fd(&self.slirp.exit);
    monitor_end_network();
    guard_end(false, END_MS);
    monitor_rest_log(!self.yields && goes(self.failure[0] != 0));
    teardown_mount(self.plan, self.mounts);
    /* A killed OCI runtime leaves its container behind. As init of our pid namespace (and only then) -1 means what is in it. */
    if (plan_find(self.plan, "runtime", 1) && getpid() == 1)
        kill(-1, SIGKILL);
    close_fd(&self.mounts);
    if (fuse)
        reap_companions(); /* it may still write into what is removed, or mounted again */
    if (!self.terminal)
        close_fd(&self.input);
    self.input = -1;
    close_fd(&self.output[0]);
    close_fd(&self.output[1]);
}

_Noreturn void monitor_finish(void)
{
    bool failed = self.failure[0] != 0;
    pid_t monitor = self.state.monitor; /* record_end() forgets it */
    uint32_t code = (uint32_t)self.state.exit_code;
    monitor_end_run();
    volumes_release(MONITOR_VOLUMES, volumes_count(self.plan));
    if (monitor_has_cgroup()) {
        reap_companions(); /* they are in it */
        monitor_remove_cgroup();
    }
    if (!self.yields) {
        bool removes = goes(failed);
        monitor_close_log(removes);
        if (!removes)
            record_end(failed);
        leases_down(self.plan, true);
        teardown_files(self.plan, removes, failed && !self.ran);
        if (removes) {
            monitor_event("destroy", NULL);
            volumes_remove(self.plan, monitor, self.state.monitor_start);
        }
        close_fd(&self.claim); /* it may be started again while we still talk to a slow reader */
    }
    tell_losses();
    if (failed)
        monitor_tell_all(FRAME_FAILED, self.failure, strlen(self.failure));
    else
        monitor_tell_all(FRAME_EXIT, &code, sizeof code);
    drain_clients();
    reap_companions(); /* slirp4netns takes 20 ms, the kernel's for a network device: nobody needs to wait for that */
    _exit(0);
}

/* die() in the monitor itself: the container goes, and the launching command hears why. */
void monitor_die(int code, const char *text)
{
    pid_t ended;
    monitor_note_failure(code, text);
    die_hook = NULL;
    if (self.pid > 0 && !self.exited) {
        kill(self.pid, SIGKILL);
        /* Of all children: the end of a pid namespace waits until nobody of it is left to be reaped, a health check's command among them. */
        while ((ended = waitpid(-1, NULL, 0)) != self.pid && (ended > 0 || errno == EINTR))
            ;
    }
    monitor_finish();
}

