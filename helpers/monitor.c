#include "monitor.h"
#include "monitor-parts.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>


struct monitor self;

long long monitor_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* We are asked to end, as when the machine goes down: the command gets the signal it wants, and the time it was given (-1: any). */
static void stop_by_plan(void)
{
    const struct record *stop = plan_find(self.plan, "stop", 2);
    long long seconds = stop ? strtoll(stop->fields[2], NULL, 10) : 10;
    int signal = stop ? (int)strtol(stop->fields[1], NULL, 10) : SIGTERM;
    monitor_end_for_good(signal, false);
    monitor_signal(signal);
    if (seconds >= 0)
        self.kill_at = monitor_now() + seconds * 1000;
    monitor_unpause();
}

void monitor_reap(void)
{
    int status;
    pid_t pid;
    monitor_reap_log();
    /* A command may end before we are told its pid. It waits as a zombie then: reaped now, it would be taken for somebody else. */
    if (self.pid <= 0)
        return;
    while ((pid = waitpid(monitor_enters_for_check() ? self.pid : -1, &status, WNOHANG)) > 0) {
        monitor_note_check(pid, status);
        monitor_note_network(pid);
        if (pid == self.slirp.pid)
            self.slirp.pid = 0;
        if (pid != self.pid)
            continue;
        self.exited = true;
        self.state.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
}

static void take_signal(void)
{
    struct signalfd_siginfo information;
    if (read(self.signals, &information, sizeof information) != sizeof information)
        return;
    if (information.ssi_signo == SIGUSR1)
        monitor_listen_again();
    else if (information.ssi_signo != SIGCHLD)
        stop_by_plan();
    monitor_reap();
}

static void check_deadline(void)
{
    if (self.kill_at && monitor_now() >= self.kill_at && !self.exited && self.pid > 0) {
        if (!self.killing)
            monitor_signal_event(SIGKILL);
        kill(self.pid, SIGKILL);
        self.kill_at = 0;
    }
}

enum { SLOT_SIGNALS, SLOT_REPORT, SLOT_LISTENER, SLOT_SLIRP, SLOT_NETWORK, SLOT_PORTS, SLOT_CGROUP, SLOT_LOG, SLOT_OUTPUT, SLOT_ERROR, SLOT_INPUT, SLOT_CHECK, SLOT_CHECK_OUTPUT,
       SLOT_CLIENTS, SLOTS = SLOT_CLIENTS + MAXIMUM_CLIENTS };

static void fill_slots(struct pollfd *slots)
{
    /* A reader that is waited for holds the container up, until it has ended: what is left then is little. */
    bool behind = !self.exited && (clients_are_behind(&self.clients, monitor_now()) || monitor_log_is_behind());
    slots[SLOT_SIGNALS] = (struct pollfd){ .fd = self.signals, .events = POLLIN };
    slots[SLOT_REPORT] = (struct pollfd){ .fd = self.report, .events = POLLIN };
    slots[SLOT_LISTENER] = (struct pollfd){ .fd = self.listener, .events = POLLIN };
    slots[SLOT_SLIRP] = (struct pollfd){ .fd = self.slirp.ready, .events = POLLIN };
    slots[SLOT_NETWORK] = (struct pollfd){ .fd = self.network.report, .events = POLLIN };
    slots[SLOT_PORTS] = (struct pollfd){ .fd = monitor_ports_socket(), .events = POLLIN };
    slots[SLOT_CGROUP] = (struct pollfd){ .fd = monitor_cgroup_events(), .events = POLLPRI };
    slots[SLOT_LOG] = monitor_log_slot();
    for (int i = 0; i < 2; i++)
        slots[SLOT_OUTPUT + i] = (struct pollfd){ .fd = behind ? -1 : self.output[i], .events = POLLIN };
    slots[SLOT_CHECK] = (struct pollfd){ .fd = monitor_check_report(), .events = POLLIN };
    slots[SLOT_CHECK_OUTPUT] = (struct pollfd){ .fd = monitor_check_output(), .events = POLLIN };
    slots[SLOT_INPUT] = (struct pollfd){ .fd = monitor_has_input() ? self.input : -1, .events = POLLOUT };
    for (int i = 0; i < MAXIMUM_CLIENTS; i++) {
        const struct client *client = &self.clients.list[i];
        short events = (short)(POLLIN | (client->output_length ? POLLOUT : 0));
        slots[SLOT_CLIENTS + i] = (struct pollfd){ .fd = client->fd, .events = events };
    }
}

static void take_slots(const struct pollfd *slots)
{
    if (slots[SLOT_REPORT].revents)
        monitor_take_report();
    if (slots[SLOT_SLIRP].revents)
        monitor_take_slirp();
    if (slots[SLOT_NETWORK].revents)
        monitor_take_network();
    if (slots[SLOT_PORTS].revents && self.ports.socket == slots[SLOT_PORTS].fd)
        monitor_take_ports();
    if (slots[SLOT_CGROUP].revents)
        monitor_take_cgroup();
    if (slots[SLOT_LISTENER].revents)
        monitor_accept();
    if (slots[SLOT_LOG].revents)
        monitor_take_log(slots[SLOT_LOG].revents);
    for (int i = 0; i < 2; i++)
        if (slots[SLOT_OUTPUT + i].revents && self.output[i] >= 0)
            monitor_pump_output(i);
    if (slots[SLOT_INPUT].revents)
        monitor_pump_input();
    for (int i = 0; i < MAXIMUM_CLIENTS; i++) {
        struct client *client = &self.clients.list[i];
        if (client->fd >= 0 && client->fd == slots[SLOT_CLIENTS + i].fd)
            monitor_take_client(client, slots[SLOT_CLIENTS + i].revents);
    }
    if (slots[SLOT_CHECK].revents)
        monitor_take_check_report();
    if (slots[SLOT_CHECK_OUTPUT].revents)
        monitor_take_check_output();
    if (slots[SLOT_SIGNALS].revents)
        take_signal();
}

/* After the end: whatever is still in the pipes. With --pid host somebody may keep them open, so only what is there now. */
static void drain_outputs(void)
{
    close_fd(&self.slave);
    while (self.output[0] >= 0 || self.output[1] >= 0) {
        struct pollfd slots[2] = { { .fd = self.output[0], .events = POLLIN }, { .fd = self.output[1], .events = POLLIN } };
        if (poll(slots, 2, 0) <= 0)
            return;
        for (int i = 0; i < 2; i++)
            if (slots[i].revents && self.output[i] >= 0)
                monitor_pump_output(i);
    }
}

/* How long poll(2) may wait: until the first thing is due, -1 where nothing is. */
static int patience(void)
{
    const long long due[] = { self.kill_at, self.restart_at, monitor_log_deadline(), monitor_health_due(), self.exited ? 0 : clients_due(&self.clients, monitor_now()) };
    long long first = 0;
    for (size_t i = 0; i < sizeof due / sizeof *due; i++)
        if (due[i] && (!first || due[i] < first))
            first = due[i];
    long long left = first - monitor_now();
    return !first ? -1 : left <= 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX;
}

void monitor_turn(void)
{
    struct pollfd slots[SLOTS];
    fill_slots(slots);
    int ready = poll(slots, SLOTS, patience());
    if (ready < 0 && errno != EINTR)
        die_errno("poll");
    if (ready > 0)
        take_slots(slots);
    check_deadline();
    monitor_log_tick();
    monitor_look_after_health();
}

/* One run of the command, from the sandbox's start until what it has printed is taken. */
static void run_once(void)
{
    monitor_start_sandbox();
    while (!self.exited || self.report >= 0) {
        monitor_turn();
        /* A sandbox that failed before it had a child leaves nobody to wait for. */
        if (self.failure[0] && self.pid <= 0)
            break;
    }
    drain_outputs();
    monitor_note_end();
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Our pid and start time as the host's /proc has them, for the record; after the next boot they are somebody else's. */
static void note_self(void)
{
    char text[32] = "";
    if (readlink("/proc/self", text, sizeof text - 1) > 0)
        self.state.monitor = (pid_t)strtol(text, NULL, 10);
    self.state.monitor_start = process_start_time(self.state.monitor);
    autoclose int boot = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (boot >= 0 && read(boot, self.state.boot, sizeof self.state.boot - 1) < 0)
        self.state.boot[0] = 0;
}

_Noreturn void monitor_run(const struct plan *plan, const char *path, int launch, bool holder_starts)
{
    const char *directory = plan_text(plan, "dir", NULL);
    self = (struct monitor){
        .plan = plan, .directory = -1, .listener = -1, .report = -1, .mounts = -1, .input = -1, .output = { -1, -1 }, .slave = -1,
        .slirp = { 0, -1, -1, -1 }, .network = { .ready = holder_starts ? MONITOR_HOLDER_READY : -1, .report = -1, .datagrams = -1, .listener = -1, .container = -1 }, .ports = { .socket = -1 }, .logger = logger_open(-1), .terminal = plan_flag(plan, "tty") != 0,
        .stdin_once = plan_flag(plan, "stdin") && !plan_flag(plan, "detach") && !plan_flag(plan, "output-only"),
        .claim = -1, .state = monitor_first_state(plan),
    };
    clients_init(&self.clients);
    struct client *launcher = client_add(&self.clients, launch);
    launcher->holds = true;
    die_hook = monitor_die;
    prctl(PR_SET_NAME, "skiff-monitor");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    self.plan_path = path;
    if (directory && (self.directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        die_errno("cannot open the container's directory %s", directory);
    monitor_claim();
    self.signals = open_signals();
    note_self();
    monitor_take_policy();
    /* From here on it is we who answer for the record, not the command that made it. */
    if (self.directory >= 0 && state_write(self.directory, &self.state) < 0)
        die_errno("cannot record the container's state");
    monitor_open_log();
    monitor_open_listener();
    monitor_make_cgroup();
    /* What the launching command wants to see was sent before we were forked; nothing must be printed before it is known. */
    if (client_receive(launcher))
        monitor_take_frames(launcher);
    do
        run_once();
    while (monitor_comes_back());
    monitor_finish();
}
