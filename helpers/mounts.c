#include "mounts.h"
#include "rootpath.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/mount.h cannot be included beside sys/mount.h: mount_setattr(2), Linux 5.12. */
struct mount_attributes {
    uint64_t set, clear, propagation, userns_fd;
};
enum { ATTRIBUTE_READONLY = 1, AT_RECURSIVE_FLAG = 0x8000 };
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4
#define MOVE_MOUNT_T_EMPTY_PATH 0x40
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

static void fd_path(char *out, size_t size, int fd)
{
    snprintf(out, size, "/proc/self/fd/%d", fd);
}

int mount_on_fd(const char *source, int target, const char *type, unsigned long flags, const char *data)
{
    char path[64];
    fd_path(path, sizeof path, target);
    return mount(source, path, type, flags, data);
}

/* A link where /proc or /dev should be would lead a mount elsewhere: say so instead of "too many levels". */
static _Noreturn void die_target(const char *what, const char *target)
{
    if (errno == ELOOP)
        die("refusing the root file system: %s is or passes through a symbolic link", target);
    if (errno == ENOTDIR)
        die("cannot %s %s: it is not a directory in the image", what, target);
    if (errno == EROFS)
        die("cannot %s %s: it does not exist and the file system there is read-only", what, target);
    die_errno("cannot %s %s in the container", what, target);
}

static void mount_new(int root, char **f)
{
    unsigned long flags = strtoul(f[4], NULL, 10);
    /* The image may not say where the kernel's file systems and /dev are; a user's tmpfs may be at /var/run, a link to /run. */
    bool follow = strcmp(f[1], "tmpfs") == 0 && strcmp(f[3], "/dev") != 0;
    autoclose int target = root_make_directory(root, f[3], follow);
    if (target < 0)
        die_target("mount on", f[3]);
    if (mount_on_fd(f[2], target, f[1], flags, f[5][0] ? f[5] : NULL) < 0)
        die_errno("cannot mount %s on %s (options '%s')", f[1], f[3], f[5]);
}

/* The flags that a mount has now, as mount(2) takes them: a less privileged remount must repeat them. */
static unsigned long present_flags(int fd)
{
    static const struct {
        unsigned long have, want;
    } table[] = {
        { ST_RDONLY, MS_RDONLY },   { ST_NOSUID, MS_NOSUID },         { ST_NODEV, MS_NODEV },
        { ST_NOEXEC, MS_NOEXEC },   { ST_NOATIME, MS_NOATIME },       { ST_NODIRATIME, MS_NODIRATIME },
        { ST_RELATIME, MS_RELATIME },
    };
    struct statfs status;
    unsigned long flags = 0;
    if (fstatfs(fd, &status) < 0)
        return 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if ((unsigned long)status.f_flags & table[i].have)
            flags |= table[i].want;
    return flags;
}

int mount_remount(int fd, unsigned long flags)
{
    return mount_on_fd(NULL, fd, NULL, MS_REMOUNT | MS_BIND | present_flags(fd) | flags, NULL);
}

static int remount_bind(int fd, unsigned long flags, bool recursive)
{
    if ((flags & MS_RDONLY) && recursive) {
        struct mount_attributes attributes = { .set = ATTRIBUTE_READONLY };
        if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE_FLAG, &attributes, sizeof attributes) < 0)
            return -1;
    }
    return mount_remount(fd, flags);
}

/*
 * Mounts what `source` is on `target`, which is at `place`, and returns an fd of that very mount: looked up by name it might be another one by now, where somebody
 * else changes a directory that is shared, and then the options would go to the wrong place. -1 with errno. open_tree(2), Linux 5.2; before that there is the name only.
 */
