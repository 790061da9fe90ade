/* Look-ups beneath a hostile root, by openat2(2) and by the walk for kernels without it. */
#include "rootpath.h"
#include "check.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int root = -1;

static void build(char *directory)
{
    check(mkdtemp(directory));
    root = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    check(root >= 0 && mkdirat(root, "d", 0755) == 0 && mkdirat(root, "d/e", 0755) == 0);
    close(openat(root, "d/e/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    check(symlinkat("/etc", root, "absolute") == 0);
    check(symlinkat("../../../../etc", root, "upward") == 0);
    check(symlinkat("d/e", root, "inside") == 0);
    check(symlinkat("loop", root, "loop") == 0);
    check(symlinkat("/proc/self/root", root, "magic") == 0);
}

/* 0 or the errno of opening `path`; the fd is checked to be what `same` names. */
static int opens(int fd, const char *same)
{
    struct stat found, wanted;
    if (fd < 0)
        return errno;
    check(fstat(fd, &found) == 0 && fstatat(root, same, &wanted, 0) == 0);
    check(found.st_ino == wanted.st_ino && found.st_dev == wanted.st_dev);
    check(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
    return 0;
}

static void test_open(void)
{
    check(opens(root_open(root, "/d/e/file", O_RDONLY, true), "d/e/file") == 0);
    check(opens(root_open(root, "d//e/./file", O_PATH, true), "d/e/file") == 0);
    check(opens(root_open(root, "/", O_PATH | O_DIRECTORY, true), ".") == 0);
    check(opens(root_open(root, "", O_PATH | O_DIRECTORY, true), ".") == 0);
    check(opens(root_open(root, "/../../d/e", O_PATH, true), "d/e") == 0);
    check(opens(root_open(root, "inside/file", O_PATH, true), "d/e/file") == 0);
    check(opens(root_open(root, "/inside", O_PATH, false), "d/e") == ELOOP);
    check(opens(root_open(root, "/absolute/passwd", O_RDONLY, true), "x") == ENOENT); /* /etc of the root, which has none */
    check(opens(root_open(root, "/upward", O_RDONLY, true), "x") == ENOENT);
    check(opens(root_open(root, "/loop", O_PATH, true), "x") == ELOOP);
    check(opens(root_open(root, "/magic", O_PATH, true), "x") == ENOENT);
    check(opens(root_open(root, "/d/e/file/x", O_PATH, true), "x") == ENOTDIR);
}

static void test_walk(void)
{
    check(opens(root_walk(root, "d/e/file", O_RDONLY), "d/e/file") == 0);
    check(opens(root_walk(root, "/d//e/./file", O_PATH), "d/e/file") == 0);
    check(opens(root_walk(root, "/", O_PATH | O_DIRECTORY), ".") == 0);
    check(opens(root_walk(root, "", O_PATH | O_DIRECTORY), ".") == 0);
    check(opens(root_walk(root, "d/../d", O_PATH), "d") == ELOOP);
    check(opens(root_walk(root, "..", O_PATH), "d") == ELOOP);
    check(opens(root_walk(root, "inside", O_PATH), "x") == ELOOP);
    check(opens(root_walk(root, "inside", O_RDONLY), "x") == ELOOP);
    check(opens(root_walk(root, "inside/file", O_PATH), "x") == ENOTDIR);
    check(opens(root_walk(root, "absolute/passwd", O_RDONLY), "x") == ENOTDIR);
    check(opens(root_walk(root, "missing/x", O_PATH), "x") == ENOENT);
    check(opens(root_walk(root, "d/e/file/x", O_PATH), "x") == ENOTDIR);
}

static void test_make(void)
{
    struct stat status;
    check(opens(root_make_directory(root, "/new/deep/dir/", true), "new/deep/dir") == 0);
    check(opens(root_make_directory(root, "/new/deep/dir", true), "new/deep/dir") == 0);
    check(fstatat(root, "new/deep", &status, 0) == 0 && (status.st_mode & 07777) == 0755);
    check(opens(root_make_file(root, "/new/file", true), "new/file") == 0);
    check(opens(root_make_file(root, "/other/sub/file", false), "other/sub/file") == 0);
    check(opens(root_make_file(root, "/d/e/file", true), "d/e/file") == 0);
    check(opens(root_make_directory(root, "/d/e/file", true), "x") == ENOTDIR);
    /* A link out of the root leads to the same name inside it. */
    check(opens(root_make_file(root, "/absolute/escaped", true), "etc/escaped") == 0);
    check(opens(root_make_directory(root, "/upward/dir", true), "etc/dir") == 0);
    check(faccessat(AT_FDCWD, "/etc/escaped", F_OK, 0) < 0 && faccessat(AT_FDCWD, "/etc/dir", F_OK, 0) < 0);
    check(root_make_file(root, "/inside/x", false) < 0 && errno == ELOOP);
    check(faccessat(root, "d/e/x", F_OK, 0) < 0);
}

int main(void)
{
    char directory[] = "/tmp/skiff-rootpath-XXXXXX";
    umask(022);
    build(directory);
    test_open();
    test_walk();
    test_make();
    autofree char *command = xasprintf("rm -rf %s", directory);
    return system(command);
}
