/* What a monitor does between two runs of its container's command. */
#include "monitor-parts.h"
#include "frames.h"
#include "teardown.h"
#include "util.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void monitor_take_policy(void)
{
    const struct record *record = plan_find(self.plan, "restart", 2);
    if (record && !restart_parse(&self.restart, record->fields[1], record->fields[2]))
        die("unknown restart policy '%s' in the launch plan", record->fields[1]);
    self.state.durable = restart_survives(&self.restart);
}

enum order_result monitor_change_policy(const char *text, size_t length)
{
    autofree char *words = xasprintf("%.*s", (int)length, text);
    char *maximum = strchr(words, ' ');
    if (!maximum)
        return ORDER_FAILED;
    *maximum++ = 0;
    if (!restart_parse(&self.restart, words, maximum))
        return ORDER_FAILED;
    self.state.durable = restart_survives(&self.restart);
    return ORDER_DONE;
}

/* Whoever sends one of these wants it gone; a SIGHUP or SIGUSR1 says something else. Docker takes any signal for the former. */
static bool asks_to_end(int signal)
{
    const struct record *stop = plan_find(self.plan, "stop", 2);
    return signal == SIGKILL || signal == SIGTERM || signal == SIGINT || signal == SIGQUIT || (stop && signal == (int)strtol(stop->fields[1], NULL, 10));
}

void monitor_end_for_good(int signal, bool by_user)
{
    if (!asks_to_end(signal))
        return;
    self.ends = true;
    if (by_user)
        self.state.stopped_by_user = true;
}

/* Those who watch a command see it end; the next run has watchers of its own. */
static void part_from_clients(void)
{
    uint32_t code = (uint32_t)self.state.exit_code;
    monitor_tell_all(FRAME_EXIT, &code, sizeof code);
    clients_part(&self.clients);
}

/* Everything of the last run is gone; what belongs to the container as long as its monitor lives stays. */
static void forget_run(void)
{
    self.pid = 0;
    self.started = self.exited = false;
    self.kill_at = 0;
    self.early_signal = 0;
    self.slirp = (struct slirp){ 0, -1, -1, -1 };
    self.state.oom_killed = false;
}

static void record_wait(void)
{
    self.state.restarting = true;
    self.state.restarts++;
    self.state.paused = false;
    self.state.pid = 0;
    self.state.pid_start = 0;
    format_now(self.state.finished_at);
    if (self.directory >= 0 && state_write(self.directory, &self.state) < 0)
        die_errno("cannot record the container's state");
}

bool monitor_comes_back(void)
{
    if (self.failure[0] || self.ends || !self.started || !restart_is_due(&self.restart, self.state.exit_code, self.state.restarts))
        return false;
    monitor_end_run();
    self.restart_delay = restart_delay(self.restart_delay, monitor_now() - self.started_at);
    self.restart_at = monitor_now() + self.restart_delay;
    record_wait();
    part_from_clients();
    teardown_between(self.plan);
    forget_run();
    while (!self.ends && monitor_now() < self.restart_at)
        monitor_turn();
    self.restart_at = 0;
    self.state.restarting = false;
    return !self.ends;
}
