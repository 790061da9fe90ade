#include "holder.h"
#include "endpoint.h"
#include "firewall.h"
#include "frames.h"
#include "link.h"
#include "netlink.h"
#include "slirp.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Fields of the record behind its name. */
enum { UIDS = 1, GIDS, CIDR, DNS, CIDR6, DNS6, PROGRAM };

/* The holder's own fds. */
enum { RUNTIME = 3, FIFO, KEEPER, READY, HOLDER_FDS };

/* Not so often that a program which ends at once keeps a processor busy. */
enum { SLIRP_AGAIN_US = 100000 };

static _Noreturn void exec_slirp(const struct record *record, const int given[3])
{
    size_t count = record->count - PROGRAM;
    char **arguments = xmalloc((count + 1) * sizeof *arguments), *environment[] = { NULL };
    int high[3];
    memcpy(arguments, record->fields + PROGRAM, count * sizeof *arguments);
    arguments[count] = NULL;
    for (int i = 0; i < 3; i++)
        high[i] = fcntl(given[i], F_DUPFD_CLOEXEC, 20);
    for (int i = 0; i < 3; i++)
        dup2(high[i], SLIRP_READY_FD + i);
    execve(record->fields[PROGRAM], arguments, environment);
    _exit(127);
}

/*
 * In a process that stays in the host's network namespace, for there is no way back to it: slirp4netns for the namespace that comes by `socket`, again and again
 * until the holder, which has the other end of `exit`, is gone.
 */
static _Noreturn void keep_slirp(const struct record *record, int socket, int exit)
{
    char byte;
    int netns = -1;
    if (packet_receive(socket, &byte, 1, &netns) <= 0 || netns < 0)
        _exit(1);
    for (;;) {
        struct pollfd gone = { .fd = exit };
        int ready = open("/dev/null", O_WRONLY | O_CLOEXEC), status;
        pid_t pid = fork();
        if (pid == 0)
            exec_slirp(record, (int[]){ ready, exit, netns });
        close_fd(&ready);
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
        if (poll(&gone, 1, 0) > 0)
            _exit(0);
        usleep(SLIRP_AGAIN_US);
    }
}

/* Returns the socket that waits for the namespace; `*exit` has to stay open. */
static int start_slirp(const struct record *record, int *exit)
{
    int sockets[2], ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0 || pipe2(ends, O_CLOEXEC) < 0)
        die_errno("cannot make a socket for slirp4netns");
    pid_t pid = fork();
    if (pid < 0)
        die_errno("cannot start slirp4netns");
    if (pid == 0) {
        for (int fd = RUNTIME; fd < HOLDER_FDS; fd++)
            close(fd);
        close(sockets[0]);
        close(ends[1]);
        keep_slirp(record, sockets[1], ends[0]);
    }
    close(sockets[1]);
    close(ends[0]);
    *exit = ends[1];
    return sockets[0];
}

