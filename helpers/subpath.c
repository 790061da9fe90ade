#include "subpath.h"
#include "rootpath.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* openat2(2); before Linux 5.6 a path without links. */
static int open_beneath(int base, const char *path)
{
    struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
    for (int tries = 0; tries < 64; tries++) {
        int fd = (int)syscall(SYS_openat2, base, path, &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN)
            return fd < 0 && errno == ENOSYS ? root_walk(base, path, O_PATH) : fd;
    }
    return -1;
}

void stage_make(const char *stage, bool is_directory)
{
    if (unlink(stage) < 0 && errno != ENOENT && errno != EISDIR && errno != EPERM)
        die_errno("cannot clear %s", stage);
    if (rmdir(stage) < 0 && errno != ENOENT && errno != ENOTDIR)
        die_errno("cannot clear %s", stage);
    autoclose int file = is_directory ? -1 : open(stage, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (is_directory ? mkdir(stage, 0700) < 0 : file < 0)
        die_errno("cannot make %s", stage);
}

void subpath_mount(int base, const char *path, const char *stage, const char *kind, const char *name)
{
    struct stat status;
    char source[64];
    autoclose int fd = open_beneath(base, path);
    if (fd < 0 && (errno == EXDEV || errno == ELOOP))
        die("%s-subpath %s leads out of %s %s", kind, path, kind, name);
    if (fd < 0 || fstat(fd, &status) < 0)
        die_errno("cannot access %s-subpath %s of %s %s", kind, path, kind, name);
    stage_make(stage, S_ISDIR(status.st_mode));
    snprintf(source, sizeof source, "/proc/self/fd/%d", fd);
    if (mount(source, stage, NULL, MS_BIND, NULL) < 0)
        die_errno("cannot mount %s-subpath %s of %s %s", kind, path, kind, name);
}
