#include "teardown.h"
#include "image-mount.h"
#include "rmtree.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

/* A tree is moved aside first: nobody meets half a record, and what a kill interrupts the next command goes on removing. */
static void remove_one(const struct record *record)
{
    char **f = record->fields;
    bool moved = record->count == 3 && rename(f[1], f[2]) == 0;
    rmtree(AT_FDCWD, moved ? f[2] : f[1]);
}

void teardown_files(const struct plan *plan, bool remove, bool failed)
{
    for (size_t i = 0; i < plan->count; i++) {
        char **f = plan->records[i].fields;
        bool due = strcmp(f[0], "release") == 0 || (remove && strcmp(f[0], "remove") == 0) || (failed && strcmp(f[0], "retract") == 0);
        if (due && plan->records[i].count >= 2)
            remove_one(&plan->records[i]);
    }
}

void teardown_between(const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (strcmp(plan->records[i].fields[0], "between") == 0 && plan->records[i].count == 2)
            rmtree(AT_FDCWD, plan->records[i].fields[1]);
}

void teardown_mount(const struct plan *plan, int mounts)
{
    const struct record *record = plan_find(plan, "fuse-overlayfs", 6);
    if (!record || mounts < 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        if (setns(mounts, CLONE_NEWNS) < 0)
            _exit(1);
        images_unmount(plan);
        if (umount2(record->fields[4], 0) < 0)
            umount2(record->fields[4], MNT_DETACH);
        _exit(0);
    }
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}
