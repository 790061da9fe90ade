/*
 * An empty volume gets what the image has at its place: copied aside, renamed to say that the copy is whole, then moved in piece by piece. The lock keeps two
 * fillers apart; that somebody was killed is seen by the names that he left. Containers that have the volume mounted already see the pieces arrive, as with Docker.
 */
#include "volume-fill.h"
#include "copytree.h"
#include "rmtree.h"
#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

static bool is_name(const struct filling *filling, const char *name)
{
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, filling->half) != 0 && strcmp(name, filling->whole) != 0;
}

/* A second open file of the same directory: reading one moves its position. */
static DIR *open_entries(int directory)
{
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries)
        close_fd(&fd);
    return entries;
}

/* Whether it is empty; what cannot be read is not. */
static bool has_nothing(const struct filling *filling, int directory)
{
    DIR *entries = open_entries(directory);
    bool nothing = entries != NULL;
    for (struct dirent *entry; nothing && (entry = readdir(entries));)
        nothing = !is_name(filling, entry->d_name);
    if (entries)
        closedir(entries);
    return nothing;
}

bool filling_is_empty(const struct filling *filling)
{
    return has_nothing(filling, filling->data);
}

/* Somebody in a container may have made something of that name meanwhile: that is his, and stays. */
static int move_entry(int from, int to, const char *name)
{
    if (syscall(SYS_renameat2, from, name, to, name, RENAME_NOREPLACE) == 0 || errno == EEXIST)
        return 0;
    struct stat status;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    /* NFS and some FUSE file systems know no flags. */
    if (fstatat(to, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    return renameat(from, name, to, name);
}

static int move_all(const struct filling *filling, int whole)
{
    DIR *entries = open_entries(whole);
    int result = entries ? 0 : -1;
    for (struct dirent *entry; result == 0 && (errno = 0, entry = readdir(entries));)
        if (is_name(filling, entry->d_name))
            result = move_entry(whole, filling->data, entry->d_name);
    int error = errno;
    if (entries)
        closedir(entries);
    errno = error;
    return result < 0 || error ? -1 : 0;
}

int filling_finish(const struct filling *filling)
{
    autoclose int whole = openat(filling->staging, filling->whole, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    /* A link or a file of that name is none of ours: somebody in the volume has made it. */
    if (whole < 0 && (errno == ELOOP || errno == ENOTDIR))
        return unlinkat(filling->staging, filling->whole, 0);
    if (whole < 0)
        return errno == ENOENT ? 0 : -1;
    if (move_all(filling, whole) < 0 || copytree_metadata(whole, filling->data) < 0)
        return -1;
    return rmtree(filling->staging, filling->whole);
}

static int copy_aside(const struct filling *filling, int source, bool durable)
{
    if (mkdirat(filling->staging, filling->half, 0700) < 0)
        return -1;
    autoclose int half = openat(filling->staging, filling->half, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (half < 0 || copytree(source, half) < 0)
        return -1;
    if (durable && syncfs(half) < 0)
        return -1;
    return renameat(filling->staging, filling->half, filling->staging, filling->whole);
}

int filling_run(const struct filling *filling, int source, bool durable)
{
    if (rmtree(filling->staging, filling->half) < 0 || filling_finish(filling) < 0)
        return -1;
    if (!filling_is_empty(filling))
        return 0;
    if (has_nothing(filling, source))
        return copytree_metadata(source, filling->data);
    if (copy_aside(filling, source, durable) < 0) {
        int error = errno;
        rmtree(filling->staging, filling->half);
        errno = error;
        return -1;
    }
    return filling_finish(filling);
}
