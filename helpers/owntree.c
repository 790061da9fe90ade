#include "owntree.h"
#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Deeper than any path may be long. */
enum { DEEPEST = PATH_MAX / 2 };

struct owner {
    uid_t uid;
    gid_t gid;
    dev_t device;
};

/* A change of owner takes set-user-id bits away, which is as well: they were another user's. */
static int own_entry(const struct owner *owner, int directory, const char *name, const struct stat *status)
{
    if (status->st_uid == owner->uid && status->st_gid == owner->gid)
        return 0;
    return fchownat(directory, name, owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH));
}

static int own_children(const struct owner *owner, int fd, int depth);

static int own_below(const struct owner *owner, int directory, const char *name, int depth)
{
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -1;
    if (status.st_dev != owner->device)
        return 0;
    if (own_entry(owner, directory, name, &status) < 0)
        return errno == ENOENT ? 0 : -1;
    if (!S_ISDIR(status.st_mode))
        return 0;
    int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -1;
    if (depth < DEEPEST)
        return own_children(owner, fd, depth + 1);
    close(fd);
    errno = ENAMETOOLONG;
    return -1;
}

/* Consumes `fd`. */
static int own_children(const struct owner *owner, int fd, int depth)
{
    DIR *entries = fdopendir(fd);
    int result = 0;
    if (!entries) {
        close(fd);
        return -1;
    }
    for (struct dirent *entry; result == 0 && (errno = 0, entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result = own_below(owner, fd, entry->d_name, depth);
    int error = errno;
    closedir(entries);
    errno = error;
    return result < 0 || error ? -1 : 0;
}

int owntree(int fd, uid_t uid, gid_t gid)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -1;
    struct owner owner = { uid, gid, status.st_dev };
    if (own_entry(&owner, fd, "", &status) < 0)
        return -1;
    int children = S_ISDIR(status.st_mode) ? openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (children < 0)
        return S_ISDIR(status.st_mode) ? -1 : 0;
    return own_children(&owner, children, 0);
}
