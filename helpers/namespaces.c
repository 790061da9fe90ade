#include "namespaces.h"
#include "keeper.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* AT_RECURSIVE, which musl does not know. */
enum { OPEN_TREE_RECURSIVE = 0x8000 };
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

static const struct {
    const char *name;
    int flag;
} kinds[] = {
    { "mnt", CLONE_NEWNS },   { "pid", CLONE_NEWPID }, { "net", CLONE_NEWNET },   { "ipc", CLONE_NEWIPC },
    { "uts", CLONE_NEWUTS },  { "cgroup", CLONE_NEWCGROUP }, { "user", CLONE_NEWUSER },
};

static int flag_of(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].flag;
    die("unknown namespace '%s' in the launch plan", name);
}

int namespaces_new(const struct plan *plan)
{
    const struct record *record = plan_find(plan, "new", 0);
    int flags = 0;
    for (size_t i = 1; record && i < record->count; i++)
        flags |= flag_of(record->fields[i]);
    return flags;
}

int namespace_open(pid_t pid, unsigned long long start, const char *kind)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, kind);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int error = errno;
    /* Checked after the open: the fd then belongs to the process that was checked. */
    if (process_start_time(pid) != start)
        die("the container has just ended");
    errno = error;
    if (fd < 0)
        die_errno("cannot open the container's %s namespace", kind);
    return fd;
}

int namespace_copy_mount(pid_t pid, unsigned long long start, const char *path, bool with_children)
{
    autoclose int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), theirs = namespace_open(pid, start, "mnt");
    if (own < 0 || setns(theirs, CLONE_NEWNS) < 0)
        die_errno("cannot visit the container for its %s", path);
    int copy = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | O_CLOEXEC | (with_children ? OPEN_TREE_RECURSIVE : 0));
    int error = errno;
    if (setns(own, CLONE_NEWNS) < 0)
        die_errno("cannot come back from the container");
    errno = error;
    if (copy < 0)
        die_errno("cannot copy the container's mount of %s (this needs Linux 5.2)", path);
    return copy;
}

void namespaces_join(const struct plan *plan)
{
    int user = -1;
    for (size_t i = 0; i < plan->count; i++) {
        char **f = plan->records[i].fields;
        if (strcmp(f[0], "join") != 0 || plan->records[i].count != 4)
            continue;
        int flag = flag_of(f[1]);
        pid_t pid = (pid_t)parse_number(f[2], 1, 1 << 30, "pid");
        int fd = namespace_open(pid, strtoull(f[3], NULL, 10), f[1]);
        if (flag == CLONE_NEWUSER)
            user = fd;
        else if (setns(fd, flag) < 0)
            die_errno("cannot enter the other container's %s namespace", f[1]);
        else
            close(fd);
    }
    if (user >= 0 && setns(user, CLONE_NEWUSER) < 0)
        die_errno("cannot enter the other container's user namespace");
}

void namespaces_map(const struct plan *plan, pid_t host_pid)
{
    const struct record *record = plan_find(plan, "child-map", 2);
    if (!record)
        die("the launch plan has no record 'child-map'");
    write_maps(host_pid, record->fields[1], record->fields[2], plan_flag(plan, "single-uid"));
}

void namespaces_become_root(const struct plan *plan)
{
    if (!plan_flag(plan, "single-uid") && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
        die_errno("cannot become root of the container");
}
