#include "guard.h"
#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUND_MS = 2 };

/* Shared by guard and monitor. A mount namespace is no process's to leave or enter without CAP_SYS_ADMIN in the container. */
static struct {
    ino_t mounts; /* 0: not known yet */
} *shared;

static ino_t mount_namespace(pid_t pid)
{
    char path[64];
    struct stat status;
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
    return stat(path, &status) == 0 ? status.st_ino : 0;
}

static bool is_ours(pid_t pid, bool children)
{
    return (shared->mounts && mount_namespace(pid) == shared->mounts) || (children && process_parent(pid) == getpid());
}

/* Through a pidfd, and looked at again behind it: a pid that is used again by somebody else is never signalled. */
static void signal_ours(pid_t pid, bool children, int number)
{
    autoclose int pidfd = pidfd_of(pid);
    bool lacking = pidfd < 0 && errno == ENOSYS; /* before Linux 5.3 */
    if (!is_ours(pid, children))
        return;
    if (pidfd >= 0)
        syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
    else if (lacking)
        kill(pid, number);
}

/* Whether there was anybody to kill. */
static bool kill_round(bool children)
{
    bool any = false;
    DIR *processes = opendir("/proc");
    struct dirent *entry;
    while (processes && (entry = readdir(processes))) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 0 || pid == getpid() || !is_ours(pid, children))
            continue;
        signal_ours(pid, children, SIGKILL);
        any = true;
    }
    if (processes)
        closedir(processes);
    return any;
}

void guard_end(bool children, int limit_ms)
{
    for (int waited = 0; shared && kill_round(children) && (limit_ms < 0 || waited < limit_ms); waited += ROUND_MS) {
        usleep(ROUND_MS * 1000);
        while (children && waitpid(-1, NULL, WNOHANG) > 0)
            ;
    }
}

bool guard_owns(pid_t pid)
{
    return shared && is_ours(pid, false);
}

void guard_signal(pid_t pid, int signal)
{
    if (shared)
        signal_ours(pid, false, signal);
}

void guard_note(pid_t host_pid)
{
    if (shared)
        shared->mounts = mount_namespace(host_pid);
}

static _Noreturn void guard(pid_t monitor)
{
    prctl(PR_SET_NAME, "skiff-guard");
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    null_stdio(7);
    close_from(3);
    if (chdir("/") < 0)
        _exit(1);
    while (waitpid(monitor, NULL, 0) < 0 && errno == EINTR)
        ;
    guard_end(true, -1);
    _exit(0);
}

void guard_fork(void)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        die_errno("cannot share memory with the guard");
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        die_errno("cannot become the guard");
    pid_t monitor = fork();
    if (monitor < 0)
        die_errno("cannot start the monitor");
    if (monitor > 0)
        guard(monitor);
}
