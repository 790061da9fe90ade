/* A copy of a tree on the same machine: an image's directory into a volume, or a volume into another. */
#include "copytree.h"
#include "roles.h"
#include "rootpath.h"
#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Three fds a level; deeper than any path may be long. */
enum { DEEPEST = PATH_MAX / 2, BUFFER = 1 << 16, SLOTS = 1 << 12 };

/* A file with several names: where its first copy is, beneath the top. */
struct linked {
    dev_t device;
    ino_t inode;
    char *path;
    size_t next; /* of the same slot, counted from 1; 0: none */
};

struct copy {
    int top;
    dev_t device; /* of the source: other mounts are not entered */
    struct linked *linked;
    size_t count, capacity, slots[SLOTS];
};

static char culprit[NAME_MAX + 1];

const char *copytree_culprit(void)
{
    return culprit;
}

static int blame(const char *name)
{
    int error = errno;
    if (!culprit[0])
        snprintf(culprit, sizeof culprit, "%s", name);
    errno = error;
    return -1;
}

/* Not the marks by which overlay file systems speak to themselves. */
static bool is_wanted(const char *key)
{
    if (strncmp(key, "user.overlay.", 13) == 0 || strncmp(key, "user.fuseoverlayfs.", 19) == 0)
        return false;
    return strncmp(key, "user.", 5) == 0 || strcmp(key, "security.capability") == 0 || strncmp(key, "system.posix_acl_", 17) == 0;
}

static int copy_attribute(int from, int to, const char *key)
{
    char value[XATTR_SIZE_MAX];
    ssize_t size = fgetxattr(from, key, value, sizeof value);
    if (size < 0)
        return errno == ENODATA || errno == EOPNOTSUPP || errno == EOVERFLOW ? 0 : -1;
    if (fsetxattr(to, key, value, (size_t)size, 0) == 0)
        return 0;
    /* A file system may have none of them; what only root of the host may set is not for us. */
    return errno == EOPNOTSUPP || (errno == EPERM && strncmp(key, "user.", 5) != 0) ? 0 : -1;
}

static int copy_attributes(int from, int to)
{
    char names[XATTR_LIST_MAX];
    ssize_t size = flistxattr(from, names, sizeof names);
    if (size < 0)
        return errno == EOPNOTSUPP ? 0 : -1;
    for (const char *key = names; key < names + size; key += strlen(key) + 1)
        if (is_wanted(key) && copy_attribute(from, to, key) < 0)
            return -1;
    return 0;
}

/* An owner who has no id here (EINVAL) stays us, as he does for whoever looks. */
static int own(int to, const struct stat *status)
{
    return fchown(to, status->st_uid, status->st_gid) < 0 && errno != EINVAL ? -1 : 0;
}

/* In this order: a change of owner takes capabilities and set-user-id bits away, and attributes must not change times. */
static int copy_metadata(int from, int to, const struct stat *status)
{
    const struct timespec times[2] = { status->st_atim, status->st_mtim };
    if (own(to, status) < 0 || copy_attributes(from, to) < 0 || fchmod(to, status->st_mode & 07777) < 0)
        return -1;
    return futimens(to, times);
}

int copytree_metadata(int from, int to)
{
    struct stat status;
    culprit[0] = 0;
    return fstat(from, &status) < 0 || copy_metadata(from, to, &status) < 0 ? blame(".") : 0;
}

static int copy_by_hand(int from, int to, off_t at, off_t end)
{
    char buffer[BUFFER];
    while (at < end) {
        size_t want = end - at < BUFFER ? (size_t)(end - at) : BUFFER;
        ssize_t got = pread(from, buffer, want, at);
        if (got <= 0)
            return got < 0 ? -1 : 0; /* it has become shorter meanwhile */
        if (lseek(to, at, SEEK_SET) < 0 || write_all(to, buffer, (size_t)got) < 0)
            return -1;
        at += got;
    }
    return 0;
}

static int copy_range(int from, int to, off_t at, off_t end)
{
    while (at < end) {
        off_t in = at, out = at;
        ssize_t got = copy_file_range(from, &in, to, &out, (size_t)(end - at), 0);
        if (got < 0 && errno != EINTR)
            return errno == ENOSPC || errno == EDQUOT || errno == EIO ? -1 : copy_by_hand(from, to, at, end);
        if (got == 0)
            return copy_by_hand(from, to, at, end); /* some file systems say so where they cannot */
        at += got > 0 ? got : 0;
    }
    return 0;
}

