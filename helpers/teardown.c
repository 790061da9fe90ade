#include "teardown.h"
#include "rmtree.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

void teardown_files(const struct plan *plan, bool remove, bool failed)
{
    for (size_t i = 0; i < plan->count; i++) {
        char **f = plan->records[i].fields;
        bool due = strcmp(f[0], "release") == 0 || (remove && strcmp(f[0], "remove") == 0) || (failed && strcmp(f[0], "retract") == 0);
        if (due && plan->records[i].count == 2)
            rmtree(AT_FDCWD, f[1]);
    }
}

void teardown_mount(const struct plan *plan, int mounts)
{
    const struct record *record = plan_find(plan, "fuse-overlayfs", 6);
    if (!record || mounts < 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        if (setns(mounts, CLONE_NEWNS) == 0 && umount2(record->fields[4], 0) < 0)
            umount2(record->fields[4], MNT_DETACH);
        _exit(0);
    }
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}
