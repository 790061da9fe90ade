/* A session ends with whoever has come of it, and nobody else does. */
#include "check.h"
#include "session.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int ready[2];

/* Deaf to all that can be ignored, but that its children end: those would be reaped by the kernel. Says that it is there. */
static void stay(void)
{
    for (int number = 1; number < 32; number++)
        if (number != SIGCHLD)
            signal(number, SIG_IGN);
    if (write(ready[1], "x", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static void await(int count)
{
    char byte;
    for (int i = 0; i < count; i++)
        check(read(ready[0], &byte, 1) == 1);
}

static pid_t start(void (*body)(void))
{
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0)
        body();
    return pid;
}

static void in_a_group_of_its_own(void)
{
    setpgid(0, 0);
    stay();
}

static void in_a_session_of_its_own(void)
{
    setsid();
    stay();
}

static void lead(void)
{
    setsid();
    start(stay);
    start(in_a_group_of_its_own);
    start(in_a_session_of_its_own);
    stay();
}

static void lead_alone(void)
{
    setsid();
    start(stay);
    _exit(0);
}

static void test_all_of_a_session_end(void)
{
    pid_t leader = start(lead), other = start(in_a_session_of_its_own);
    await(5);
    session_kill(leader);
    /* Orphans come to us, so all four do, whoever of them ends first. */
    for (int ended = 0; ended < 4; ended++) {
        int status;
        pid_t pid = waitpid(-1, &status, 0);
        check(pid > 0 && pid != other && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    check(waitpid(other, NULL, WNOHANG) == 0);
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
}

static void test_without_its_leader(void)
{
    int status;
    pid_t leader = start(lead_alone);
    await(1);
    check(waitpid(leader, NULL, 0) == leader);
    session_kill(leader);
    check(waitpid(-1, &status, 0) > 0 && WIFSIGNALED(status));
    session_kill(leader); /* nobody is left */
    session_kill(0);
}

int main(void)
{
    check(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    check(pipe(ready) == 0);
    test_all_of_a_session_end();
    test_without_its_leader();
    return 0;
}
