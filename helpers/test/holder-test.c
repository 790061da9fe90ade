/* The network holder with a slirp4netns of ours: found, started by many at once, ended by the last one; and with one that dies at once, comes late, or never. */
#include "check.h"
#include "holder-stage.h"
#include "util.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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
int main(int argc, char **argv)
{
    stage_begin(argc, argv);
    test_found_and_ended();
    test_many_at_once();
    test_slirp_that_dies();
    test_slirp_that_is_never_ready();
    stage_end();
    return 0;
}
