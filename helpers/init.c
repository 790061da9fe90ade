/*
 * skiff-helper init -- COMMAND...: pid 1 of a container run with --init. Passes signals on to the command, reaps what is
 * left to it, and ends with the command's exit code.
 */
#include "roles.h"
#include "util.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void exec_command(char **command, const sigset_t *mask)
{
    sigprocmask(SIG_SETMASK, mask, NULL);
    /* A group of its own in the foreground, so that Ctrl-C in the terminal reaches the command and not also its init. */
    setpgid(0, 0);
    signal(SIGTTOU, SIG_IGN);
    tcsetpgrp(0, getpgrp());
    signal(SIGTTOU, SIG_DFL);
    execvp(command[0], command);
    die_code(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE, "exec: \"%s\": %s", command[0], errno_words(errno));
}

int role_init(int argc, char **argv)
{
    sigset_t all, before;
    if (argc < 3 || strcmp(argv[1], "--") != 0)
        die("usage: init -- COMMAND...");
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    if (child < 0)
        die_errno("cannot start %s", argv[2]);
    if (child == 0)
        exec_command(argv + 2, &before);
    for (;;) {
        int status, number = sigwaitinfo(&all, NULL);
        pid_t pid;
        if (number > 0 && number != SIGCHLD)
            kill(child, number);
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
            if (pid == child)
                return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
}
