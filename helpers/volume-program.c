#include "volume-program.h"
#include "frames.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOCKET = 3, SIGNALS, OWN_FDS, END_MS = 10000 };

static struct {
    const struct volume_program *program;
    bool capable;
    pid_t pid;
    int fuse;
} self;

/* As little as it needs: mount(2) asks for one capability. */
static void keep_rights(void)
{
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (self.capable && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0) < 0)
        die_errno("cannot keep the right to mount");
}

static _Noreturn void exec_program(int words, int fuse)
{
    sigset_t none;
    int high_words = fcntl(words, F_DUPFD_CLOEXEC, 20), high_fuse = fuse < 0 ? -1 : fcntl(fuse, F_DUPFD_CLOEXEC, 20);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int signal_number = SIGHUP; signal_number <= SIGPIPE; signal_number++)
        signal(signal_number, SIG_DFL);
    null_stdio(1);
    dup2(high_words, 1);
    dup2(high_words, 2);
    /* Everything else is closed by execve(2). */
    if (high_fuse >= 0)
        dup2(high_fuse, PROGRAM_FUSE_FD);
    keep_rights();
    /* Should its parent be killed. Changes of capabilities clear it, so it comes after them; prctl(2). */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    execve(self.program->arguments[0], self.program->arguments, self.program->environment);
    dprintf(2, "cannot run %s: %s\n", self.program->arguments[0], errno_words(errno));
    _exit(127);
}

static void tell_end(int status)
{
    struct program_packet packet = { .type = PROGRAM_ENDED, .value = status };
    self.pid = 0;
    packet_send(SOCKET, &packet, sizeof packet, -1);
}

static void start(int words)
{
    pid_t pid = fork();
    if (pid == 0)
        exec_program(words, self.fuse);
    close_fd(&self.fuse);
    self.pid = pid;
    if (pid < 0)
        tell_end(127 << 8);
}

static void reap(void)
{
    struct signalfd_siginfo information;
    int status;
    pid_t pid;
    while (read(SIGNALS, &information, sizeof information) > 0)
        ;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == self.pid)
            tell_end(status);
}

/* Nobody is left who wants it. */
static _Noreturn void end(void)
{
    if (self.pid > 0)
        kill(self.pid, SIGTERM);
    for (int waited = 0; self.pid > 0 && waited < END_MS; waited += 10) {
        usleep(10000);
        reap();
    }
    if (self.pid > 0)
        kill(self.pid, SIGKILL);
    _exit(0);
}

static void take_packet(void)
{
    struct program_packet packet = { 0 };
    int fd = -1;
    if (packet_receive(SOCKET, &packet, sizeof packet, &fd) <= 0)
        end();
    if (packet.type == PROGRAM_FUSE) {
        close_fd(&self.fuse);
        self.fuse = fd;
        return;
    }
    if (packet.type == PROGRAM_START && self.pid == 0)
        start(fd);
    else if (packet.type == PROGRAM_SIGNAL && self.pid > 0)
        kill(self.pid, packet.value);
    close_fd(&fd);
}

static _Noreturn void look_after(int socket)
{
    sigset_t set;
    prctl(PR_SET_NAME, "skiff-volume");
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    dup3(fcntl(socket, F_DUPFD_CLOEXEC, 20), SOCKET, O_CLOEXEC);
    dup3(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), SIGNALS, O_CLOEXEC);
    close_from(OWN_FDS);
    for (;;) {
        struct pollfd slots[2] = { { .fd = SOCKET, .events = POLLIN }, { .fd = SIGNALS, .events = POLLIN } };
        if (poll(slots, 2, -1) < 0)
            continue;
        if (slots[1].revents)
            reap();
        if (slots[0].revents)
            take_packet();
    }
}

int program_look_after(const struct volume_program *program, int capable)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        die_errno("cannot make a socket");
    pid_t pid = fork();
    if (pid < 0)
        die_errno("cannot start a process");
    if (pid == 0) {
        die_fd = -1;
        self.program = program;
        self.capable = capable;
        self.fuse = -1;
        look_after(ends[1]);
    }
    close(ends[1]);
    return ends[0];
}
