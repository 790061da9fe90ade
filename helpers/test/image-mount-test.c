/* Images that are mounted besides a container's own: layers joined, read-only for good, and parts that do not lead out. In a directory and in namespaces of the test's own. */
#include "image-mount.h"
#include "check.h"
#include "rmtree.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *root;

static char *at(const char *path)
{
    return xasprintf("%s/%s", root, path);
}

static void make_directory(const char *path)
{
    autofree char *full = at(path);
    check(mkdir(full, 0755) == 0);
}

static void make_file(const char *path)
{
    autofree char *full = at(path);
    autoclose int fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    check(fd >= 0 && write_all(fd, path, strlen(path)) == 0);
}

static void make_link(const char *text, const char *path)
{
    autofree char *full = at(path);
    check(symlink(text, full) == 0);
}

static bool is_there(const char *path)
{
    autofree char *full = at(path);
    return access(full, F_OK) == 0;
}

static int try_to_write(const char *directory)
{
    autofree char *full = xasprintf("%s/%s/new", root, directory);
    autoclose int fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return fd < 0 ? errno : 0;
}

static void enter_namespaces(void)
{
    autofree char *uids = xasprintf("0 %u 1", getuid()), *gids = xasprintf("0 %u 1", getgid());
    check(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0);
    check(write_file(AT_FDCWD, "/proc/self/setgroups", "deny") == 0);
    check(write_file(AT_FDCWD, "/proc/self/uid_map", uids) == 0);
    check(write_file(AT_FDCWD, "/proc/self/gid_map", gids) == 0);
    check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
}

static void mount_layers(const char *subpath, const char *lower, const char *lowest)
{
    char *fields[] = { "image-mount", "name", at("stage"), (char *)(uintptr_t)subpath, at("part"), "", "userxattr,index=off,xino=off", at(lower), lowest ? at(lowest) : NULL };
    struct record record = { lowest ? 9 : 8, fields };
    struct plan plan = { 1, &record };
    images_mount(&plan);
    images_unmount(&plan); /* concerns programs only */
    for (size_t i = 0; i < 9; i++)
        if (i == 2 || i == 4 || i >= 7)
            free(fields[i]);
}

/* In a process with namespaces of its own; returns its exit status. */
static int in_child(void (*body)(const void *), const void *what)
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    check(child >= 0);
    if (child == 0) {
        enter_namespaces();
        body(what);
        _exit(0);
    }
    check(waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void joined(const void *what)
{
    (void)what;
    mount_layers("", "upper", "lower");
    check(is_there("stage/dir/low") && is_there("stage/dir/high") && !is_there("part"));
    check(try_to_write("stage") == EROFS && try_to_write("stage/dir") == EROFS);
}

static void alone(const void *what)
{
    (void)what;
    mount_layers("", "lower", NULL);
    check(is_there("stage/dir/low") && !is_there("stage/dir/high"));
    check(try_to_write("stage/dir") == EROFS);
    /* A restart finds what was there before. */
    autofree char *stage = at("stage");
    check(umount2(stage, MNT_DETACH) == 0);
    mount_layers("dir", "lower", NULL);
    check(is_there("part/low"));
    check(umount2(stage, MNT_DETACH) == 0);
}

static void made_writable(const void *what)
{
    (void)what;
    mount_layers("dir", "lower", NULL);
    check(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0); /* as a container does, with every capability there */
    for (int i = 0; i < 2; i++) {
        autofree char *path = at(i ? "part" : "stage"), *copy = at("copy");
        check(mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL) < 0 && errno == EPERM);
        check(mount(NULL, path, NULL, MS_REMOUNT, NULL) < 0);
        check(mount(path, copy, NULL, MS_BIND | MS_REC, NULL) == 0);
        check(mount(NULL, copy, NULL, MS_REMOUNT | MS_BIND, NULL) < 0 && errno == EPERM);
        check(umount2(path, 0) < 0 && umount2(copy, MNT_DETACH) == 0);
        check(try_to_write(i ? "part" : "stage") != 0);
    }
}

static void part(const void *path)
{
    mount_layers(path, "links", "lower");
    check(is_there("part"));
    exit(0);
}

static void test_parts(void)
{
    const char *good[] = { "dir", "dir/low", "in", "in/low", "up/dir" }, *bad[] = { "absolute", "root", "out", "far", "magic", "loop", "none", "dir/none", "out/etc", "root/etc" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        check(in_child(part, good[i]) == 0);
    int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC), words = dup(2);
    dup2(quiet, 2);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int status = in_child(part, bad[i]);
        if (status != 125)
            dprintf(words, "%s: %d\n", bad[i], status);
        check(status == 125);
    }
    dup2(words, 2);
    close(quiet);
    close(words);
}

int main(void)
{
    char directory[] = "/tmp/skiff-image-mount-XXXXXX";
    check(mkdtemp(directory) != NULL);
    root = directory;
    const char *directories[] = { "lower", "lower/dir", "upper", "upper/dir", "links", "links/up-from", "copy" };
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
        make_directory(directories[i]);
    make_file("lower/dir/low");
    make_file("upper/dir/high");
    make_link("dir", "links/in");
    make_link("up-from/..", "links/up");
    make_link("/etc", "links/absolute");
    make_link("/", "links/root");
    make_link("..", "links/out");
    make_link("../../../../../../../../etc", "links/far");
    make_link("/proc/self/root/etc", "links/magic");
    make_link("loop", "links/loop");
    check(in_child(joined, NULL) == 0);
    check(in_child(alone, NULL) == 0);
    check(in_child(made_writable, NULL) == 0);
    test_parts();
    check(rmtree(AT_FDCWD, directory) == 0);
    return 0;
}
