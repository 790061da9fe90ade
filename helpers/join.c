/*
 * skiff-helper join PLAN [PID START]: enters a running container, that of the plan's `target` or of a process given by the monitor,
 * and becomes a command there, with the confinement that the plan repeats. Started like sandbox: by a monitor, from a sealed copy, stdio on 0-2, packets on 3.
 */
#include "cgroup.h"
#include "namespaces.h"
#include "plan.h"
#include "process.h"
#include "roles.h"
#include "sandbox.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The user namespace first: it is what gives the right to enter the others. */
static const char *const kinds[] = { "user", "mnt", "pid", "net", "ipc", "uts", "cgroup" };
enum { KINDS = sizeof kinds / sizeof *kinds };

/* setns(2) refuses the user namespace that one is in already, and what is shared with the host needs no entering. */
static bool is_own(int fd, const char *kind)
{
    char path[32];
    struct stat theirs, ours;
    snprintf(path, sizeof path, "/proc/self/ns/%s", kind);
    return fstat(fd, &theirs) == 0 && stat(path, &ours) == 0 && theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev;
}

static void enter(pid_t pid, unsigned long long start)
{
    int fds[KINDS];
    for (int i = 0; i < KINDS; i++) {
        fds[i] = namespace_open(pid, start, kinds[i]);
        if (is_own(fds[i], kinds[i]))
            close_fd(&fds[i]);
    }
    for (int i = 0; i < KINDS; i++) {
        if (fds[i] >= 0 && setns(fds[i], 0) < 0)
            die_errno("cannot enter the container's %s namespace", kinds[i]);
        close_fd(&fds[i]);
    }
}

/* For Docker a command that cannot be run in a container is one that cannot be executed, whatever stands in its way. */
static void report_failure(int code, const char *text)
{
    sandbox_report_failure(code == EXIT_SKIFF ? EXIT_CANNOT_EXECUTE : code, text);
}

static _Noreturn void run_inner(const struct process *process)
{
    autoclose int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        die_errno("cannot open the container's root");
    if (plan_flag(process->plan, "tty"))
        sandbox_report_terminal(process_open_terminal(root));
    else
        setsid();
    process_run(process, root, true);
}

/* The fields of the record `target`: its name, pid and start time. */
static char **need_target(const struct plan *plan)
{
    const struct record *target = plan_find(plan, "target", 2);
    if (!target)
        die("the launch plan has no record 'target'");
    return target->fields;
}

int role_join(int argc, char **argv)
{
    if (argc != 2 && argc != 4)
        die("usage: join PLAN [PID START]");
    die_hook = report_failure;
    set_cloexec(SANDBOX_FD, true);
    struct plan *plan = plan_read(argv[1]);
    if (argc == 2)
        unlink(argv[1]); /* that of a health check serves the next one too */
    struct process process = process_load(plan);
    char **target = argv + 1;
    if (argc == 2)
        target = need_target(plan);
    cgroup_join(plan);
    process_precede(plan, true);
    enter((pid_t)parse_number(target[1], 1, 1 << 30, "pid"), strtoull(target[2], NULL, 10));
    namespaces_become_root(plan);
    pid_t pid = clone_like_fork(CLONE_PARENT | SIGCHLD);
    if (pid < 0)
        die_errno("cannot start a process in the container");
    if (pid == 0)
        run_inner(&process);
    sandbox_report_pid(pid, pid, -1);
    return 0;
}
