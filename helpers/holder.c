#include "holder.h"
#include "endpoint.h"
#include "firewall.h"
#include "frames.h"
#include "lifeline.h"
#include "link.h"
#include "netlink.h"
#include "slirp.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Fields of the record behind its name. */
enum { UIDS = 1, GIDS, CIDR, DNS, CIDR6, DNS6, PROGRAM };

/* The holder's own fds; those from READY on until it is in its namespaces. LOCK is the lock of keeper_lock(): whoever comes meanwhile waits. */
enum { RUNTIME = 3, FIFO, KEEPER, READY, KEEPER_USERNS, FORMER_NETNS, LOCK, HOLDER_FDS };

/* Generous: a kernel that loads its modules of nftables for the first time, on a busy machine, takes its time. */
enum { AWAIT_MS = 90000, DYING_MS = 5000 };

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

static _Noreturn void take_place(const struct record *record, bool repairs);

static void take_number(int fd, int number)
{
    if (fd >= 0)
        dup3(fd, number, O_CLOEXEC);
    close_fd(&fd);
}

/* Whether the FIFO is still the one that the holder had: one that ends as it should takes it away first. */
static bool is_left(void)
{
    struct stat mine, named;
    return fstat(FIFO, &mine) == 0 && fstatat(RUNTIME, "network", &named, AT_SYMLINK_NOFOLLOW) == 0 && mine.st_ino == named.st_ino && mine.st_dev == named.st_dev;
}

/* Whether nobody reads it, as soon as the kernel has closed everything of the holder's, which it does in an order of its own. A successor reads it for good. */
static bool is_orphaned(void)
{
    for (int waited = 0; waited < DYING_MS && is_left(); waited++) {
        if (lifeline_is_broken(RUNTIME, "network"))
            return true;
        usleep(1000);
    }
    return false;
}

/*
 * The holder is gone. Where it has not ended as it should, and nobody else has been faster, this process is the next one, at once: containers shall not be without a way
 * out until somebody calls a command.
 */
static _Noreturn void follow(const struct record *record)
{
    /* Without the lock first: it is a file, which nobody would take away again. */
    if (!is_orphaned() || !lifeline_is_needed(RUNTIME, "network"))
        _exit(0);
    take_number(keeper_lock(RUNTIME), LOCK);
    if (!is_left() || !lifeline_is_broken(RUNTIME, "network"))
        _exit(0);
    take_number(openat(RUNTIME, "network", O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW), FIFO);
    /* Where the keeper has been killed as well, those who are here now hold the next one. */
    take_number(openat(RUNTIME, "keeper", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW), KEEPER);
    take_place(record, true);
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
    take_number(netns, FORMER_NETNS);
    for (;;) {
        struct pollfd gone = { .fd = exit };
        int ready = open("/dev/null", O_WRONLY | O_CLOEXEC), status;
        pid_t pid = fork();
        if (pid == 0)
            exec_slirp(record, (int[]){ ready, exit, FORMER_NETNS });
        close_fd(&ready);
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
        if (poll(&gone, 1, 0) > 0)
            break;
        usleep(SLIRP_AGAIN_US);
    }
    close(socket);
    close(exit);
    follow(record);
}

/* What the holder has and the other one has not; its numbers stay taken. Of the FIFO it keeps what makes it neither reader nor writer, and the inode nobody else's. */
static void give_up_fds(void)
{
    take_number(open("/proc/self/fd/4", O_PATH | O_CLOEXEC), FIFO);
    static const int fds[] = { KEEPER, READY, KEEPER_USERNS, FORMER_NETNS, LOCK };
    autoclose int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        dup3(nothing, fds[i], O_CLOEXEC);
}

/* Returns the socket that waits for the namespace, and is at its end when that process has been killed; `*exit` has to stay open. */
static int start_slirp(const struct record *record, int *exit)
{
    int sockets[2], ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0 || pipe2(ends, O_CLOEXEC) < 0)
        die_errno("cannot make a socket for slirp4netns");
    pid_t pid = fork();
    if (pid < 0)
        die_errno("cannot start slirp4netns");
    if (pid == 0) {
        die_hook = NULL;
        die_fd = -1;
        give_up_fds();
        close(sockets[0]);
        close(ends[1]);
        keep_slirp(record, sockets[1], ends[0]);
    }
    close(sockets[1]);
    close(ends[0]);
    *exit = ends[1];
    return sockets[0];
}

