/*
 * skiff-helper probe-overlay DIR: whether the kernel's overlay, mounted by root of the user's namespace with userxattr, does
 * on DIR's file system what containers need. Exit 0, or 1 and one line with the reason on stderr. Everything is made in a mount
 * namespace of its own and below DIR, and removed again; what a kill -9 leaves in DIR is the caller's to remove.
 */
#include "roles.h"
#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Removed in this order, from the leaves up; overlay itself makes work/work, and work/index on some kernels. */
static const char *const leftovers[] = {
    "upper/gone",    "upper/file",         "upper/replaced/new", "upper/replaced", "upper/kept/inner", "upper/kept",  "upper/moved/inner",
    "upper/moved",   "lower/gone",         "lower/file",         "lower/kept/inner", "lower/kept",     "lower/replaced/old",
    "lower/replaced", "work/work",         "work/index",         "merged",         "upper",            "work",        "lower",
};

/* Says what does not work, with errno's words when there is an errno, and answers the exit code. */
static int __attribute__((format(printf, 1, 2))) refuse(const char *format, ...)
{
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    if (error != 0)
        fprintf(stderr, ": %s", errno_words(error));
    fputc('\n', stderr);
    return 1;
}

static int make_file(const char *path)
{
    autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    return fd < 0 ? -1 : write_all(fd, "skiff", 5);
}

static int make_tree(void)
{
    static const char *const directories[] = {"lower", "upper", "work", "merged", "lower/kept", "lower/replaced"};
    static const char *const files[] = {"lower/gone", "lower/file", "lower/kept/inner", "lower/replaced/old"};
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
        if (mkdir(directories[i], 0755) < 0)
            return -1;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (make_file(files[i]) < 0)
            return -1;
    return 0;
}

/* Copy-up by writing, and by moving a lower directory. EXDEV is the kernel's documented answer to the latter without
 * redirect_dir, which userxattr excludes: programs then copy, as they do on Docker's overlay2. */
static int try_writing(void)
{
    autoclose int fd = open("merged/file", O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0 || write_all(fd, "more", 4) < 0)
        return refuse("a file of a lower layer cannot be written");
    struct stat status;
    if (stat("upper/file", &status) < 0 || status.st_size != 9)
        return refuse("a written file did not reach the upper directory whole");
    if (rename("merged/kept", "merged/moved") < 0 && errno != EXDEV)
        return refuse("a directory of a lower layer cannot be renamed");
    return 0;
}

static int try_deleting(void)
{
    struct stat status;
    if (unlink("merged/gone") < 0)
        return refuse("a file of a lower layer cannot be deleted");
    if (lstat("upper/gone", &status) < 0 || !S_ISCHR(status.st_mode) || status.st_rdev != makedev(0, 0))
        return refuse("a deleted file did not become a whiteout");
    if (lstat("merged/gone", &status) == 0)
        return refuse("a deleted file is still there");
    if (unlink("merged/replaced/old") < 0 || rmdir("merged/replaced") < 0 || mkdir("merged/replaced", 0755) < 0)
        return refuse("a directory of a lower layer cannot be replaced");
    char mark = 0;
    if (getxattr("upper/replaced", "user.overlay.opaque", &mark, 1) != 1 || mark != 'y')
        return refuse("a replaced directory was not marked opaque with user.overlay.opaque");
    return make_file("merged/replaced/new") < 0 ? refuse("a file cannot be made in a replaced directory") : 0;
}

static int probe(void)
{
    errno = 0;
    if (make_tree() < 0)
        return refuse("the directories for the trial cannot be made");
    if (mount("overlay", "merged", "overlay", 0, "userxattr,lowerdir=lower,upperdir=upper,workdir=work") < 0)
        return refuse("the kernel does not mount an overlay here");
    int failed = try_writing();
    errno = 0;
    if (failed == 0)
        failed = try_deleting();
    if (umount2("merged", MNT_DETACH) < 0 && failed == 0)
        failed = refuse("the overlay cannot be unmounted");
    return failed;
}

/* overlay leaves the whiteout that it links everywhere (since Linux 5.8) in its working directory. */
static void empty_directory(const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
}

static void remove_tree(void)
{
    empty_directory("work/work");
    for (size_t i = 0; i < sizeof leftovers / sizeof *leftovers; i++)
        if (unlink(leftovers[i]) < 0)
            rmdir(leftovers[i]);
}

int role_probe_overlay(int argc, char **argv)
{
    if (argc != 2)
        die("usage: probe-overlay DIR");
    if (unshare(CLONE_NEWNS) < 0)
        return refuse("no mount namespace can be made");
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return refuse("the mount namespace cannot be made private");
    if (chdir(argv[1]) < 0)
        return refuse("the directory for the trial cannot be entered");
    int failed = probe();
    remove_tree();
    return failed;
}
