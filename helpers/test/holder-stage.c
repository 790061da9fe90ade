#include "holder-stage.h"
#include "check.h"
#include "endpoint.h"
#include "fake-slirp.h"
#include "link.h"
#include "netlink.h"
#include "util.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000 };

char runtime[] = "/tmp/skiff-holder-test-XXXXXX", log_path[128];
static char program[4096];
static struct keeper_settings settings;

char *path_of(const char *name)
{
    return xasprintf("%s/%s", runtime, name);
}

size_t told(char what)
{
    autofree char *text = read_file(AT_FDCWD, log_path, 1 << 20, NULL);
    size_t count = 0;
    for (const char *c = text; c && *c; c++)
        count += *c == what;
    return count;
}

bool wait_until(bool (*holds)(void))
{
    for (int waited = 0; waited < PATIENCE_MS; waited += 5) {
        if (holds())
            return true;
        usleep(5000);
    }
    return false;
}

/* A plan of one record; with a `mode` of slirp4netns. */
static struct plan *plan_with(const char *mode)
{
    static char text[16384]; /* a plan points into it */
    char ids[2][64];
    snprintf(ids[0], sizeof ids[0], "0 %u 1\n", getuid());
    snprintf(ids[1], sizeof ids[1], "0 %u 1\n", getgid());
    const char *fields[] = { "network-holder", ids[0], ids[1], "198.19.255.0/24", "198.19.255.3", "fd00::/64", "fd00::3", program, "slirp", mode, log_path };
    size_t used = (size_t)sprintf(text, "1%cskiff-plan-1%c%zu%c", 0, 0, sizeof fields / sizeof *fields, 0);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        used += (size_t)sprintf(text + used, "%s", fields[i]) + 1;
    struct plan *plan = plan_parse(text, used);
    check(plan);
    return plan;
}

struct both acquire(const char *mode)
{
    autofree struct plan *plan = plan_with(mode);
    struct both both;
    both.keeper = keeper_acquire(&settings);
    both.holder = holder_acquire(plan, &settings, &both.keeper);
    char *words = NULL;
    if (both.holder.ready >= 0)
        both.holder.netns = holder_await(&both.holder.ready, &words);
    check(!words);
    check(both.holder.netns >= 0 && both.holder.alive >= 0 && both.keeper.userns >= 0 && both.keeper.alive >= 0);
    return both;
}

void let_go(struct both *both)
{
    close_fd(&both->holder.netns);
    close_fd(&both->holder.alive);
    close_fd(&both->keeper.userns);
    close_fd(&both->keeper.alive);
}

ino_t inode(int fd)
{
    struct stat status;
    check(fstat(fd, &status) == 0);
    return status.st_ino;
}

pid_t pid_in(const char *name)
{
    int pid = 0;
    autofree char *path = path_of(name), *text = read_file(AT_FDCWD, path, 64, NULL);
    check(text && sscanf(text, "%d", &pid) == 1 && pid > 0);
    return pid;
}

void kill_one(const char *name)
{
    pid_t pid = pid_in(name);
    unsigned long long start = process_start_time(pid);
    check(kill(pid, SIGKILL) == 0);
    while (process_start_time(pid) == start && process_state(pid) != 'Z')
        usleep(1000);
}

pid_t companion_of(pid_t holder)
{
    for (pid_t pid = holder + 1; pid < holder + 10000; pid++)
        if (process_parent(pid) == holder && process_state(pid) != 'Z')
            return pid;
    return 0;
}

void kill_holder(void)
{
    pid_t companion = companion_of(pid_in("network.pid"));
    check(companion > 0 && kill(companion, SIGKILL) == 0);
    kill_one("network.pid");
}

bool is_clean(void)
{
    static const char *const names[] = { "keeper", "keeper.pid", "keeper.lock", "network", "network.pid", "network.plan" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        autofree char *path = path_of(names[i]);
        if (access(path, F_OK) == 0)
            return false;
    }
    return true;
}

bool has_egress(int netns)
{
    pid_t pid = fork();
    int status = 0;
    check(pid >= 0);
    if (pid == 0) {
        int userns = ioctl(netns, NS_GET_USERNS);
        check(userns >= 0 && setns(userns, CLONE_NEWUSER) == 0 && setns(netns, CLONE_NEWNET) == 0);
        int fd = egress_watch(-1);
        check(fd >= 0);
        _exit(egress_is_up(fd) ? 0 : 1);
    }
    check(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status) == 0;
}

void take_tap_away(int netns)
{
    pid_t pid = fork();
    int status = 0;
    check(pid >= 0);
    if (pid == 0) {
        int userns = ioctl(netns, NS_GET_USERNS);
        check(userns >= 0 && setns(userns, CLONE_NEWUSER) == 0 && setns(netns, CLONE_NEWNET) == 0);
        int fd = netlink_open(-1, NETLINK_ROUTE);
        _exit(link_delete(fd, "tap0") == 0 ? 0 : 1);
    }
    check(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int netns_looked_at = -1;
bool is_out(void)
{
    return has_egress(netns_looked_at);
}

void stage_begin(int argc, char **argv)
{
    static char uids[64], gids[64];
    if (argc > 3 && strcmp(argv[1], "slirp") == 0)
        fake_slirp(argv[2], argv[3]);
    check(mkdtemp(runtime) && readlink("/proc/self/exe", program, sizeof program - 1) > 0);
    snprintf(log_path, sizeof log_path, "%s/log", runtime);
    snprintf(uids, sizeof uids, "%u %u 1\n", getuid(), getuid());
    snprintf(gids, sizeof gids, "%u %u 1\n", getgid(), getgid());
    settings = (struct keeper_settings){ runtime, "", "", uids, gids };
    autofree char *sockets = path_of("c");
    check(mkdir(sockets, 0700) == 0);
    signal(SIGPIPE, SIG_IGN);
}

/* A slirp4netns that was just being started when the last one went may still write. */
static bool is_gone(void)
{
    autofree char *sockets = path_of("c");
    unlink(log_path);
    rmdir(sockets);
    return rmdir(runtime) == 0;
}

void stage_end(void)
{
    check(wait_until(is_gone));
}
