#include "monitor.h"
#include "clients.h"
#include "logger.h"
#include "sandbox.h"
#include "sealed.h"
#include "slirp.h"
#include "state.h"
#include "teardown.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 32768, STOP_GRACE_MS = 10000 };

struct monitor {
    const struct plan *plan;
    const char *plan_path;
    int directory, listener, signals, report, mounts;
    int input, output[2]; /* the container's stdio; output[0] is the terminal's master where there is one */
    int slave;            /* held open so that the master reports no hang-up while nobody in the container has it open */
    bool terminal, started, exited;
    struct winsize size; /* what the terminal is to have as soon as it exists */
    pid_t pid;
    struct slirp slirp;
    struct state state;
    struct logger logger;
    struct clients clients;
    char failure[2200]; /* "<code> <sentence>" when the container could not be started */
    long long kill_at;  /* CLOCK_MONOTONIC ms; 0: no stop is under way */
};

static struct monitor self; /* die_hook has no argument to carry it */

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void note_failure(int code, const char *text)
{
    if (!self.failure[0])
        snprintf(self.failure, sizeof self.failure, "%d %s", code, text);
}

/* ---- the end ---- */

static void tell_all(uint8_t type, const void *payload, size_t length)
{
    for (int i = 0; i < MAXIMUM_CLIENTS; i++)
        if (self.clients.list[i].fd >= 0)
            client_send(&self.clients.list[i], type, payload, length);
}

/* Everything has been cleared away by now: a slow reader holds up nothing but this process. */
static void drain_clients(void)
{
    for (int i = 0; i < MAXIMUM_CLIENTS; i++) {
        struct client *client = &self.clients.list[i];
        while (client->fd >= 0 && client->output_length) {
            struct pollfd wait = { .fd = client->fd, .events = POLLOUT };
            poll(&wait, 1, -1);
            client_flush(client);
        }
    }
}

/* fuse-overlayfs and slirp4netns end by themselves once unmounted and told; those that do not within 5 s are killed. */
static void reap_companions(void)
{
    close_fd(&self.slirp.exit);
    for (int waited = 0; waited < 5000; waited++) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid < 0 && errno == ECHILD)
            return;
        if (pid == 0)
            usleep(waited < 50 ? 200 : 1000);
    }
    if (self.slirp.pid > 0)
        kill(self.slirp.pid, SIGKILL);
}

static _Noreturn void finish(void)
{
    bool failed = self.failure[0] != 0;
    uint32_t code = (uint32_t)self.state.exit_code;
    logger_finish(&self.logger);
    teardown_mount(self.plan, self.mounts);
    close_fd(&self.mounts);
    reap_companions();
    if (!failed && self.directory >= 0 && !plan_flag(self.plan, "autoremove")) {
        self.state.status = "exited";
        self.state.pid = self.state.monitor = 0;
        format_now(self.state.finished_at);
        state_write(self.directory, &self.state);
    }
    teardown_files(self.plan, failed || plan_flag(self.plan, "autoremove"), failed);
    if (failed)
        tell_all(FRAME_FAILED, self.failure, strlen(self.failure));
    else
        tell_all(FRAME_EXIT, &code, sizeof code);
    drain_clients();
    _exit(0);
}

/* die() in the monitor itself: the container goes, and the launching command hears why. */
static void die_in_monitor(int code, const char *text)
{
    note_failure(code, text);
    die_hook = NULL;
    if (self.pid > 0) {
        kill(self.pid, SIGKILL);
        waitpid(self.pid, NULL, 0);
    }
    finish();
}

/* ---- the start ---- */

static void open_listener(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = plan_text(self.plan, "socket", NULL);
    if (!path)
        return; /* a session of exec: nobody attaches to it later */
    autofree char *directory = xasprintf("%s", path);
    char *slash = strrchr(directory, '/');
    if (!slash)
        die("bad socket path in the launch plan");
    *slash = 0;
    /* Through an fd, because a socket's name has 108 bytes and a runtime directory may be deeper. */
    autoclose int parent = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", parent, slash + 1);
    self.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (parent < 0 || self.listener < 0 || bind(self.listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(self.listener, 16) < 0)
        die_errno("cannot make the control socket %s", path);
}

static void open_log(void)
{
    int fd = -1;
    if (strcmp(plan_text(self.plan, "log", "none"), "json-file") == 0) {
        fd = openat(self.directory, "container-json.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
        if (fd < 0)
            die_errno("cannot open the container's log");
    }
    self.logger = logger_open(fd);
}

static void make_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) < 0)
        die_errno("cannot make a pipe");
}

