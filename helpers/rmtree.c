/*
 * Removal of trees that hold other people's uids: run as root of the user's namespace. What a container has left is hostile:
 * it may be deeper than there are fds, or than a path is long. So what lies deep is moved up, into the top directory.
 */
#include "rmtree.h"
#include "roles.h"
#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DEEPEST = 32 };

struct removal {
    int top;
    unsigned long serial, progress; /* names given, entries removed or moved */
    int error;
};

static char culprit[NAME_MAX + 1];

const char *rmtree_culprit(void)
{
    return culprit;
}

/* The first failure counts; that somebody else was faster is none. */
static void note(struct removal *removal, const char *name)
{
    if (removal->error || errno == ENOENT)
        return;
    removal->error = errno;
    snprintf(culprit, sizeof culprit, "%s", name);
}

/* -1 with EXDEV for a directory on which something is mounted: that is not ours to remove. */
static int open_directory(int dirfd, const char *name)
{
    struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_NO_XDEV };
    int fd = (int)syscall(SYS_openat2, dirfd, name, &how, sizeof how);
    if (fd >= 0 || errno != ENOSYS)
        return fd;
    struct stat above, below;
    fd = openat(dirfd, name, (int)how.flags);
    if (fd >= 0 && fstat(dirfd, &above) == 0 && fstat(fd, &below) == 0 && above.st_dev != below.st_dev) {
        close(fd);
        errno = EXDEV;
        return -1;
    }
    return fd;
}

/* Onto an existing name a directory goes only if that is an empty directory, which is no loss; rename(2). */
static bool move_up(struct removal *removal, int dirfd, const char *name)
{
    for (bool permitted = false;;) {
        char target[32];
        snprintf(target, sizeof target, "deep-%lu", removal->serial++);
        if (renameat(dirfd, name, removal->top, target) == 0)
            return true;
        if (errno == EACCES && !permitted) {
            permitted = true; /* a change of its parent is a change of the directory itself */
            fchmodat(dirfd, name, 0700, 0);
        } else if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR)
            return false;
    }
}

static int open_permitted(int dirfd, const char *name)
{
    int fd = open_directory(dirfd, name);
    if (fd >= 0 || errno != EACCES)
        return fd;
    /* overlayfs leaves its work directory with mode 000. */
    fchmodat(dirfd, name, 0700, 0);
    return open_directory(dirfd, name);
}

static void remove_children(struct removal *removal, int fd, int depth);

/* A directory that is not empty: its children, then itself; or up with it, for the next pass. */
static void remove_directory(struct removal *removal, int dirfd, const char *name, int depth)
{
    int fd = depth < DEEPEST ? open_permitted(dirfd, name) : -1;
    if (fd >= 0) {
        remove_children(removal, fd, depth + 1);
        if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0) {
            note(removal, name);
            return;
        }
    } else if (depth < DEEPEST && errno != EMFILE && errno != ENFILE) {
        note(removal, name);
        return;
    } else if (depth == 0 || !move_up(removal, dirfd, name)) {
        note(removal, name);
        return;
    }
    removal->progress++;
}

static void remove_entry(struct removal *removal, int dirfd, const char *name, bool directory, int depth)
{
    if (!directory) {
        if (unlinkat(dirfd, name, 0) == 0) {
            removal->progress++;
            return;
        }
        /* EPERM is what some file systems say of a directory, and all of what is immutable. */
        if (errno != EISDIR && errno != EPERM) {
            note(removal, name);
            return;
        }
    }
    if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0)
        removal->progress++;
    else if (errno == ENOTEMPTY || errno == EEXIST)
        remove_directory(removal, dirfd, name, depth);
    else {
        errno = errno == ENOTDIR ? EPERM : errno;
        note(removal, name);
    }
}

/* Consumes `fd`. */
static void remove_children(struct removal *removal, int fd, int depth)
{
    DIR *directory = fdopendir(fd);
    if (!directory) {
        note(removal, ".");
        close(fd);
        return;
    }
    /* An unreadable or unwritable directory is the owner's choice, not an obstacle to its removal. */
    struct stat status;
    if (fstat(fd, &status) == 0 && (status.st_mode & 0300) != 0300)
        fchmod(fd, 0700);
    struct dirent *entry;
    while ((entry = readdir(directory)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_entry(removal, fd, entry->d_name, entry->d_type == DT_DIR, depth);
    closedir(directory);
}

/* Once through what readdir(3) lists, which need not be all of it when entries come and go meanwhile. */
static void run_pass(struct removal *removal, int dirfd, const char *name)
{
    autoclose int top = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (top < 0 && errno == EACCES) {
        fchmodat(dirfd, name, 0700, 0);
        top = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    int fd = top < 0 ? -1 : openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    removal->top = top;
    if (fd < 0)
        note(removal, name);
    else
        remove_children(removal, fd, 0);
}

int rmtree(int dirfd, const char *name)
{
    struct removal removal = { .top = -1 };
    unsigned long before = ULONG_MAX;
    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
        return 0;
    int error = errno;
    snprintf(culprit, sizeof culprit, "%s", ".");
    while (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT) {
        error = errno == ENOTDIR ? error : errno;
        if (errno == ENOTDIR || removal.progress == before) {
            errno = removal.error ? removal.error : error;
            return -1;
        }
        before = removal.progress;
        removal.error = 0;
        run_pass(&removal, dirfd, name);
    }
    return 0;
}

/* skiff-helper rm PATH...: absolute paths, each with everything below it. What cannot be removed keeps no other from going. */
int role_rm(int argc, char **argv)
{
    autofree char *complaint = NULL;
    for (int i = 1; i < argc; i++)
        if (rmtree(AT_FDCWD, argv[i]) < 0 && !complaint)
            complaint = xasprintf("cannot remove %s: %s: %s", argv[i], rmtree_culprit(), errno_words(errno));
    if (complaint)
        die("%s", complaint);
    return 0;
}