/* A new namespace, or that of a holder that was killed; there the bridges and what ports own are kept, and everything else is set once more. */
static void enter_namespace(const struct record *record, bool repairs, int slirp)
{
    char **f = record->fields;
    struct link lo;
    if (repairs ? setns(FORMER_NETNS, CLONE_NEWNET) < 0 : unshare(CLONE_NEWNET) < 0)
        die_errno(repairs ? "cannot enter the network namespace of your containers, whose holder was killed" : "cannot make a network namespace");
    autoclose int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd = netlink_open(-1, NETLINK_ROUTE);
    if (own < 0 || fd < 0 || link_find(fd, "lo", &lo) < 0 || link_up(fd, lo.index, true) < 0)
        die_errno("cannot begin with the user's network namespace");
    if (write_file(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", "1") < 0)
        die_errno("cannot have packets forwarded");
    (void)write_file(AT_FDCWD, "/proc/sys/net/ipv6/conf/all/forwarding", "1"); /* there may be no IPv6 */
    /* Nobody is in there yet: it may begin beside what follows. */
    if (packet_send(slirp, "", 1, own) < 0)
        die_errno("cannot hand the network namespace to slirp4netns");
    char *words = firewall_load(-1, f[CIDR], f[DNS], f[CIDR6], f[DNS6]);
    if (words)
        die("%s", words);
}

/* Devices go by themselves, with the containers that had them; what the firewall knows of them goes here. */
static void take_links(int links)
{
    char told[16 * 1024];
    while (recv(links, told, sizeof told, MSG_DONTWAIT) > 0 || errno == ENOBUFS)
        errno = 0;
    firewall_sweep(-1, 0);
}

void holder_remove(int runtime, int fifo)
{
    if (lifeline_remove(runtime, "network", fifo))
        unlinkat(runtime, "network.plan", 0);
}

/* A plan with nothing else in it; by rename, because it may be the one that was read. */
static void keep_record(int runtime, const struct record *record)
{
    autoclose int fd = openat(runtime, "network.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int written = fd < 0 ? -1 : dprintf(fd, "1%cskiff-plan-1%c%zu%c", 0, 0, record->count, 0);
    for (size_t i = 0; written >= 0 && i < record->count; i++)
        written = write_all(fd, record->fields[i], strlen(record->fields[i]) + 1);
    if (written < 0 || renameat(runtime, "network.new", runtime, "network.plan") < 0)
        die_errno("cannot write network.plan in the runtime directory");
}

/* Until nobody holds a write end; then it goes, taking its files and, with itself, namespace and slirp4netns along. */
static _Noreturn void hold(bool repairs, int slirp)
{
    struct pollfd slots[3] = { { .fd = FIFO, .events = POLLIN }, { .fd = egress_watch(-1), .events = POLLIN }, { .fd = slirp } };
    if (repairs)
        take_links(slots[1].fd); /* what has gone while nobody held it */
    for (;;) {
        char byte[64];
        if (poll(slots, 3, -1) < 0)
            continue;
        if (slots[1].revents)
            take_links(slots[1].fd);
        if (slots[2].revents)
            slots[2].fd = -1;
        /* Nobody is left who could start slirp4netns again: another one in our place can. */
        if (slots[2].fd < 0 && !egress_is_up(slots[1].fd))
            _exit(1);
        if (!slots[0].revents || read(FIFO, byte, sizeof byte) != 0)
            continue;
        autoclose int lock = keeper_lock(RUNTIME);
        if (read(FIFO, byte, sizeof byte) != 0)
            continue; /* somebody came while we waited for the lock */
        holder_remove(RUNTIME, FIFO);
        _exit(0);
    }
}

/* The namespace that has the rights over that of a killed holder is its own user namespace, below the keeper's: ioctl_ns(2). */
static void enter_former(bool single)
{
    autoclose int userns = ioctl(FORMER_NETNS, NS_GET_USERNS);
    if (userns < 0)
        die_errno("cannot find the user namespace of your containers' network");
    join_child_namespace(userns, single);
}

static void enter_user_namespace(const struct record *record, bool repairs, bool single)
{
    struct keeper held = { .userns = KEEPER_USERNS, .alive = KEEPER };
    if (repairs) {
        enter_former(single);
        return;
    }
    keeper_enter(&held);
    enter_child_namespace(record->fields[UIDS], record->fields[GIDS], single);
}

/* Who waits for it hears why it ends; what it has repaired is still needed. */
static void die_before_ready(int code, const char *text)
{
    (void)code;
    holder_remove(RUNTIME, FIFO);
    dprintf(READY, "%s", text);
}

static void die_in_repair(int code, const char *text)
{
    (void)code;
    dprintf(READY, "%s", text);
}

/* `given` are the fds from RUNTIME to LOCK; -1 for FORMER_NETNS: a new namespace. */
static _Noreturn void holder_main(const struct record *record, bool single, const int given[HOLDER_FDS - RUNTIME])
{
    int high[HOLDER_FDS - RUNTIME];
    bool repairs = given[FORMER_NETNS - RUNTIME] >= 0;
    die_hook = NULL;
    null_stdio(7);
    for (int i = 0; i < HOLDER_FDS - RUNTIME; i++)
        high[i] = fcntl(given[i] < 0 ? 0 : given[i], F_DUPFD_CLOEXEC, 20);
    for (int i = 0; i < HOLDER_FDS - RUNTIME; i++)
        dup3(high[i], RUNTIME + i, O_CLOEXEC);
    close_from(HOLDER_FDS);
    die_hook = repairs ? die_in_repair : die_before_ready;
    setsid();
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    enter_user_namespace(record, repairs, single);
    /* Those who hold it open its namespaces by its pid. */
    prctl(PR_SET_DUMPABLE, 1);
    prctl(PR_SET_NAME, "skiff-network");
    if (chdir("/") < 0)
        die_errno("cannot leave the current directory");
    take_place(record, repairs);
}

/* In the user namespace, with all fds of a holder, under the lock. */
static _Noreturn void take_place(const struct record *record, bool repairs)
{
    int exit = -1, slirp = start_slirp(record, &exit);
    enter_namespace(record, repairs, slirp);
    lifeline_write_pid(RUNTIME, "network", getpid());
    autoclose int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (own < 0)
        die_errno("cannot open the user's network namespace");
    /* Should nobody wait any more, hold() finds out. */
    (void)packet_send(READY, "", 1, own);
    close_fd(&own);
    die_hook = NULL;
    for (int fd = READY; fd < HOLDER_FDS; fd++)
        close(fd);
    hold(repairs, slirp);
}

/* With `former` >= 0 in that namespace. Returns the socket for holder_await. */
static int start_holder(const struct record *record, const struct keeper_settings *settings, const struct keeper *keeper, int runtime, int lock, const struct lifeline *line)
{
    int ready[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ready) < 0)
        die_errno("cannot make a socket");
    pid_t pid = fork();
    if (pid < 0)
        die_errno("cannot start the network holder");
    if (pid == 0)
        holder_main(record, !settings->newuidmap[0], (int[]){ runtime, line->fifo, keeper->alive, ready[1], keeper->userns, line->namespace, lock });
    close(ready[1]);
    return ready[0];
}

int holder_await(int *ready, char **words)
{
    char text[2048];
    int netns = -1;
    struct pollfd slot = { .fd = *ready, .events = POLLIN };
    int came;
    while ((came = poll(&slot, 1, AWAIT_MS)) < 0 && errno == EINTR)
        ;
    ssize_t length = came > 0 ? packet_receive(*ready, text, sizeof text - 1, &netns) : -1;
    close_fd(ready);
    if (netns >= 0)
        return netns;
    text[length > 0 ? length : 0] = 0;
    *words = xasprintf("%s", text[0] ? text : came == 0 ? "the network holder has not begun in a minute and a half; this machine may be too busy" : "the network holder ended before it had a namespace");
    return -1;
}

struct holder holder_acquire(const struct plan *plan, const struct keeper_settings *settings, const struct keeper *keeper)
{
    const struct record *record = plan_find(plan, "network-holder", PROGRAM);
    struct holder holder = { -1, -1, -1 };
    if (!record)
        return holder;
    autoclose int runtime = open(settings->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (runtime < 0)
        die_errno("cannot open the runtime directory %s", settings->runtime);
    autoclose int lock = keeper_lock(runtime);
    struct lifeline line = lifeline_find(runtime, "network", "net");
    holder.alive = line.alive;
    if (line.fifo < 0) {
        holder.netns = line.namespace;
        return holder;
    }
    keep_record(runtime, record);
    holder.ready = start_holder(record, settings, keeper, runtime, lock, &line);
    close_fd(&line.fifo);
    close_fd(&line.namespace);
    return holder;
}