/* In the child: the container's ends on 0-2, the packet socket on 3, nothing else. */
static _Noreturn void exec_sandbox(int in, int out, int err, int report)
{
    int high[4];
    int given[4] = { in, out, err, report };
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int i = 0; i < 4; i++)
        high[i] = given[i] < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : fcntl(given[i], F_DUPFD_CLOEXEC, 10);
    for (int i = 0; i < 4; i++)
        dup2(high[i], i);
    die_hook = NULL;
    die_fd = SANDBOX_FD;
    close_from(SANDBOX_FD + 1);
    sealed_exec(plan_need(self.plan, "start"), self.plan_path);
}

static void start_sandbox(void)
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
    self.started = true;
    self.state.status = "running";
    format_now(self.state.started_at);
    if (self.directory >= 0 && state_write(self.directory, &self.state) < 0)
        die_errno("cannot record the container's state");
    tell_all(FRAME_STARTED, NULL, 0);
}

static void take_pid(const struct pid_packet *packet, int mounts)
{
    self.pid = packet->pid;
    self.mounts = mounts;
    self.state.pid = packet->host_pid;
    self.state.pid_start = process_start_time(packet->host_pid);
    self.slirp = slirp_start(self.plan, packet->host_pid);
}

static void take_report(void)
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
    } else if (!self.failure[0])
        memcpy(self.failure, packet.text, (size_t)length + 1);
}

static void take_slirp_ready(void)
{
    char byte, words[512] = "";
    uint8_t type = PACKET_NETWORK;
    ssize_t n = read(self.slirp.ready, &byte, 1);
    close_fd(&self.slirp.ready);
    if (n == 1) {
        close_fd(&self.slirp.words);
        if (packet_send(self.report, &type, 1, -1) < 0)
            note_failure(EXIT_SKIFF, "the sandbox ended while the network came up");
        return;
    }
    n = read(self.slirp.words, words, sizeof words - 1);
    words[n > 0 ? n : 0] = 0;
    while (n > 0 && words[n - 1] == '\n')
        words[--n] = 0; /* what is left of the line ends becomes one line in die() and its like */
    autofree char *text = xasprintf("slirp4netns could not make the network: %s", words[0] ? words : "it gave no reason");
    note_failure(EXIT_SKIFF, text);
    kill(self.pid, SIGKILL);
}

/* ---- while it runs ---- */

/* Reads what one output has, and closes it at its end. */
static void pump_output(int which)
{
    char data[CHUNK];
    ssize_t n = read(self.output[which], data, sizeof data);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        if (self.terminal)
            self.input = -1;
        close_fd(&self.output[which]);
        return;
    }
    logger_write(&self.logger, which, data, (size_t)n);
    for (int i = 0; i < MAXIMUM_CLIENTS; i++)
        if (self.clients.list[i].fd >= 0 && self.clients.list[i].wants_output)
            client_send(&self.clients.list[i], which ? FRAME_ERROR : FRAME_OUTPUT, data, (size_t)n);
}

static void close_input(void)
{
    if (!self.terminal)
        close_fd(&self.input);
}

static void stop(const char *payload)
{
    uint32_t words[2];
    memcpy(words, payload, sizeof words);
    if (self.pid > 0 && !self.exited)
        kill(self.pid, words[0] < NSIG ? (int)words[0] : SIGKILL);
    self.kill_at = now_ms() + words[1];
}

static void resize(const char *payload)
{
    uint16_t words[2];
    memcpy(words, payload, sizeof words);
    self.size = (struct winsize){ .ws_row = words[0], .ws_col = words[1] };
    if (self.terminal && self.output[0] >= 0)
        ioctl(self.output[0], TIOCSWINSZ, &self.size);
}

