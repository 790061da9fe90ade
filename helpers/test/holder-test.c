/*
 * The network holder with a slirp4netns of ours, which is this program: found, started by many at once, ended by the last one, killed, and followed by another one in
 * the same namespace where a monitor answers. As an ordinary user, with one id.
 */
#include "check.h"
#include "fake-slirp.h"
#include "endpoint.h"
#include "frames.h"
#include "holder.h"
#include "keeper.h"
#include "lifeline.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000, ID_LENGTH = 64 };

static char runtime[] = "/tmp/skiff-holder-test-XXXXXX";
static char program[4096], log_path[128];
static struct keeper_settings settings;

static char *path_of(const char *name)
{
    return xasprintf("%s/%s", runtime, name);
}

/* How often `what` stands in the log. */
static size_t told(char what)
{
    autofree char *text = read_file(AT_FDCWD, log_path, 1 << 20, NULL);
    size_t count = 0;
    for (const char *c = text; c && *c; c++)
        count += *c == what;
    return count;
}

static bool wait_until(bool (*holds)(void))
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

struct both {
    struct keeper keeper;
    struct holder holder;
};

static struct both acquire(const char *mode)
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

static void let_go(struct both *both)
{
    close_fd(&both->holder.netns);
    close_fd(&both->holder.alive);
    close_fd(&both->keeper.userns);
    close_fd(&both->keeper.alive);
}

static ino_t inode(int fd)
{
    struct stat status;
    check(fstat(fd, &status) == 0);
    return status.st_ino;
}

static pid_t pid_in(const char *name)
{
    int pid = 0;
    autofree char *path = path_of(name), *text = read_file(AT_FDCWD, path, 64, NULL);
    check(text && sscanf(text, "%d", &pid) == 1 && pid > 0);
    return pid;
}

static void kill_one(const char *name)
{
    pid_t pid = pid_in(name);
    unsigned long long start = process_start_time(pid);
    check(kill(pid, SIGKILL) == 0);
    while (process_start_time(pid) == start && process_state(pid) != 'Z')
        usleep(1000);
}

static bool is_clean(void)
{
    static const char *const names[] = { "keeper", "keeper.pid", "keeper.lock", "network", "network.pid", "network.plan" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        autofree char *path = path_of(names[i]);
        if (access(path, F_OK) == 0)
            return false;
    }
    return true;
}

/* In a child that enters the namespace for good: whether there is a way out. */
static bool has_egress(int netns)
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

static int netns_looked_at = -1;
static bool is_out(void)
{
    return has_egress(netns_looked_at);
}

static void test_found_and_ended(void)
{
    struct both first = acquire("slow"), second = acquire("slow");
    check(inode(first.holder.netns) == inode(second.holder.netns) && inode(first.keeper.userns) == inode(second.keeper.userns));
    check(told('b') <= 1);
    netns_looked_at = first.holder.netns;
    check(wait_until(is_out) && told('b') == 1);
    let_go(&first);
    usleep(100000);
    check(!is_clean()); /* the second one still needs it */
    let_go(&second);
    check(wait_until(is_clean));
    while (told('e') < 1)
        usleep(1000); /* slirp4netns is told by its exit-fd */
}

static void test_many_at_once(void)
{
    enum { MANY = 12 };
    int ends[2];
    ino_t inodes[MANY];
    pid_t children[MANY];
    check(pipe2(ends, O_CLOEXEC) == 0);
    for (int i = 0; i < MANY; i++) {
        check((children[i] = fork()) >= 0);
        if (children[i] > 0)
            continue;
        close(ends[0]);
        struct both both = acquire("good");
        ino_t mine = inode(both.holder.netns);
        check(write(ends[1], &mine, sizeof mine) == sizeof mine);
        pause();
    }
    for (int i = 0; i < MANY; i++)
        check(read(ends[0], &inodes[i], sizeof inodes[i]) == sizeof inodes[i] && inodes[i] == inodes[0]);
    for (int i = 0; i < MANY; i++)
        check(kill(children[i], SIGKILL) == 0 && waitpid(children[i], NULL, 0) == children[i]);
    close(ends[0]);
    close(ends[1]);
    check(wait_until(is_clean));
}

static bool began_three_times(void)
{
    return told('b') >= 3;
}

static void test_slirp_that_dies(void)
{
    check(unlink(log_path) == 0);
    struct both both = acquire("dies");
    check(wait_until(began_three_times));
    size_t before = told('b');
    usleep(1000000);
    check(told('b') - before <= 10); /* ten times a second, not as often as the processor can */
    check(!has_egress(both.holder.netns));
    let_go(&both);
    check(wait_until(is_clean));
    usleep(300000);
    before = told('b');
    usleep(500000);
    check(told('b') == before); /* nobody starts it any more */
}

static void test_slirp_that_is_never_ready(void)
{
    struct both both = acquire("never");
    usleep(300000);
    check(!has_egress(both.holder.netns));
    let_go(&both);
    check(wait_until(is_clean));
}

