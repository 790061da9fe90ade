/* What carries a container's published ports (port.c): started while its networks are made, once more where it is killed, ended with the run. */
#include "monitor-parts.h"
#include "monitor-network.h"
#include "port.h"
#include "util.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LIVES_MS = 1000, /* one that ends sooner has not begun well */
    TRIES = 10,      /* as often in a row, and it is not started again */
    CHANGE_MS = 10000,
    END_MS = 2000,   /* it takes no millisecond */
};

static bool wants_ports(const struct plan *file)
{
    return plan_find(file, "publish", 5) && plan_find(file, "port-target", 2);
}

/* The ports of the process before, from which this one shall not differ, or none. */
static void start(void)
{
    char *path = (char *)(uintptr_t)plan_need(self.plan, "network-file");
    char *arguments[] = { "skiff-helper", "port", path, NULL };
    const char *before = self.ports.list ? self.ports.list : "\n";
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        die_errno("cannot make a socket");
    self.ports.began = monitor_now();
    self.ports.answered = false;
    self.ports.pid = fork();
    if (self.ports.pid < 0)
        die_errno("cannot start what carries the published ports");
    if (self.ports.pid == 0)
        monitor_exec(-1, -1, -1, ends[1], MONITOR_HOLDER_NETNS, arguments);
    close(ends[1]);
    self.ports.socket = ends[0];
    send(ends[0], before, strlen(before), MSG_NOSIGNAL);
}

static void forget_list(void)
{
    free(self.ports.list);
    self.ports.list = NULL;
    self.state.ports = NULL;
}

static void note_list(void)
{
    self.state.ports = self.ports.list;
    if (self.started && self.directory >= 0)
        state_write(self.directory, &self.state); /* a full disk makes it stale, and ends nothing */
}

/* Also that of one that was killed. The directory goes with the last. */
static void remove_note(void)
{
    if (!self.ports.note)
        return;
    unlink(self.ports.note);
    *strrchr(self.ports.note, '/') = 0;
    rmdir(self.ports.note);
    free(self.ports.note);
    self.ports.note = NULL;
}

/* Before the command runs, that is the end of the start. Later the container goes on without published ports, and does not say that it has any. */
static void give_up(const char *words)
{
    forget_list();
    remove_note();
    if (self.started) {
        note_list();
        return;
    }
    monitor_note_failure(EXIT_SKIFF, words);
    if (!self.exited)
        kill(self.pid, SIGKILL);
}

static void start_again(void)
{
    self.ports.tries = monitor_now() - self.ports.began < LIVES_MS ? self.ports.tries + 1 : 0;
    if (self.ports.tries < TRIES)
        start();
    else
        give_up("cannot publish ports: the process that carries them is killed again and again");
}

static void start_first(const struct plan *file)
{
    const struct record *holders = plan_find(file, "port-holders", 3);
    self.ports.tries = 0;
    self.ports.note = holders ? xasprintf("%s/%s", holders->fields[1], holders->fields[2]) : NULL;
    start();
}

void ports_start(const struct plan *file)
{
    if (self.ports.pid <= 0 && wants_ports(file))
        start_first(file);
}

bool ports_are_awaited(void)
{
    return self.ports.socket >= 0 && !self.ports.answered;
}

int monitor_ports_socket(void)
{
    return self.network.file ? self.ports.socket : -1;
}

/* Takes one packet. A sentence to be freed, or NULL; `ended` where it was the end. */
static char *hear(bool *ended)
{
    char *text = xmalloc(PORT_LIST_SIZE);
    ssize_t length = recv(self.ports.socket, text, PORT_LIST_SIZE - 1, MSG_DONTWAIT);
    *ended = length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR);
    if (length > 0 && text[0] >= '0' && text[0] <= '9') {
        text[length] = 0;
        autofree char *said = text;
        const char *words = strchr(said, ' ');
        return xasprintf("%s", words ? words + 1 : said);
    }
    if (length > 0) {
        text[length] = 0;
        free(self.ports.list);
        self.ports.list = text;
        self.ports.answered = true;
        note_list();
    } else
        free(text);
    return NULL;
}

/* Both its socket and its exit code have to be taken before another one is started, in either order. */
void monitor_take_ports(void)
{
    bool ended;
    autofree char *words = hear(&ended);
    if (words) {
        ports_end();
        give_up(words);
    } else if (ended) {
        close_fd(&self.ports.socket);
        if (self.ports.pid > 0)
            kill(self.ports.pid, SIGKILL);
        else if (!self.exited)
            start_again();
    } else if (self.ports.answered && !self.started)
        network_go_on();
}

void ports_note(pid_t pid)
{
    if (pid != self.ports.pid || pid <= 0)
        return;
    self.ports.pid = 0;
    if (self.ports.socket < 0 && !self.exited)
        start_again();
}

char *ports_begin_change(const struct plan *now)
{
    bool ended = false;
    if (self.ports.pid > 0 || !wants_ports(now))
        return NULL;
    start_first(now);
    struct pollfd slot = { .fd = self.ports.socket, .events = POLLIN };
    char *words = poll(&slot, 1, CHANGE_MS) == 1 ? hear(&ended) : xasprintf("the published ports were not opened within %d s", CHANGE_MS / 1000);
    if (!words && !self.ports.answered)
        words = xasprintf("the process that carries the published ports was killed");
    if (words)
        ports_end();
    return words;
}

void ports_end_change(const struct plan *now)
{
    if (self.ports.pid <= 0)
        return;
    if (wants_ports(now)) {
        send(self.ports.socket, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        return;
    }
    ports_end();
    note_list();
}

void ports_end(void)
{
    if (self.ports.pid > 0) {
        struct pollfd slot = { .fd = self.ports.socket, .events = 0 }; /* POLLHUP comes unasked */
        if (self.ports.socket >= 0 && shutdown(self.ports.socket, SHUT_WR) == 0)
            poll(&slot, 1, END_MS);
        kill(self.ports.pid, SIGKILL);
        while (waitpid(self.ports.pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    self.ports.pid = 0;
    self.ports.tries = 0;
    close_fd(&self.ports.socket);
    forget_list();
    remove_note();
}
