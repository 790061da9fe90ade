/* How a monitor begins: its socket, its log, the sandbox, and what that reports. */
#include "monitor-parts.h"
#include "frames.h"
#include "guard.h"
#include "health.h"
#include "sandbox.h"
#include "sealed.h"
#include "util.h"
#include "volume-end.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct state monitor_first_state(const struct plan *plan)
{
    struct state state = { .status = "created", .started_at = "0001-01-01T00:00:00Z", .finished_at = "0001-01-01T00:00:00Z" };
    const struct record *again = plan_find(plan, "again", 4);
    if (!again)
        return state;
    state.kept = true;
    if (strcmp(again->fields[1], "exited") == 0) {
        state.status = "exited";
        state.health = plan_flag(plan, "health") ? health_name(HEALTH_UNHEALTHY) : NULL;
    }
    state.exit_code = (int)strtol(again->fields[2], NULL, 10);
    snprintf(state.started_at, sizeof state.started_at, "%s", again->fields[3]);
    snprintf(state.finished_at, sizeof state.finished_at, "%s", again->fields[4]);
    return state;
}

/* The lock is let go by the kernel, whatever ends us. Where the file system has none, the marker of the starting command is all there is. */
void monitor_claim(void)
{
    if (self.directory < 0)
        return;
    self.claim = openat(self.directory, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (self.claim < 0)
        die_errno("cannot open the container's lock");
    if (flock(self.claim, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
        self.yields = true;
        die("the container is being started by another command");
    }
}

/* A listening socket at `path`, where nothing may be; -1 with errno. */
static int listen_at(const char *path)
{
    struct sockaddr_un address;
    autoclose int parent = control_address(path, &address);
    autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (parent < 0 || fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0)
        return -1;
    int listener = fd;
    fd = -1;
    return listener;
}

void monitor_open_listener(void)
{
    const char *path = plan_text(self.plan, "socket", NULL);
    if (!path)
        return; /* a session of exec: nobody attaches to it later */
    self.listener = listen_at(path);
    if (self.listener < 0)
        die_errno("cannot make the control socket %s", path);
}

void monitor_listen_again(void)
{
    const char *path = plan_text(self.plan, "socket", NULL);
    int listener = path ? listen_at(path) : -1;
    if (listener < 0)
        return; /* it is there */
    close_fd(&self.listener);
    self.listener = listener;
}

static void make_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) < 0)
        die_errno("cannot make a pipe");
}

_Noreturn void monitor_exec(int in, int out, int err, int report, int extra, char *const arguments[])
{
    int high[5];
    int given[5] = { in, out, err, report, extra }, count = extra < 0 ? 4 : 5;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int i = 0; i < count; i++)
        high[i] = given[i] < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : fcntl(given[i], F_DUPFD_CLOEXEC, 10);
    for (int i = 0; i < count; i++)
        dup2(high[i], i);
    die_hook = NULL;
    die_fd = SANDBOX_FD;
    close_from(count);
    sealed_exec(arguments);
}

static _Noreturn void exec_sandbox(int in, int out, int err, int report)
{
    char *role = (char *)(uintptr_t)plan_need(self.plan, "start"), *path = (char *)(uintptr_t)self.plan_path;
    char *arguments[] = { "skiff-helper", role, path, NULL };
    monitor_exec(in, out, err, report, -1, arguments);
}

void monitor_start_sandbox(void)
{
    int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 }, report[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report) < 0)
        die_errno("cannot make a socket");
    if (!self.terminal) {
        if (plan_flag(self.plan, "stdin"))
            make_pipe(in);
        make_pipe(out);
        make_pipe(err);
    }
    pid_t child = fork();
    if (child < 0)
        die_errno("cannot start the sandbox");
    if (child == 0)
        exec_sandbox(in[0], out[1], err[1], report[1]);
    close_fd(&in[0]);
    close_fd(&out[1]);
    close_fd(&err[1]);
    close_fd(&report[1]);
    self.report = report[0];
    self.input = in[1];
    self.output[0] = out[0];
    self.output[1] = err[0];
    for (int i = 0; i < 2; i++)
        if (self.output[i] >= 0)
            set_nonblocking(self.output[i], true);
    if (self.input >= 0)
        set_nonblocking(self.input, true);
}

static void note_started(void)
{
    close_fd(&self.report);
    if (self.failure[0])
        return; /* its exit is on the way */
    if (self.pid <= 0)
        die("the sandbox ended before the container began");
    self.started = self.ran = true;
    self.started_at = monitor_now();
    self.state.status = "running";
    self.state.error = NULL;
    if (!self.exited) /* it may have ended before we heard that it began */
        self.state.exit_code = 0;
    format_now(self.state.started_at);
    monitor_begin_health();
    if (self.directory >= 0 && state_write(self.directory, &self.state) < 0)
        die_errno("cannot record the container's state");
    volumes_tell(self.plan, "mount");
    monitor_event("start", NULL);
    if (self.early_signal && !self.exited)
        kill(self.pid, self.early_signal);
    monitor_tell_all(FRAME_STARTED, NULL, 0);
    monitor_pump_input();
}

static void take_pid(const struct pid_packet *packet, int mounts)
{
    self.pid = packet->pid;
    self.mounts = mounts;
    self.state.pid = packet->host_pid;
    self.state.pid_start = process_start_time(packet->host_pid);
    if (!plan_find(self.plan, "runtime", 1))
        guard_note(packet->host_pid);
    self.slirp = slirp_start(self.plan, packet->host_pid);
    monitor_start_network(packet->host_pid);
    monitor_reap();
}

void monitor_take_report(void)
{
    union {
        struct pid_packet pid;
        char text[sizeof self.failure];
    } packet;
    int fd;
    ssize_t length = packet_receive(self.report, &packet, sizeof packet - 1, &fd);
    if (length <= 0) {
        note_started();
        return;
    }
    packet.text[length] = 0;
    if (packet.text[0] == PACKET_PID && length == sizeof packet.pid)
        take_pid(&packet.pid, fd);
    else if (packet.text[0] == PACKET_TERMINAL && fd >= 0) {
        self.input = self.output[0] = fd;
        self.slave = ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        set_nonblocking(fd, true);
        if (self.size.ws_row)
            ioctl(fd, TIOCSWINSZ, &self.size);
        packet_send(self.report, packet.text, 1, -1);
    } else if (!self.failure[0])
        memcpy(self.failure, packet.text, (size_t)length + 1);
}

void monitor_take_slirp(void)
{
    char byte, words[512] = "";
    uint8_t type = PACKET_NETWORK;
    ssize_t n = read(self.slirp.ready, &byte, 1);
    close_fd(&self.slirp.ready);
    if (n == 1) {
        close_fd(&self.slirp.words);
        if (packet_send(self.report, &type, 1, -1) < 0)
            monitor_note_failure(EXIT_SKIFF, "the sandbox ended while the network came up");
        return;
    }
    n = read(self.slirp.words, words, sizeof words - 1);
    words[n > 0 ? n : 0] = 0;
    while (n > 0 && words[n - 1] == '\n')
        words[--n] = 0; /* what is left of the line ends becomes one line in die() and its like */
    autofree char *text = xasprintf("slirp4netns could not make the network: %s", words[0] ? words : "it gave no reason");
    monitor_note_failure(EXIT_SKIFF, text);
    if (!self.exited)
        kill(self.pid, SIGKILL);
}