/* Hands pending input to the command as far as it takes it. Once its input is closed the rest is dropped. */
static void pump_input(void)
{
    for (int i = 0; i < MAXIMUM_CLIENTS; i++) {
        struct client *client = &self.clients.list[i];
        while (client->fd >= 0 && client->pending_length) {
            ssize_t n = self.input < 0 ? (ssize_t)client->pending_length : write(self.input, client->pending, client->pending_length);
            if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
            if (n < 0)
                close_input();
            else
                client_take_pending(client, (size_t)n);
        }
        if (client->fd >= 0 && client->closes_input)
            close_input();
    }
}

static bool has_pending_input(void)
{
    for (int i = 0; i < MAXIMUM_CLIENTS; i++)
        if (self.clients.list[i].fd >= 0 && self.clients.list[i].pending_length)
            return true;
    return false;
}

static void take_frame(struct client *client, uint8_t type, const char *payload, size_t length)
{
    uint32_t number = 0;
    if (type == FRAME_INPUT)
        client_keep_pending(client, payload, length);
    else if (type == FRAME_ATTACH) {
        client->wants_output = memchr(payload, 'o', length) != NULL;
        client->sends_input = memchr(payload, 'i', length) != NULL;
        if (self.started)
            client_send(client, FRAME_STARTED, NULL, 0);
    } else if (type == FRAME_CLOSE)
        client->closes_input = true;
    else if (type == FRAME_RESIZE && length == 4)
        resize(payload);
    else if (type == FRAME_SIGNAL && length == 4 && self.pid > 0 && !self.exited) {
        memcpy(&number, payload, sizeof number);
        kill(self.pid, number < NSIG ? (int)number : SIGKILL);
    } else if (type == FRAME_STOP && length == 8)
        stop(payload);
}

static void take_frames(struct client *client)
{
    uint8_t type;
    char *payload;
    ssize_t length;
    while ((length = client_frame(client, &type, &payload)) >= 0) {
        take_frame(client, type, payload, (size_t)length);
        client_consume(client);
    }
    pump_input();
}

static void take_client(struct client *client, short events)
{
    bool sent_input = client->sends_input;
    if (events & POLLOUT)
        client_flush(client);
    if (client->fd >= 0 && (events & (POLLIN | POLLHUP | POLLERR)) && !client_receive(client) && sent_input)
        close_input(); /* nobody is left who could type */
    if (client->fd >= 0)
        take_frames(client);
}

static void take_signal(void)
{
    struct signalfd_siginfo information;
    int status;
    pid_t pid;
    if (read(self.signals, &information, sizeof information) != sizeof information)
        return;
    if (information.ssi_signo != SIGCHLD && self.pid > 0 && !self.exited) {
        kill(self.pid, SIGTERM);
        self.kill_at = now_ms() + STOP_GRACE_MS;
    }
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == self.slirp.pid)
            self.slirp.pid = 0;
        if (pid != self.pid)
            continue;
        self.exited = true;
        self.state.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
}

static void check_deadline(void)
{
    if (self.kill_at && now_ms() >= self.kill_at && !self.exited && self.pid > 0) {
        kill(self.pid, SIGKILL);
        self.kill_at = 0;
    }
}

enum { SLOT_SIGNALS, SLOT_REPORT, SLOT_LISTENER, SLOT_SLIRP, SLOT_OUTPUT, SLOT_ERROR, SLOT_INPUT, SLOT_CLIENTS, SLOTS = SLOT_CLIENTS + MAXIMUM_CLIENTS };

