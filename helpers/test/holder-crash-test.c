/* Keeper and network holder are killed: they get successors in the same namespaces where a monitor answers, or the one who keeps slirp4netns lives; else it is said. */
#include "check.h"
#include "frames.h"
#include "holder-stage.h"
#include "lifeline.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ID_LENGTH = 64 };

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
        kill_holder();
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

static pid_t former_holder;
static bool has_follower(void)
{
    return pid_in("network.pid") != former_holder && is_out();
}

/* Nobody calls a command: whoever keeps slirp4netns takes its place, each time. */
static void test_followed(void)
{
    ino_t inodes[2];
    pid_t monitor = start_monitor(false, inodes);
    struct both both = acquire("good");
    netns_looked_at = both.holder.netns;
    for (int round = 0; round < 3; round++) {
        check(wait_until(is_out));
        former_holder = pid_in("network.pid");
        kill_one("network.pid");
        check(wait_until(has_follower));
        struct both again = acquire("good");
        check(inode(again.holder.netns) == inodes[1]);
        let_go(&again);
    }
    let_go(&both);
    end_monitor(monitor);
    check(wait_until(is_clean));
}

static bool is_broken(void)
{
    autoclose int root = open(runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return lifeline_is_broken(root, "network");
}

/* Who should start slirp4netns again is killed, then slirp4netns: the holder gives up its place for one that can. */
static void test_without_companion(void)
{
    ino_t inodes[2];
    pid_t monitor = start_monitor(false, inodes), holder = pid_in("network.pid"), companion = companion_of(holder);
    struct both both = acquire("good");
    netns_looked_at = both.holder.netns;
    check(wait_until(is_out));
    pid_t slirp = companion_of(companion);
    check(companion > 0 && slirp > 0 && kill(companion, SIGKILL) == 0);
    usleep(200000);
    check(is_out() && !is_broken());
    check(kill(slirp, SIGKILL) == 0);
    take_tap_away(both.holder.netns);
    check(wait_until(is_broken));
    struct both again = acquire("good");
    check(inode(again.holder.netns) == inodes[1] && wait_until(is_out));
    let_go(&both);
    let_go(&again);
    end_monitor(monitor);
    check(wait_until(is_clean));
}

static void test_killed_with_all(void)
{
    ino_t inodes[2];
    pid_t monitor = start_monitor(false, inodes);
    kill_one("keeper.pid");
    kill_holder();
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
    kill_holder();
    const char *words = words_of_acquiring();
    check(strncmp(words, "skiff: warning: a process that containers need (skiff-keeper) was killed", 72) == 0);
    check(strchr(words, '\n') == strrchr(words, '\n')); /* once: the network holder goes with the keeper */
    end_monitor(monitor);
    check(wait_until(is_clean));
}
int main(int argc, char **argv)
{
    stage_begin(argc, argv);
    for (unsigned which = 0; which < 4; which++)
        test_killed(which);
    test_followed();
    test_without_companion();
    test_killed_with_all();
    test_monitor_that_does_not_answer();
    stage_end();
    return 0;
}
