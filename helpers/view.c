/*
 * skiff-helper view RUNTIME NEWUIDMAP NEWGIDMAP KEEPER-UIDS KEEPER-GIDS PLAN PID START COMMAND [ARGUMENT...]: runs a command as
 * root of a container's user namespace, its working directory the container's root file system without what is mounted below.
 * skiff-helper visit …: the same for a command that may change something, with volumes and, while PID runs, all other mounts.
 *
 * While PID runs that is the live one. Afterwards, or with PID 0, layers and changes are joined anew, for `view` read-only, and in a
 * mount namespace of our own, so that neither a second look nor a start of the container meanwhile is disturbed. Against a
 * start during `visit`, which writes where the container would, the caller holds the container's marker.
 */
#include "image-mount.h"
#include "keeper.h"
#include "mounts.h"
#include "namespaces.h"
#include "plan.h"
#include "roles.h"
#include "rootfs.h"
#include "util.h"
#include "volume.h"
#include "volume-data.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
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

/* Not what belongs into the /dev that a running container has: without it the layer would get files to bind devices onto. */
static bool is_volume(const struct record *record)
{
    return strcmp(record->fields[0], "bind") == 0 && record->count == 6 && strncmp(record->fields[2], "/dev/", 5) != 0;
}

/* Host paths that a start would bind into the root, and whether that may be written. */
static void mount_volumes(const struct plan *plan, int rootfs)
{
    for (size_t i = 0; i < plan->count; i++)
        if (is_volume(&plan->records[i]) || strcmp(plan->records[i].fields[0], "root-readonly") == 0)
            (void)mount_record(rootfs, &plan->records[i]);
}

static int open_rootfs(const struct plan *plan, pid_t pid, unsigned long long start, bool visit)
{
    /* Under another OCI runtime the process is that runtime, which sees the host's root and the container's where we mounted it. */
    bool foreign = plan_find(plan, "runtime", 1) != NULL;
    if (pid > 0 && process_start_time(pid) == start)
        return namespace_copy_mount(pid, start, foreign ? rootfs_target(plan) : "/", visit && !foreign);
    if (visit)
        volumes_mount(plan, -1);
    const char *rootfs = rootfs_mount(plan, visit ? ROOTFS_WRITE : ROOTFS_READ);
    if (visit) {
        volumes_prepare(plan, rootfs);
        images_mount(plan);
    }
    int fd = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        die_errno("cannot open the container's root file system");
    if (visit)
        mount_volumes(plan, fd);
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

/* Process 1 of a pid namespace: when it ends, the kernel kills fuse-overlayfs and with it the mount: it has no write-back cache that could be lost. */
static _Noreturn void run_init(const struct plan *plan, pid_t pid, unsigned long long start, bool visit, char **command)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int rootfs = open_rootfs(plan, pid, start, visit);
    pid_t child = fork();
    if (child < 0)
        die_errno("cannot start a process");
    if (child == 0)
        run_command(plan, rootfs, command);
    _exit(wait_for(child));
}

static int run_view(int argc, char **argv, bool visit)
{
    char **f = argv + 1 + KEEPER_FIELDS;
    pid_t caller = getppid();
    if (argc < 1 + KEEPER_FIELDS + 4)
        die("usage: view|visit RUNTIME NEWUIDMAP NEWGIDMAP KEEPER-UIDS KEEPER-GIDS PLAN PID START COMMAND...");
    struct plan *plan = plan_read(f[0]);
    pid_t pid = (pid_t)parse_number(f[1], 0, 1 << 30, "pid");
    struct keeper_settings settings = keeper_settings_from(argv + 1);
    struct keeper keeper = keeper_acquire(&settings);
    /* Given back by our end. */
    (void)(visit ? volumes_acquire(plan, &keeper) : NULL);
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
        run_init(plan, pid, strtoull(f[2], NULL, 10), visit, f + 3);
    return wait_for(init);
}

int role_view(int argc, char **argv)
{
    return run_view(argc, argv, false);
}

int role_visit(int argc, char **argv)
{
    return run_view(argc, argv, true);
}
