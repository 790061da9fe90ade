/*
 * skiff-helper view RUNTIME NEWUIDMAP NEWGIDMAP KEEPER-UIDS KEEPER-GIDS PLAN PID START COMMAND [ARGUMENT...]: runs a command as
 * root of a container's user namespace, its working directory the container's root file system without what is mounted below.
 *
 * While PID runs that is the live one. Afterwards, or with PID 0, layers and changes are joined anew, read-only and in a mount
 * namespace of our own, so that neither a second look nor a start of the container meanwhile is disturbed.
 */
#include "keeper.h"
#include "namespaces.h"
#include "plan.h"
#include "roles.h"
#include "rootfs.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            die_errno("cannot wait for a process");
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int open_rootfs(const struct plan *plan, pid_t pid, unsigned long long start)
{
    /* Under another OCI runtime the process is that runtime, which sees the host's root and the container's where we mounted it. */
    if (pid > 0 && process_start_time(pid) == start)
        return namespace_copy_mount(pid, start, plan_find(plan, "runtime", 1) ? rootfs_target(plan) : "/");
    int fd = open(rootfs_mount(plan, ROOTFS_READ), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        die_errno("cannot open the container's root file system");
    return fd;
}

static _Noreturn void run_command(const struct plan *plan, int rootfs, char **command)
{
    const struct record *maps = plan_find(plan, "child-map", 2);
    if (!maps)
        die("the launch plan has no record 'child-map'");
    if (fchdir(rootfs) < 0)
        die_errno("cannot enter the container's root file system");
    enter_child_namespace(maps->fields[1], maps->fields[2], plan_flag(plan, "single-uid"));
    execv(command[0], command);
    die_errno("cannot run %s", command[0]);
}

/* Process 1 of a pid namespace: when it ends, the kernel kills fuse-overlayfs and with it the mount, which nobody wrote to. */
static _Noreturn void run_init(const struct plan *plan, pid_t pid, unsigned long long start, char **command)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int rootfs = open_rootfs(plan, pid, start);
    pid_t child = fork();
    if (child < 0)
        die_errno("cannot start a process");
    if (child == 0)
        run_command(plan, rootfs, command);
    _exit(wait_for(child));
}

int role_view(int argc, char **argv)
{
    char **f = argv + 1 + KEEPER_FIELDS;
    pid_t caller = getppid();
    if (argc < 1 + KEEPER_FIELDS + 4)
        die("usage: view RUNTIME NEWUIDMAP NEWGIDMAP KEEPER-UIDS KEEPER-GIDS PLAN PID START COMMAND...");
    struct plan *plan = plan_read(f[0]);
    pid_t pid = (pid_t)parse_number(f[1], 0, 1 << 30, "pid");
    struct keeper_settings settings = keeper_settings_from(argv + 1);
    struct keeper keeper = keeper_acquire(&settings);
    keeper_enter(&keeper);
    /* A killed skiff command wants nothing more. Changes of identity clear this, so it comes after them; prctl(2). */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != caller)
        _exit(EXIT_SKIFF);
    if (unshare(CLONE_NEWNS | CLONE_NEWPID) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        die_errno("cannot make a mount namespace");
    pid_t init = fork();
    if (init < 0)
        die_errno("cannot start a process");
    if (init == 0)
        run_init(plan, pid, strtoull(f[2], NULL, 10), f + 3);
    return wait_for(init);
}
