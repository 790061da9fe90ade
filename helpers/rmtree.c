/* Removal of trees that hold other people's uids: run as root of the user's namespace. */
#include "rmtree.h"
#include "roles.h"
#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int remove_children(int fd);

/* A directory that could be opened: its children, then itself. `fd` is consumed. */
static int remove_directory(int dirfd, const char *name)
{
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == EACCES) {
        /* overlayfs leaves its work directory with mode 000. */
        fchmodat(dirfd, name, 0700, 0);
        fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    if (fd < 0)
        return errno == ENOENT ? 0 : -1;
    int error = remove_children(fd) < 0 ? errno : 0;
    if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT && !error)
        error = errno;
    errno = error;
    return error ? -1 : 0;
}

static int remove_children(int fd)
{
    int error = 0;
    DIR *directory = fdopendir(fd);
    if (!directory) {
        close(fd);
        return -1;
    }
    /* An unreadable or unwritable directory is the owner's choice, not an obstacle to its removal. */
    struct stat status;
    if (fstat(fd, &status) == 0 && (status.st_mode & 0300) != 0300)
        fchmod(fd, 0700);
    struct dirent *entry;
    while ((entry = readdir(directory))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (rmtree(fd, entry->d_name) < 0 && !error)
            error = errno;
    }
    closedir(directory);
    errno = error;
    return error ? -1 : 0;
}

int rmtree(int dirfd, const char *name)
{
    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -1;
    return remove_directory(dirfd, name);
}

/* skiff-helper rm PATH...: absolute paths, each with everything below it. */
int role_rm(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (rmtree(AT_FDCWD, argv[i]) < 0)
            die_errno("cannot remove %s", argv[i]);
    return 0;
}
