/*
 * skiff-helper probe-directory DIR: what DIR's file system can keep of what is in images and containers, by trying; for `skiff doctor`. Inside `userns`.
 * A line each on stdout: `NAME ok` or `NAME no WHY`. What it makes in DIR it removes; what a kill -9 leaves there is the caller's to remove.
 */
#include "roles.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

static void say(const char *name, bool works)
{
    if (works)
        printf("%s ok\n", name);
    else
        printf("%s no %s\n", name, errno_words(errno));
}

/* Some file systems say yes and keep the owner. */
static bool try_owner(int fd)
{
    struct stat status;
    if (fchown(fd, 1, 1) < 0 || fstat(fd, &status) < 0)
        return false;
    errno = EPERM;
    return status.st_uid == 1 && status.st_gid == 1;
}

/* Revision 2 as ping(8) has it; the kernel notes for which root it holds. Needs a file of that root's own. */
static bool try_capability(int fd)
{
    struct vfs_cap_data data = { .magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, .data[0].permitted = 1u << CAP_NET_RAW };
    return fchown(fd, 0, 0) == 0 && fsetxattr(fd, "security.capability", &data, sizeof data, 0) == 0;
}

static bool try_socket(void)
{
    autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
    return fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
}

static bool may_execute(int fd)
{
    struct statvfs mounted;
    if (fstatvfs(fd, &mounted) < 0)
        return false;
    errno = EACCES;
    return (mounted.f_flag & ST_NOEXEC) == 0;
}

int role_probe_directory(int argc, char **argv)
{
    if (argc != 2)
        die("usage: probe-directory DIR");
    if (chdir(argv[1]) < 0)
        die_errno("cannot enter %s", argv[1]);
    autoclose int fd = open("file", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        die_errno("cannot make a file in %s", argv[1]);
    say("owner", try_owner(fd));
    say("attribute", fsetxattr(fd, "user.skiff", "x", 1, 0) == 0);
    say("capability", try_capability(fd));
    say("lock", flock(fd, LOCK_EX | LOCK_NB) == 0);
    say("link", link("file", "second") == 0);
    say("socket", try_socket());
    say("execute", may_execute(fd));
    static const char *const made[] = { "file", "second", "socket" };
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        unlink(made[i]);
    return fflush(stdout) == 0 ? 0 : EXIT_SKIFF;
}