static void fill_slots(struct pollfd *slots)
{
    /* A reader that is behind holds the container up, until it has ended: what is left then is little. */
    bool behind = !self.exited && clients_are_behind(&self.clients);
    slots[SLOT_SIGNALS] = (struct pollfd){ .fd = self.signals, .events = POLLIN };
    slots[SLOT_REPORT] = (struct pollfd){ .fd = self.report, .events = POLLIN };
    slots[SLOT_LISTENER] = (struct pollfd){ .fd = self.listener, .events = POLLIN };
    slots[SLOT_SLIRP] = (struct pollfd){ .fd = self.slirp.ready, .events = POLLIN };
    for (int i = 0; i < 2; i++)
        slots[SLOT_OUTPUT + i] = (struct pollfd){ .fd = behind ? -1 : self.output[i], .events = POLLIN };
    slots[SLOT_INPUT] = (struct pollfd){ .fd = has_pending_input() ? self.input : -1, .events = POLLOUT };
    for (int i = 0; i < MAXIMUM_CLIENTS; i++) {
        const struct client *client = &self.clients.list[i];
        short events = (short)(POLLIN | (client->output_length ? POLLOUT : 0));
        slots[SLOT_CLIENTS + i] = (struct pollfd){ .fd = client->fd, .events = events };
    }
}

static void accept_client(void)
{
    int fd = accept4(self.listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        client_add(&self.clients, fd);
}

static void take_slots(const struct pollfd *slots)
{
    if (slots[SLOT_REPORT].revents)
        take_report();
    if (slots[SLOT_SLIRP].revents)
        take_slirp_ready();
    if (slots[SLOT_LISTENER].revents)
        accept_client();
    for (int i = 0; i < 2; i++)
        if (slots[SLOT_OUTPUT + i].revents && self.output[i] >= 0)
            pump_output(i);
    if (slots[SLOT_INPUT].revents)
        pump_input();
    for (int i = 0; i < MAXIMUM_CLIENTS; i++) {
        struct client *client = &self.clients.list[i];
        if (client->fd >= 0 && client->fd == slots[SLOT_CLIENTS + i].fd)
            take_client(client, slots[SLOT_CLIENTS + i].revents);
    }
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
                pump_output(i);
    }
}

static void supervise(void)
{
    while (!self.exited || self.report >= 0) {
        struct pollfd slots[SLOTS];
        long long left = self.kill_at ? self.kill_at - now_ms() : -1;
        fill_slots(slots);
        int ready = poll(slots, SLOTS, self.kill_at ? (left > 0 ? (int)left : 0) : -1);
        if (ready < 0 && errno != EINTR)
            die_errno("poll");
        if (ready > 0)
            take_slots(slots);
        check_deadline();
        /* A sandbox that failed before it had a child leaves nobody to wait for. */
        if (self.failure[0] && self.pid <= 0)
            break;
    }
    drain_outputs();
    finish();
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Our pid and start time as the host's /proc has them, for the record. */
static void note_self(void)
{
    char text[32] = "";
    if (readlink("/proc/self", text, sizeof text - 1) > 0)
        self.state.monitor = (pid_t)strtol(text, NULL, 10);
    self.state.monitor_start = process_start_time(self.state.monitor);
}

_Noreturn void monitor_run(const struct plan *plan, const char *path, int launch)
{
    const char *directory = plan_text(plan, "dir", NULL);
    self = (struct monitor){
        .plan = plan, .directory = -1, .listener = -1, .report = -1, .mounts = -1, .input = -1, .output = { -1, -1 }, .slave = -1,
        .slirp = { 0, -1, -1, -1 }, .logger = { .fd = -1 }, .terminal = plan_flag(plan, "tty") != 0,
        .state = { .status = "created", .started_at = "0001-01-01T00:00:00Z", .finished_at = "0001-01-01T00:00:00Z" },
    };
    clients_init(&self.clients);
    struct client *launcher = client_add(&self.clients, launch);
    die_hook = die_in_monitor;
    prctl(PR_SET_NAME, "skiff-monitor");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    self.plan_path = path;
    if (directory && (self.directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        die_errno("cannot open the container's directory %s", directory);
    self.signals = open_signals();
    note_self();
    /* From here on it is we who answer for the record, not the command that made it. */
    if (self.directory >= 0 && state_write(self.directory, &self.state) < 0)
        die_errno("cannot record the container's state");
    open_log();
    open_listener();
    /* What the launching command wants to see was sent before we were forked; nothing must be printed before it is known. */
    if (client_receive(launcher))
        take_frames(launcher);
    start_sandbox();
    supervise();
    _exit(0);
}