static int attach_copy(int root, int source, int target, const char *place, bool with_children)
{
    char path[64];
    int copy = (int)syscall(SYS_open_tree, source, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (with_children ? AT_RECURSIVE_FLAG : 0));
    if (copy < 0 && errno == ENOSYS) {
        fd_path(path, sizeof path, source);
        return mount_on_fd(path, target, NULL, MS_BIND | (with_children ? MS_REC : 0), NULL) < 0 ? -1 : root_open(root, place, O_PATH, true);
    }
    if (copy >= 0 && syscall(SYS_move_mount, copy, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        close_fd(&copy);
    return copy;
}

static void mount_bind(int root, char **f)
{
    unsigned long flags = strtoul(f[3], NULL, 10), propagation = strtoul(f[4], NULL, 10);
    bool with_children = strchr(f[5], 'c') != NULL;
    autoclose int source = open(f[1], O_PATH | O_CLOEXEC);
    struct stat status;
    if (source < 0 || fstat(source, &status) < 0)
        die_errno("cannot bind %s", f[1]);
    autoclose int target = S_ISDIR(status.st_mode) ? root_make_directory(root, f[2], true) : root_make_file(root, f[2], true);
    if (target < 0)
        die_target("bind onto", f[2]);
    autoclose int mounted = attach_copy(root, source, target, f[2], with_children);
    if (mounted < 0) {
        if (errno == EINVAL && !with_children)
            die("cannot bind %s without what is mounted below it: that would show what those mounts hide, which only root may", f[1]);
        die_errno("cannot bind %s onto %s (a file needs a file there, a directory a directory)", f[1], f[2]);
    }
    if (propagation && mount_on_fd(NULL, mounted, NULL, propagation, NULL) < 0)
        die_errno("cannot set the propagation of %s", f[2]);
    if (flags && remount_bind(mounted, flags, strchr(f[5], 'r') != NULL) < 0)
        die_errno("cannot set the options of the mount %s", f[2]);
}

static void make_symlink(int root, char **f)
{
    autofree char *copy = xasprintf("%s", f[2]);
    char *slash = strrchr(copy, '/');
    if (!slash)
        die("bad link in the launch plan: %s", f[2]);
    *slash = 0;
    autoclose int parent = root_make_directory(root, *copy ? copy : "/", false);
    if (parent < 0)
        die_target("link in", f[2]);
    if (symlinkat(f[1], parent, slash + 1) < 0 && errno != EEXIST)
        die_errno("cannot make the link %s", f[2]);
}

static void make_directory(int root, char **f)
{
    autoclose int made = root_make_directory(root, f[1], true);
    if (made < 0 && errno != EEXIST)
        die_target("make", f[1]);
}

/* What is not there needs no mask; what cannot be looked at is as good as masked already. Links are followed inside the
   root, so that a path is confined by whichever name it is reached. */
static int open_confined(int root, const char *path)
{
    int fd = root_open(root, path, O_PATH, true);
    if (fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != EACCES)
        die_errno("cannot confine %s", path);
    return fd;
}

static void mask(int root, char **f)
{
    struct stat status;
    autoclose int fd = open_confined(root, f[1]);
    if (fd < 0)
        return;
    if (fstat(fd, &status) < 0)
        die_errno("cannot mask %s", f[1]);
    int result = S_ISDIR(status.st_mode) ? mount_on_fd("tmpfs", fd, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=0k,mode=755")
                                         : mount_on_fd("/dev/null", fd, NULL, MS_BIND, NULL);
    if (result < 0)
        die_errno("cannot mask %s", f[1]);
}

static void make_readonly(int root, char **f)
{
    char path[64];
    autoclose int fd = open_confined(root, f[1]);
    if (fd < 0)
        return;
    fd_path(path, sizeof path, fd);
    if (mount_on_fd(path, fd, NULL, MS_BIND | MS_REC, NULL) < 0)
        die_errno("cannot make %s read-only", f[1]);
    autoclose int mounted = root_open(root, f[1], O_PATH, true);
    if (mounted < 0 || mount_on_fd(NULL, mounted, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | present_flags(mounted), NULL) < 0)
        die_errno("cannot make %s read-only", f[1]);
}

static void make_root_readonly(int root, char **f)
{
    (void)f;
    if (mount_on_fd(NULL, root, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | present_flags(root), NULL) < 0)
        die_errno("cannot make the root file system read-only");
}

int mount_record(int root, const struct record *record)
{
    static const struct {
        const char *name;
        size_t fields;
        void (*run)(int root, char **fields);
    } table[] = {
        { "mount", 5, mount_new },  { "bind", 5, mount_bind },          { "symlink", 2, make_symlink },
        { "mkdir", 1, make_directory }, { "mask", 1, mask },            { "readonly", 1, make_readonly },
        { "root-readonly", 0, make_root_readonly },
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(record->fields[0], table[i].name) != 0)
            continue;
        if (record->count != table[i].fields + 1)
            die("record '%s' of the launch plan has %zu fields", table[i].name, record->count);
        table[i].run(root, record->fields);
        return 1;
    }
    return 0;
}
