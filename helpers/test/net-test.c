/* The role `net` beside a holder that is one process with a user and a network namespace of its own, as the real one is. */
#include "check.h"
#include "link.h"
#include "netlink.h"
#include "roles.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char runtime[] = "/tmp/skiff-net-test-XXXXXX";

/* Answers each byte with whether the bridge is there. */
static pid_t start_holder(int question, int answer, int others[2])
{
    pid_t pid = fork();
    check(pid >= 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(others[0]);
    close(others[1]);
    check(unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0);
    autoclose int fd = netlink_open(-1, NETLINK_ROUTE);
    check(fd >= 0 && link_add(fd, "br-test", "bridge", "02:42:00:00:00:01", 1, 1500) == 0);
    char byte = 'y';
    do {
        struct link link;
        byte = link_find(fd, "br-test", &link) == 0 ? 'y' : 'n';
        check(write(answer, &byte, 1) == 1);
    } while (read(question, &byte, 1) == 1);
    _exit(0);
}

static int run_role(const char *name)
{
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        char *argv[] = { "net", runtime, "delete", (char *)name, NULL };
        _exit(role_net(4, argv));
    }
    int status = 0;
    check(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void write_pid(pid_t pid, unsigned long long start)
{
    autofree char *path = xasprintf("%s/network.pid", runtime);
    FILE *file = fopen(path, "w");
    check(file && fprintf(file, "%d %llu\n", pid, start) > 0 && fclose(file) == 0);
}

static char ask(int question, int answer)
{
    char byte = '?';
    check(write(question, &byte, 1) == 1 && read(answer, &byte, 1) == 1);
    return byte;
}

int main(void)
{
    int question[2], answer[2];
    char first = 0;
    check(mkdtemp(runtime) && pipe2(question, O_CLOEXEC) == 0 && pipe2(answer, O_CLOEXEC) == 0);

    /* Nobody has ever been here. */
    check(run_role("br-test") == 0);

    pid_t holder = start_holder(question[0], answer[1], (int[]){ question[1], answer[0] });
    check(read(answer[0], &first, 1) == 1 && first == 'y');
    unsigned long long start = process_start_time(holder);

    /* The pid of somebody else, who has come after the holder, is not the holder. */
    write_pid(holder, start + 1);
    check(run_role("br-test") == 0 && ask(question[1], answer[0]) == 'y');

    write_pid(holder, start);
    check(run_role("br-other") == 0 && ask(question[1], answer[0]) == 'y');
    check(run_role("a-name-that-is-too-long") == EXIT_SKIFF && run_role("") == EXIT_SKIFF);
    check(run_role("br-test") == 0 && ask(question[1], answer[0]) == 'n');
    check(run_role("br-test") == 0);
    /* What cannot be removed is said, not taken for done. */
    check(run_role("lo") == EXIT_SKIFF);

    kill(holder, SIGKILL);
    check(waitpid(holder, NULL, 0) == holder);
    check(run_role("br-test") == 0);
    autofree char *path = xasprintf("%s/network.pid", runtime);
    check(unlink(path) == 0 && rmdir(runtime) == 0);
    return 0;
}