static void make_namespace(const struct record *record, int slirp)
{
    char **f = record->fields;
    struct link lo;
    if (unshare(CLONE_NEWNET) < 0)
        die_errno("cannot make a network namespace");
    autoclose int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd = netlink_open(-1, NETLINK_ROUTE);
    if (own < 0 || fd < 0 || link_find(fd, "lo", &lo) < 0 || link_up(fd, lo.index, true) < 0)
        die_errno("cannot begin with the user's network namespace");
    if (write_file(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", "1") < 0)
        die_errno("cannot have packets forwarded");
    (void)write_file(AT_FDCWD, "/proc/sys/net/ipv6/conf/all/forwarding", "1"); /* there may be no IPv6 */
    char *words = firewall_load(-1, f[CIDR], f[DNS], f[CIDR6], f[DNS6]);
    if (words)
        die("%s", words);
    if (packet_send(slirp, "", 1, own) < 0)
        die_errno("cannot hand the network namespace to slirp4netns");
}

static void write_pid(void)
{
    char text[64];
    autoclose int fd = openat(RUNTIME, "network.pid", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int length = snprintf(text, sizeof text, "%d %llu\n", getpid(), process_start_time(getpid()));
    if (fd < 0 || write_all(fd, text, (size_t)length) < 0)
        die_errno("cannot write the pid file of the network holder");
}

/* Devices go by themselves, with the containers that had them; what the firewall knows of them goes here. */
static void take_links(int links)
{
    char told[16 * 1024];
    while (recv(links, told, sizeof told, MSG_DONTWAIT) > 0 || errno == ENOBUFS)
        errno = 0;
    firewall_sweep(-1, 0);
}

/* Until nobody holds a write end; then it goes, taking its files and, with itself, namespace and slirp4netns along. */
static _Noreturn void hold(void)
{
    struct pollfd slots[2] = { { .fd = FIFO, .events = POLLIN }, { .fd = egress_watch(-1), .events = POLLIN } };
    for (;;) {
        char byte[64];
        if (poll(slots, 2, -1) < 0)
            continue;
        if (slots[1].revents)
            take_links(slots[1].fd);
        if (!slots[0].revents || read(FIFO, byte, sizeof byte) != 0)
            continue;
        autoclose int lock = keeper_lock(RUNTIME);
        if (read(FIFO, byte, sizeof byte) != 0)
            continue; /* somebody came while we waited for the lock */
        unlinkat(RUNTIME, "network", 0);
        unlinkat(RUNTIME, "network.pid", 0);
        _exit(0);
    }
}

static _Noreturn void holder_main(const struct record *record, const struct keeper_settings *settings, const struct keeper *keeper, int runtime, int fifo, int ready)
{
    int given[] = { runtime, fifo, keeper->alive, ready, keeper->userns }, high[5], exit = -1;
    die_hook = NULL;
    null_stdio(7);
    for (int i = 0; i < 5; i++)
        high[i] = fcntl(given[i], F_DUPFD_CLOEXEC, 20);
    for (int i = 0; i < 5; i++)
        dup3(high[i], RUNTIME + i, O_CLOEXEC);
    close_from(RUNTIME + 5);
    die_fd = READY;
    setsid();
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    struct keeper held = { .userns = HOLDER_FDS, .alive = KEEPER };
    keeper_enter(&held);
    close(HOLDER_FDS);
    enter_child_namespace(record->fields[UIDS], record->fields[GIDS], !settings->newuidmap[0]);
    /* Those who hold it open its namespaces by its pid. */
    prctl(PR_SET_DUMPABLE, 1);
    prctl(PR_SET_NAME, "skiff-network");
    if (chdir("/") < 0)
        die_errno("cannot leave the current directory");
    autoclose int slirp = start_slirp(record, &exit);
    make_namespace(record, slirp);
    write_pid();
    close_fd(&slirp);
    if (write_all(READY, "", 1) < 0)
        _exit(1);
    close(READY);
    hold();
}

static int living_holder(int runtime)
{
    int pid = 0;
    unsigned long long start = 0;
    char path[64];
    autofree char *text = read_file(runtime, "network.pid", 64, NULL);
    if (!text || sscanf(text, "%d %llu", &pid, &start) != 2 || pid <= 0 || process_start_time(pid) != start)
        return -1;
    snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static void start_holder(const struct record *record, const struct keeper_settings *settings, const struct keeper *keeper, int runtime, int fifo)
{
    int ready[2];
    char words[1024];
    if (pipe2(ready, O_CLOEXEC) < 0)
        die_errno("cannot make a pipe");
    pid_t pid = fork();
    if (pid < 0)
        die_errno("cannot start the network holder");
    if (pid == 0)
        holder_main(record, settings, keeper, runtime, fifo, ready[1]);
    close(ready[1]);
    ssize_t length = read(ready[0], words, sizeof words - 1);
    close(ready[0]);
    if (length == 1 && !words[0])
        return;
    unlinkat(runtime, "network", 0);
    unlinkat(runtime, "network.pid", 0);
    words[length > 0 ? length : 0] = 0;
    die("%s", length > 0 && strchr(words, ' ') ? strchr(words, ' ') + 1 : "the network holder ended before it had a namespace");
}

struct holder holder_acquire(const struct plan *plan, const struct keeper_settings *settings, const struct keeper *keeper)
{
    const struct record *record = plan_find(plan, "network-holder", PROGRAM);
    struct holder holder = { -1, -1 };
    if (!record)
        return holder;
    autoclose int runtime = open(settings->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (runtime < 0)
        die_errno("cannot open the runtime directory %s", settings->runtime);
    autoclose int lock = keeper_lock(runtime);
    holder.alive = openat(runtime, "network", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (holder.alive >= 0 && (holder.netns = living_holder(runtime)) >= 0)
        return holder;
    if (holder.alive < 0 && errno == ENOENT && mkfifoat(runtime, "network", 0600) < 0)
        die_errno("cannot make the FIFO of the network holder");
    autoclose int fifo = openat(runtime, "network", O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (holder.alive < 0)
        holder.alive = openat(runtime, "network", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (fifo < 0 || holder.alive < 0)
        die_errno("cannot open the FIFO of the network holder");
    start_holder(record, settings, keeper, runtime, fifo);
    if ((holder.netns = living_holder(runtime)) < 0)
        die_errno("cannot open the user's network namespace");
    return holder;
}
