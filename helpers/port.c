/*
 * skiff-helper port NETWORK-FILE: carries what comes to the published ports of one container. Fds: 3 a SOCK_SEQPACKET socket to the monitor, 4 the user's
 * network namespace. The first packet from the monitor has the ports of the process that this one stands in for, or an end of line. It says in one packet what it
 * has bound, or `CODE SENTENCE` and ends; a further packet from the monitor means that the file has changed.
 */
#include "port.h"
#include "roles.h"
#include "util.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { MONITOR_FD = 3, NETWORK_FD = 4, EVENTS = 64 };

int port_epoll = -1;
long long port_now;

static struct port_targets targets;
static struct listeners listeners;
static const char *network_file;

/* A listener's place in epoll. */
struct door {
    struct watched watched;
    const struct listener *listener;
};

bool port_watch(int fd, uint32_t events, struct watched *watched)
{
    struct epoll_event event = { .events = events, .data.ptr = watched };
    return epoll_ctl(port_epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void knock(struct watched *watched, uint32_t events)
{
    const struct listener *listener = ((struct door *)(void *)watched)->listener;
    (void)events;
    if (listener->udp)
        port_udp_receive(listener, &targets);
    else
        port_tcp_accept(listener, &targets);
}

static void hear(struct watched *watched, uint32_t events)
{
    char byte;
    (void)watched;
    (void)events;
    ssize_t n = recv(MONITOR_FD, &byte, 1, MSG_DONTWAIT);
    if (n > 0 && port_targets_read(&targets, network_file)) {
        port_tcp_end_all();
        port_udp_end_all();
    }
    if (n > 0)
        port_note(targets.file, &listeners);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        _exit(0);
}

static void open_doors(void)
{
    static struct watched monitor = { hear };
    struct door *doors = xmalloc((listeners.count + 1) * sizeof *doors);
    bool watched = port_watch(MONITOR_FD, EPOLLIN, &monitor);
    for (size_t i = 0; watched && i < listeners.count; i++) {
        doors[i] = (struct door){ { knock }, &listeners.list[i] };
        watched = port_watch(listeners.list[i].fd, EPOLLIN, &doors[i].watched);
    }
    if (!watched)
        die_errno("cannot watch the published ports");
}

static void tell(const char *text)
{
    if (send(MONITOR_FD, text, strlen(text), MSG_NOSIGNAL) < 0)
        _exit(EXIT_SKIFF); /* the monitor has gone */
}

/* To be freed. */
static char *hear_before(void)
{
    char *text = xmalloc(PORT_LIST_SIZE);
    ssize_t length = recv(MONITOR_FD, text, PORT_LIST_SIZE - 1, 0);
    if (length <= 0)
        _exit(EXIT_SKIFF);
    text[length] = 0;
    return text;
}

/* As many fds as this process may have. */
static size_t raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        die_errno("cannot ask for the limit of open files");
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur > INT32_MAX ? INT32_MAX : (size_t)limit.rlim_cur;
}

static void look_at_the_clock(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    port_now = time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

static _Noreturn void serve(void)
{
    struct epoll_event events[EVENTS];
    bool more = false;
    look_at_the_clock();
    for (;;) {
        int idle = port_udp_expire(), count = epoll_wait(port_epoll, events, EVENTS, more ? 0 : idle);
        look_at_the_clock();
        for (int i = 0; i < count; i++) {
            struct watched *watched = events[i].data.ptr;
            watched->ready(watched, events[i].events);
        }
        more = port_tcp_continue();
        port_tcp_sweep();
    }
}

int role_port(int argc, char **argv)
{
    if (argc != 2)
        die("usage: port NETWORK-FILE");
    network_file = argv[1];
    die_fd = MONITOR_FD;
    prctl(PR_SET_NAME, "skiff-port");
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    set_cloexec(MONITOR_FD, true);
    port_targets_read(&targets, network_file);
    size_t files = raise_limit();
    autofree char *before = hear_before(), *problem = port_listen(targets.file, before, &listeners);
    if (problem) {
        tell(problem);
        return EXIT_SKIFF;
    }
    autofree char *list = port_list(&listeners);
    if (strlen(list) >= PORT_LIST_SIZE)
        die("cannot publish so many ports that are no ranges: %zu", listeners.count);
    if (setns(NETWORK_FD, CLONE_NEWNET) < 0)
        die_errno("cannot enter your network namespace");
    close(NETWORK_FD);
    port_epoll = epoll_create1(EPOLL_CLOEXEC);
    if (port_epoll < 0)
        die_errno("cannot wait for connections");
    port_room = port_room_of(files, &listeners);
    if (port_room.connections == 0)
        die("cannot publish so many ports: they take all of the %zu open files that you may have; publish fewer, or have an administrator raise that limit (nofile)", files);
    open_doors();
    port_confine();
    tell(list);
    serve();
}
