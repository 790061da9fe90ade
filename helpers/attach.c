#include "attach.h"
#include "frames.h"
#include "plan-events.h"
#include "roles.h"
#include "terminal.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct attach {
    const struct plan *plan;
    int socket, signals;
    bool terminal, input, proxy; /* input: stdin is still read */
    bool hung_up;                /* SIGHUP has been passed on */
    bool started;                /* before, what is typed is left to the terminal, which is not yet raw */
    bool shows[2];               /* output, error output */
    size_t window;               /* how many bytes of input the monitor may still be sent */
    struct detach_keys keys;
    const char *id;
    int code; /* -1 while the command runs */
};

/* A container with an input may be started, or looked at, by somebody who keeps his to himself. */
static bool sends_input(const struct plan *plan)
{
    return plan_flag(plan, "stdin") && !plan_flag(plan, "output-only");
}

/* Which outputs are shown: both, unless the record says otherwise. */
static bool shows(const struct plan *plan, char which)
{
    return strchr(plan_text(plan, "outputs", "oe"), which) != NULL;
}

void attach_announce(int socket, const struct plan *plan)
{
    uint16_t size[2];
    char wants[3] = "";
    if (!plan_flag(plan, "detach")) {
        strcat(wants, sends_input(plan) ? "i" : "");
        strcat(wants, shows(plan, 'o') || shows(plan, 'e') ? "o" : "");
    }
    frame_send(socket, FRAME_ATTACH, wants, strlen(wants));
    if (plan_flag(plan, "tty") && terminal_size(size))
        frame_send(socket, FRAME_RESIZE, size, sizeof size);
}

void attach_tie_to_parent(void)
{
    const char *parent = getenv("SKIFF_PARENT");
    if (!parent)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (strtol(parent, NULL, 10) != getppid())
        raise(SIGKILL); /* it has just been killed */
}

int attach_report_failure(const char *payload, size_t length)
{
    char text[2200], *sentence;
    if (length >= sizeof text)
        length = sizeof text - 1;
    memcpy(text, payload, length);
    text[length] = 0;
    int code = (int)strtol(text, &sentence, 10);
    dprintf(2, "skiff: %s\n", sentence + strspn(sentence, " "));
    return code > 0 && code < 256 ? code : EXIT_SKIFF;
}