/* What a monitor does with a frame `G`: it answers for the FIFOs whose ends it holds. */
static void answer(int client, const struct both *held)
{
    struct {
        struct frame_header header;
        struct fifo_question question;
    } asked;
    struct stat keeper, holder;
    check(read_all(client, &asked, sizeof asked) == sizeof asked && asked.header.type == FRAME_NAMESPACE);
    check(fstat(held->keeper.alive, &keeper) == 0 && fstat(held->holder.alive, &holder) == 0);
    int namespace = asked.question.inode == holder.st_ino ? held->holder.netns : asked.question.inode == keeper.st_ino ? held->keeper.userns : -1;
    struct {
        struct frame_header header;
        uint32_t result;
    } message = { { .type = FRAME_DONE, .length = 4 }, ORDER_DONE };
    if (namespace >= 0)
        check(packet_send(client, &message, sizeof message, namespace) == 0);
}

/* A process that holds both as a monitor does; it listens, and answers unless it is `silent`. */
static pid_t start_monitor(bool silent, ino_t inodes[2])
{
    int ready[2];
    check(pipe2(ready, O_CLOEXEC) == 0);
    pid_t pid = fork();
    check(pid >= 0);
    if (pid > 0) {
        close(ready[1]);
        check(read(ready[0], inodes, 2 * sizeof *inodes) == (ssize_t)(2 * sizeof *inodes));
        close(ready[0]);
        return pid;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct both held = acquire("good");
    struct sockaddr_un address;
    autofree char *path = xasprintf("%s/c/%0*d", runtime, ID_LENGTH, 7);
    int parent = control_address(path, &address), listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(parent >= 0 && listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 16) == 0);
    ino_t mine[2] = { inode(held.keeper.userns), inode(held.holder.netns) };
    check(write(ready[1], mine, sizeof mine) == sizeof mine);
    for (;;) {
        int client = silent ? (pause(), -1) : accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (client >= 0)
            answer(client, &held);
        close(client);
    }
}

static void end_monitor(pid_t pid)
{
    autofree char *path = xasprintf("%s/c/%0*d", runtime, ID_LENGTH, 7);
    check(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid && unlink(path) == 0);
}

/* `which`: bit 0 the keeper, bit 1 the holder. */
static void test_killed(unsigned which)
{
    ino_t inodes[2];
    pid_t monitor = start_monitor(false, inodes);
    if (which & 1)
        kill_one("keeper.pid");
    if (which & 2)
        kill_one("network.pid");
    struct both both = acquire("good");
    check(inode(both.keeper.userns) == inodes[0] && inode(both.holder.netns) == inodes[1]);
    netns_looked_at = both.holder.netns;
    check(wait_until(is_out));
    /* The monitor holds the successors, which have its FIFOs. */
    let_go(&both);
    usleep(200000);
    autofree char *fifo = path_of("network");
    check(access(fifo, F_OK) == 0);
    end_monitor(monitor);
    check(wait_until(is_clean));
}

static void test_killed_with_all(void)
{
    ino_t inodes[2];
    pid_t monitor = start_monitor(false, inodes);
    kill_one("keeper.pid");
    kill_one("network.pid");
    end_monitor(monitor);
    int root = open(runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check(lifeline_is_broken(root, "network") && !lifeline_is_needed(root, "network"));
    struct both both = acquire("good");
    check(inode(both.keeper.userns) != inodes[0] && inode(both.holder.netns) != inodes[1]);
    let_go(&both);
    close(root);
    check(wait_until(is_clean));
}

/* Standard error of what acquires both in a child. */
static char *words_of_acquiring(void)
{
    static char words[4096];
    int ends[2], status;
    check(pipe2(ends, O_CLOEXEC) == 0);
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], 2);
        close(ends[1]);
        struct both both = acquire("good");
        let_go(&both);
        _exit(0);
    }
    close(ends[1]);
    ssize_t length = read_all(ends[0], words, sizeof words - 1);
    close(ends[0]);
    check(length >= 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    words[length] = 0;
    return words;
}

static void test_monitor_that_does_not_answer(void)
{
    ino_t inodes[2];
    pid_t monitor = start_monitor(true, inodes);
    kill_one("keeper.pid");
    kill_one("network.pid");
    const char *words = words_of_acquiring();
    check(strncmp(words, "skiff: warning: a process that containers need (skiff-keeper) was killed", 72) == 0);
    check(strchr(words, '\n') == strrchr(words, '\n')); /* once: the network holder goes with the keeper */
    end_monitor(monitor);
    check(wait_until(is_clean));
}

int main(int argc, char **argv)
{
    char uids[64], gids[64];
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
    test_found_and_ended();
    test_many_at_once();
    test_slirp_that_dies();
    test_slirp_that_is_never_ready();
    for (unsigned which = 0; which < 4; which++)
        test_killed(which);
    test_killed_with_all();
    test_monitor_that_does_not_answer();
    check(unlink(log_path) == 0 && rmdir(sockets) == 0 && rmdir(runtime) == 0);
    return 0;
}
