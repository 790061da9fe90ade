#include "rootpath.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int root_walk(int root, const char *path, int flags)
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
            return fd < 0 && errno == ENOSYS ? root_walk(root, relative, flags) : fd;
    }
    return -1;
}

/* What is still to be walked, and how far the walk has come, which has no links. */
struct route {
    char *resolved, *pending;
    bool follow;
    int links;
};

enum { MAXIMUM_LINKS = 40 }; /* as the kernel, path_resolution(7) */

static void replace(char **text, char *with)
{
    free(*text);
    *text = with;
}

/* Takes the next component off what is pending; NULL at the end. */
static char *next_component(struct route *route)
{
    char *start = route->pending + strspn(route->pending, "/");
    size_t length = strcspn(start, "/");
    char *component = length ? xasprintf("%.*s", (int)length, start) : NULL;
    replace(&route->pending, xasprintf("%s", start + length));
    return component;
}

/* Puts a link's text in front of what is pending. */
static int follow_link(struct route *route, const char *target)
{
    if (!route->follow || ++route->links > MAXIMUM_LINKS) {
        errno = ELOOP;
        return -1;
    }
    if (*target == '/')
        replace(&route->resolved, xasprintf("/"));
    replace(&route->pending, xasprintf("%s/%s", target, route->pending));
    return 0;
}

/* A component that is a name: a link is taken apart, a directory that is missing is made unless it is to be left to the caller. */
static int enter(int root, struct route *route, const char *component, bool make_last)
{
    char target[PATH_MAX];
    autoclose int parent = root_open(root, route->resolved, O_PATH | O_DIRECTORY, false);
    if (parent < 0)
        return -1;
    ssize_t length = readlinkat(parent, component, target, sizeof target - 1);
    if (length >= 0) {
        target[length] = 0;
        return follow_link(route, target);
    }
    bool make = make_last || route->pending[strspn(route->pending, "/")] != 0;
    if (errno == ENOENT ? make && mkdirat(parent, component, 0755) < 0 && errno != EEXIST : errno != EINVAL)
        return -1;
    replace(&route->resolved, xasprintf("%s/%s", route->resolved[1] ? route->resolved : "", component));
    return 0;
}

static int step(int root, struct route *route, const char *component, bool make_last)
{
    if (strcmp(component, ".") == 0)
        return 0;
    if (strcmp(component, "..") != 0)
        return enter(root, route, component, make_last);
    char *slash = strrchr(route->resolved, '/');
    slash[slash == route->resolved] = 0; /* above the root is the root */
    return 0;
}

/*
 * `path` without links, with what is missing of its directories made (the last component only with `make_last`); NULL with
 * errno. Stays inside the root whatever links say. openat2(2) makes no directories, so this goes by hand; each step opens its
 * way anew and without links, so that a link put there meanwhile, in a directory shared with others, leads nowhere.
 */
static char *settle(int root, const char *path, bool follow, bool make_last)
{
    struct route route = { .resolved = xasprintf("/"), .pending = xasprintf("%s", path), .follow = follow };
    int result = 0;
    for (char *component; result == 0 && (component = next_component(&route)); free(component))
        result = step(root, &route, component, make_last);
    int error = errno;
    free(route.pending);
    if (result < 0)
        replace(&route.resolved, NULL);
    errno = error;
    return route.resolved;
}

int root_make_directory(int root, const char *path, bool follow)
{
    int fd = root_open(root, path, O_PATH | O_DIRECTORY, follow);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    autofree char *settled = settle(root, path, follow, true);
    return settled ? root_open(root, settled, O_PATH | O_DIRECTORY, false) : -1;
}

int root_make_file(int root, const char *path, bool follow)
{
    int fd = root_open(root, path, O_PATH, follow);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    autofree char *settled = settle(root, path, follow, false);
    if (!settled)
        return -1;
    char *slash = strrchr(settled, '/');
    *slash = 0;
    autoclose int parent = root_open(root, *settled ? settled : "/", O_PATH | O_DIRECTORY, false);
    autoclose int created = parent < 0 ? -1 : openat(parent, slash + 1, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (created < 0 && (parent < 0 || errno != EEXIST))
        return -1;
    *slash = '/';
    return root_open(root, settled, O_PATH, false);
}