/* What Docker forwards, but for those that stop a job in the user's own shell. */
static int open_signals(void)
{
    static const int kept[] = { SIGCHLD, SIGPIPE, SIGURG, SIGTTIN, SIGTTOU, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
    sigset_t set;
    struct sigaction action;
    sigfillset(&set);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        sigdelset(&set, kept[i]);
    for (int number = 1; number < NSIG; number++) {
        /* The JavaScript runtime that became this program may have left some ignored; nohup(1)'s choice stays. */
        if (number != SIGHUP && sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            signal(number, SIG_DFL);
    }
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_SETMASK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void send_size(const struct attach *attach)
{
    uint16_t size[2];
    if (attach->terminal && terminal_size(size))
        frame_send(attach->socket, FRAME_RESIZE, size, sizeof size);
}

static void take_signal(struct attach *attach)
{
    struct signalfd_siginfo information;
    if (read(attach->signals, &information, sizeof information) != sizeof information)
        return;
    uint32_t number = information.ssi_signo;
    if (number == SIGWINCH || number == SIGCONT) {
        if (attach->terminal && attach->started)
            terminal_raw();
        send_size(attach);
    } else if (number == SIGTSTP) {
        /* The user's shell gets its terminal back as it was; SIGCONT makes it raw again. */
        terminal_restore();
        raise(SIGSTOP);
    } else if (attach->proxy) {
        attach->hung_up |= number == SIGHUP;
        frame_send(attach->socket, FRAME_SIGNAL, &number, sizeof number);
    } else
        attach->code = 128 + (int)number;
}

static void detach(struct attach *attach)
{
    terminal_restore();
    dprintf(2, "read escape sequence\n");
    plan_event(attach->plan, "detach", NULL);
    plan_exec_event(attach->plan, "exec_detach", NULL);
    attach->code = 0;
}

/* A raw terminal has no end of file: it has been closed. The command hears of it, as it would at a terminal of its own. */
static void lose_terminal(struct attach *attach)
{
    uint32_t number = SIGHUP;
    if (attach->proxy && !attach->hung_up)
        frame_send(attach->socket, FRAME_SIGNAL, &number, sizeof number);
    attach->code = 128 + SIGHUP;
}

static void take_input(struct attach *attach)
{
    unsigned char data[16384], out[sizeof data + MAXIMUM_KEYS];
    size_t length;
    size_t most = attach->window > MAXIMUM_KEYS ? attach->window - MAXIMUM_KEYS : 1;
    ssize_t n = read(0, data, most < sizeof data ? most : sizeof data);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0 && attach->terminal) {
        lose_terminal(attach);
        return;
    }
    if (n <= 0) {
        attach->input = false;
        frame_send(attach->socket, FRAME_CLOSE, NULL, 0);
        return;
    }
    if (!attach->terminal) {
        memcpy(out, data, (size_t)n);
        length = (size_t)n;
    } else if (detach_keys_filter(&attach->keys, data, (size_t)n, out, &length)) {
        detach(attach);
        return;
    }
    attach->window -= length < attach->window ? length : attach->window;
    if (length && frame_send(attach->socket, FRAME_INPUT, out, length) < 0)
        attach->input = false;
}

static void take_taken(struct attach *attach, const char *payload)
{
    uint32_t taken;
    memcpy(&taken, payload, sizeof taken);
    attach->window += taken;
}

/* Where no output is shown, this ends as soon as the input has been handed on: who wants to know more has the id. */
static bool only_feeds(const struct attach *attach)
{
    return !attach->shows[0] && !attach->shows[1];
}

static void take_output(struct attach *attach, bool error, const char *payload, size_t length)
{
    /* As if SIGPIPE had ended us, which is what a shell expects of a program whose reader has gone. */
    if (attach->shows[error] && write_all(error ? 2 : 1, payload, length) < 0)
        attach->code = errno == EPIPE ? 128 + SIGPIPE : EXIT_SKIFF;
}

static void take_start(struct attach *attach)
{
    attach->started = true;
    if (only_feeds(attach))
        dprintf(1, "%s\n", attach->id);
    if (attach->terminal)
        terminal_raw();
    send_size(attach);
}

static void report_loss(const struct attach *attach, const char *payload)
{
    uint64_t lost;
    memcpy(&lost, payload, sizeof lost);
    const char *end = attach->terminal ? "\r\n" : "\n";
    dprintf(2, "%sskiff: %llu bytes of output are missing here: they came faster than they were read; 'skiff logs' has them%s", end, (unsigned long long)lost, end);
}

static void take_frame(struct attach *attach)
{
    static char payload[FRAME_MAXIMUM];
    uint8_t type;
    uint32_t code;
    ssize_t length = frame_receive(attach->socket, &type, payload);
    if (length < 0 || type == 0) {
        terminal_restore();
        dprintf(2, "skiff: the container's monitor has gone, and the container with it\n");
        attach->code = 128 + SIGKILL;
    } else if (type == FRAME_OUTPUT || type == FRAME_ERROR) {
        take_output(attach, type == FRAME_ERROR, payload, (size_t)length);
    } else if (type == FRAME_STARTED) {
        take_start(attach);
    } else if (type == FRAME_TAKEN && length == 4) {
        take_taken(attach, payload);
    } else if (type == FRAME_LOST && length == 8) {
        report_loss(attach, payload);
    } else if (type == FRAME_EXIT && length == 4) {
        memcpy(&code, payload, sizeof code);
        attach->code = only_feeds(attach) ? 0 : (int)code;
    } else if (type == FRAME_FAILED) {
        terminal_restore();
        attach->code = attach_report_failure(payload, (size_t)length);
    }
}

int attach_run(int socket, const struct plan *plan)
{
    struct attach attach = {
        .plan = plan,
        .socket = socket,
        .signals = open_signals(),
        .terminal = plan_flag(plan, "tty") && isatty(0),
        .input = sends_input(plan),
        .proxy = plan_flag(plan, "sig-proxy") != 0,
        .window = FRAME_WINDOW,
        .keys = detach_keys_parse(plan_text(plan, "detach-keys", "ctrl-p,ctrl-q")),
        .shows = { shows(plan, 'o'), shows(plan, 'e') },
        .id = plan_text(plan, "id", ""),
        .code = -1,
    };
    while (attach.code < 0) {
        bool reading = attach.input && attach.window > MAXIMUM_KEYS && (attach.started || !attach.terminal);
        struct pollfd slots[] = {
            { .fd = socket, .events = POLLIN },
            { .fd = attach.signals, .events = POLLIN },
            { .fd = reading ? 0 : -1, .events = POLLIN },
        };
        if (poll(slots, 3, -1) < 0)
            continue;
        if (slots[1].revents)
            take_signal(&attach);
        if (slots[0].revents && attach.code < 0)
            take_frame(&attach);
        if (slots[2].revents && attach.code < 0)
            take_input(&attach);
        if (attach.code < 0 && attach.started && only_feeds(&attach) && !attach.input && attach.window == FRAME_WINDOW)
            attach.code = 0;
    }
    terminal_restore();
    return attach.code;
}

/* A program draws itself anew only when its window changes, so it is given another size for a moment, as by Docker. */
static void announce_redraw(int fd, const struct plan *plan)
{
    uint16_t size[2];
    if (!plan_flag(plan, "tty") || !terminal_size(size))
        return;
    size[0]++;
    size[1]++;
    frame_send(fd, FRAME_RESIZE, size, sizeof size);
}

/* skiff-helper attach PLAN: to a container that runs; the plan has its `socket`. */
int role_attach(int argc, char **argv)
{
    struct sockaddr_un address;
    if (argc != 2)
        die("usage: attach PLAN");
    close_from(3);
    attach_tie_to_parent();
    struct plan *plan = plan_read(argv[1]);
    unlink(argv[1]);
    autoclose int parent = control_address(plan_need(plan, "socket"), &address);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (parent < 0 || fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        die_errno("cannot reach the container's monitor");
    announce_redraw(fd, plan);
    attach_announce(fd, plan);
    return attach_run(fd, plan);
}
