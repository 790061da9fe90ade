#include "volume-place.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128 };

static char *parent_of(const char *path)
{
    char *parent = xasprintf("%s", path), *slash = strrchr(parent, '/');
    if (!slash || slash == parent)
        die("bad directory of a volume's holder: %s", path);
    *slash = 0;
    return parent;
}

static void make_directory(const char *path)
{
    autofree char *parent = parent_of(path);
    if ((mkdir(parent, 0700) < 0 && errno != EEXIST) || (mkdir(path, 0700) < 0 && errno != EEXIST && errno != ENOENT))
        die_errno("cannot make the directory %s", path);
}

/* Whether the file behind `lock` still has its name: it goes with its directory. */
static bool is_current(int lock, int directory)
{
    struct stat mine, named;
    return fstat(lock, &mine) == 0 && fstatat(directory, "lock", &named, AT_SYMLINK_NOFOLLOW) == 0 && mine.st_ino == named.st_ino && mine.st_dev == named.st_dev;
}

static int flock_whole(int fd, int how)
{
    int result;
    do
        result = flock(fd, how);
    while (result < 0 && errno == EINTR);
    return result;
}

int volume_place_lock(const char *path, bool only_idle, int *directory)
{
    for (;;) {
        if (!only_idle)
            make_directory(path);
        autoclose int place = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        autoclose int lock = place < 0 ? -1 : openat(place, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (lock < 0 && only_idle)
            return -1;
        if (lock < 0 && errno == ENOENT)
            continue; /* it has just been removed */
        if (lock < 0)
            die_errno("cannot open the lock in %s", path);
        if (flock_whole(lock, LOCK_EX | (only_idle ? LOCK_NB : 0)) < 0) {
            if (only_idle)
                return -1;
            die_errno("cannot lock %s", path);
        }
        if (!is_current(lock, place))
            continue;
        int result = lock;
        *directory = place;
        lock = place = -1;
        return result;
    }
}

/* By way of the directory's fd: a socket's name has 108 bytes, unix(7). */
static struct sockaddr_un address_in(int directory)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/socket", directory);
    return address;
}

int volume_place_connect(int directory)
{
    struct sockaddr_un address = address_in(directory);
    autoclose int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return -1;
    int connected = fd;
    fd = -1;
    return connected;
}

int volume_place_listen(int directory)
{
    struct sockaddr_un address = address_in(directory);
    unlinkat(directory, "socket", 0);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, BACKLOG) < 0)
        die_errno("cannot make the socket of a volume's holder");
    return fd;
}

void volume_place_remove(const char *path, int directory)
{
    autofree char *parent = parent_of(path);
    unlinkat(directory, "socket", 0);
    unlinkat(directory, "state", 0);
    unlinkat(directory, ".state", 0);
    unlinkat(directory, "lock", 0);
    rmdir(path);
    rmdir(parent);
}