/* SEEK_DATA, lseek(2): what lies between the data is a hole and stays one. */
static int copy_data(int from, int to, off_t size)
{
    if (size == 0 || ioctl(to, FICLONE, from) == 0)
        return 0;
    for (off_t at = 0; at < size;) {
        off_t data = lseek(from, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            break; /* only a hole is left */
        off_t hole = data < 0 ? size : lseek(from, data, SEEK_HOLE);
        off_t begin = data < 0 ? at : data, end = hole < 0 || hole > size ? size : hole;
        if (begin < end && copy_range(from, to, begin, end) < 0)
            return -1;
        at = end > at ? end : size;
    }
    return ftruncate(to, size);
}

static int copy_file(int from_directory, int to_directory, const char *name)
{
    struct stat status;
    /* Should it have become a FIFO since we looked, nobody waits for its writer. */
    autoclose int from = openat(from_directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (from < 0 || fstat(from, &status) < 0)
        return -1;
    if (!S_ISREG(status.st_mode))
        return 0;
    autoclose int to = openat(to_directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0 || copy_data(from, to, status.st_size) < 0)
        return -1;
    return copy_metadata(from, to, &status);
}

static int copy_special(int from_directory, int to_directory, const char *name, const struct stat *status)
{
    const struct timespec times[2] = { status->st_atim, status->st_mtim };
    if (S_ISLNK(status->st_mode)) {
        char text[PATH_MAX];
        ssize_t length = readlinkat(from_directory, name, text, sizeof text - 1);
        if (length < 0)
            return -1;
        text[length] = 0;
        if (symlinkat(text, to_directory, name) < 0)
            return -1;
    } else if (!S_ISFIFO(status->st_mode) && !S_ISSOCK(status->st_mode))
        return 0; /* a device: only root of the host could make it */
    else if (mknodat(to_directory, name, status->st_mode, 0) < 0)
        return -1;
    if (fchownat(to_directory, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != EINVAL)
        return -1;
    return utimensat(to_directory, name, times, AT_SYMLINK_NOFOLLOW);
}

static const struct linked *find_linked(const struct copy *copy, const struct stat *status)
{
    for (size_t i = copy->slots[status->st_ino % SLOTS]; i > 0; i = copy->linked[i - 1].next)
        if (copy->linked[i - 1].inode == status->st_ino && copy->linked[i - 1].device == status->st_dev)
            return &copy->linked[i - 1];
    return NULL;
}

static void note_linked(struct copy *copy, const struct stat *status, const char *path)
{
    if (copy->count == copy->capacity) {
        copy->capacity = copy->capacity ? copy->capacity * 2 : 64;
        copy->linked = realloc(copy->linked, copy->capacity * sizeof *copy->linked);
        if (!copy->linked)
            die("out of memory");
    }
    size_t *slot = &copy->slots[status->st_ino % SLOTS];
    copy->linked[copy->count++] = (struct linked){ status->st_dev, status->st_ino, xasprintf("%s", path), *slot };
    *slot = copy->count;
}

/* The first copy is found without following links: in a directory shared with others somebody may have put one there. */
static int link_again(const struct copy *copy, const struct linked *linked, int to_directory, const char *name)
{
    char path[64];
    autoclose int fd = root_open(copy->top, linked->path, O_PATH, false);
    if (fd < 0)
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, path, to_directory, name, AT_SYMLINK_FOLLOW);
}

static int copy_children(struct copy *copy, int from, int to, const char *path, int depth);

static int copy_directory(struct copy *copy, int from_directory, int to_directory, const char *name, const char *path, int depth)
{
    struct stat status;
    autoclose int from = openat(from_directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (from < 0 || fstat(from, &status) < 0 || mkdirat(to_directory, name, 0700) < 0)
        return -1;
    autoclose int to = openat(to_directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (to < 0)
        return -1;
    if (depth >= DEEPEST) {
        errno = ENAMETOOLONG;
        return -1;
    }
    /* What is mounted there is no part of it. */
    if (status.st_dev == copy->device && copy_children(copy, from, to, path, depth + 1) < 0)
        return -1;
    return copy_metadata(from, to, &status);
}

static int copy_entry(struct copy *copy, int from, int to, const char *name, const char *above, int depth)
{
    struct stat status;
    autofree char *path = xasprintf("%s/%s", above, name);
    if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : blame(name);
    if (S_ISDIR(status.st_mode))
        return copy_directory(copy, from, to, name, path, depth) < 0 ? blame(name) : 0;
    const struct linked *linked = status.st_nlink > 1 ? find_linked(copy, &status) : NULL;
    if (linked)
        return link_again(copy, linked, to, name) < 0 ? blame(name) : 0;
    int result = S_ISREG(status.st_mode) ? copy_file(from, to, name) : copy_special(from, to, name, &status);
    if (result < 0)
        return errno == ENOENT ? 0 : blame(name); /* it has gone meanwhile */
    if (status.st_nlink > 1 && faccessat(to, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        note_linked(copy, &status, path);
    return 0;
}

static int copy_children(struct copy *copy, int from, int to, const char *path, int depth)
{
    int fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory) {
        close_fd(&fd);
        return -1;
    }
    for (struct dirent *entry; result == 0 && (errno = 0, entry = readdir(directory));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result = copy_entry(copy, from, to, entry->d_name, path, depth);
    int error = errno;
    closedir(directory);
    errno = error;
    return result < 0 || error ? -1 : 0;
}

/* A deep tree has many directories open at once. */
static void raise_fd_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int copytree(int from, int to)
{
    struct stat status;
    struct rlimit limit;
    struct copy copy = { .top = to };
    bool limited = getrlimit(RLIMIT_NOFILE, &limit) == 0;
    mode_t mask = umask(0);
    culprit[0] = 0;
    raise_fd_limit();
    int result = fstat(from, &status);
    copy.device = status.st_dev;
    if (result == 0)
        result = copy_children(&copy, from, to, "", 0);
    if (result == 0)
        result = copy_metadata(from, to, &status);
    int error = errno;
    for (size_t i = 0; i < copy.count; i++)
        free(copy.linked[i].path);
    free(copy.linked);
    umask(mask);
    if (limited)
        setrlimit(RLIMIT_NOFILE, &limit); /* the container's command shall have the limit that it was to have */
    errno = error;
    return result < 0 ? blame(".") : 0;
}

/* skiff-helper copy-tree FROM TO: absolute paths of two directories; TO is empty. Inside `userns`, for they hold other people's ids. */
int role_copy_tree(int argc, char **argv)
{
    if (argc != 3)
        die("usage: copy-tree FROM TO");
    autoclose int from = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC), to = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (from < 0 || to < 0)
        die_errno("cannot open %s", from < 0 ? argv[1] : argv[2]);
    if (copytree(from, to) < 0)
        die_errno("cannot copy %s", copytree_culprit());
    return 0;
}
