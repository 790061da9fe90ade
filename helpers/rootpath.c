#include "rootpath.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* For kernels without openat2: component by component, no links at all, ".." refused. */
static int walk(int root, const char *path, int flags)
{
    autofree char *copy = xasprintf("%s", path);
    char *save = NULL, *part = strtok_r(copy, "/", &save);
    int fd = fcntl(root, F_DUPFD_CLOEXEC, 3);
    while (fd >= 0 && part) {
        char *next = strtok_r(NULL, "/", &save);
        if (strcmp(part, "..") == 0) {
            close(fd);
            errno = ELOOP;
            return -1;
        }
        int step = next ? O_PATH | O_DIRECTORY : flags;
        int child = openat(fd, part, step | O_NOFOLLOW | O_CLOEXEC);
        close_fd(&fd);
        struct stat status;
        if (child >= 0 && (step & O_PATH) && fstat(child, &status) == 0 && S_ISLNK(status.st_mode)) {
            close(child);
            errno = ELOOP;
            return -1;
        }
        fd = child;
        part = next;
    }
    return fd;
}

int root_open(int root, const char *path, int flags, bool follow)
{
    struct open_how how = {
        .flags = (unsigned long long)(flags | O_CLOEXEC),
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | (follow ? 0ULL : RESOLVE_NO_SYMLINKS),
    };
    const char *relative = path + strspn(path, "/");
    for (int tries = 0; tries < 64; tries++) {
        int fd = (int)syscall(SYS_openat2, root, *relative ? relative : ".", &how, sizeof how);
        /* EAGAIN: something was renamed while "..", openat2(2); try again. */
        if (fd >= 0 || errno != EAGAIN)
            return fd < 0 && errno == ENOSYS ? walk(root, relative, flags) : fd;
    }
    return -1;
}

/* The parent directory of `path`, made where missing; the last component is left in `*name`. */
static int make_parent(int root, char *path, char **name, bool follow)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        path[--length] = 0;
    char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    if (!slash || slash == path)
        return root_open(root, "/", O_PATH | O_DIRECTORY, follow);
    *slash = 0;
    return root_make_directory(root, path, follow);
}

int root_make_directory(int root, const char *path, bool follow)
{
    int fd = root_open(root, path, O_PATH | O_DIRECTORY, follow);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    char *name;
    autofree char *copy = xasprintf("%s", path);
    autoclose int parent = make_parent(root, copy, &name, follow);
    if (parent < 0 || (mkdirat(parent, name, 0755) < 0 && errno != EEXIST))
        return -1;
    return root_open(root, path, O_PATH | O_DIRECTORY, follow);
}

int root_make_file(int root, const char *path, bool follow)
{
    int fd = root_open(root, path, O_PATH, follow);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    char *name;
    autofree char *copy = xasprintf("%s", path);
    autoclose int parent = make_parent(root, copy, &name, follow);
    if (parent < 0)
        return -1;
    autoclose int created = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (created < 0 && errno != EEXIST)
        return -1;
    return root_open(root, path, O_PATH, follow);
}
