/* rmtree() on trees as a hostile container would leave them. Run in a directory of the test's own. */
#include "rmtree.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *current;
#define CHECK(condition) ((condition) ? (void)0 : (dprintf(2, "%s: %s:%d: %s (%s)\n", current, __FILE__, __LINE__, #condition, strerror(errno)), exit(1)))

static int work;

static bool is_there(const char *name)
{
    struct stat status;
    return fstatat(work, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static void make_file(int dirfd, const char *name)
{
    autoclose int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
}

static int make_directory(int dirfd, const char *name)
{
    CHECK(mkdirat(dirfd, name, 0700) == 0);
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(fd >= 0);
    return fd;
}

/* A chain of `depth` directories whose names have the length that a name may have. */
static void make_deep(const char *name, int depth)
{
    char link[256];
    memset(link, 'd', 255);
    link[255] = 0;
    int fd = make_directory(work, name);
    for (int i = 0; i < depth; i++) {
        int next = make_directory(fd, link);
        if (i % 100 == 0)
            make_file(fd, "file");
        close(fd);
        fd = next;
    }
    close(fd);
}

static void set_fd_limit(rlim_t soft)
{
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void test_deep(void)
{
    make_deep("deep", 5000);
    CHECK(rmtree(work, "deep") == 0);
    CHECK(!is_there("deep"));
}

static void test_few_fds(void)
{
    make_deep("few", 300);
    set_fd_limit(12);
    int result = rmtree(work, "few");
    set_fd_limit(1024);
    CHECK(result == 0);
    CHECK(!is_there("few"));
}

static void test_deep_and_wide(void)
{
    char name[32];
    int top = make_directory(work, "wide");
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "wide/deep-%d", i); /* the names that rmtree itself gives */
        make_deep(name, 100);
    }
    make_file(top, "deep-5");
    CHECK(symlinkat("/", top, "deep-6") == 0);
    close(top);
    CHECK(rmtree(work, "wide") == 0);
    CHECK(!is_there("wide"));
}

static void test_many(void)
{
    char name[32];
    int top = make_directory(work, "many");
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof name, "%d", i);
        if (i % 10)
            CHECK(linkat(top, "0", top, name, 0) == 0 || errno == EMLINK || (make_file(top, name), true));
        else
            make_file(top, name);
    }
    close(top);
    CHECK(rmtree(work, "many") == 0);
    CHECK(!is_there("many"));
}

static void test_closed_directories(void)
{
    int top = make_directory(work, "closed"), below = make_directory(top, "below"), last = make_directory(below, "last");
    make_file(last, "file");
    CHECK(fchmod(last, 0) == 0 && fchmod(below, 0) == 0 && fchmod(top, 0) == 0);
    close(last);
    close(below);
    close(top);
    CHECK(rmtree(work, "closed") == 0);
    CHECK(!is_there("closed"));
    top = make_directory(work, "unwritable");
    make_file(top, "file");
    CHECK(fchmod(top, 0500) == 0);
    close(top);
    CHECK(rmtree(work, "unwritable") == 0);
    CHECK(!is_there("unwritable"));
    make_deep("closed-deep", 40);
    int fd = openat(work, "closed-deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < 40; i++) {
        char link[256];
        memset(link, 'd', 255);
        link[255] = 0;
        int next = openat(fd, link, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(next >= 0 && fchmod(fd, 0) == 0);
        close(fd);
        fd = next;
    }
    close(fd);
    CHECK(rmtree(work, "closed-deep") == 0);
    CHECK(!is_there("closed-deep"));
}

static void test_links(void)
{
    int canary = make_directory(work, "canary"), top = make_directory(work, "links");
    make_file(canary, "alive");
    CHECK(symlinkat("../canary", top, "directory") == 0 && symlinkat("../canary/alive", top, "file") == 0 && symlinkat("nowhere", top, "none") == 0);
    CHECK(mkfifoat(top, "fifo", 0600) == 0);
    CHECK(symlinkat("canary", work, "link") == 0);
    CHECK(rmtree(work, "links") == 0 && rmtree(work, "link") == 0);
    CHECK(!is_there("links") && !is_there("link") && is_there("canary/alive"));
    close(canary);
    close(top);
    CHECK(rmtree(work, "canary") == 0 && rmtree(work, "canary") == 0);
}

/* Something that stays: immutable for root, in a directory that is not writable for everybody else. */
static void test_failure(void)
{
    int outer = make_directory(work, "outer"), top = make_directory(outer, "top"), inner = make_directory(top, "inner");
    make_file(inner, "stays");
    make_file(top, "goes");
    autoclose int stays = openat(inner, "stays", O_RDONLY | O_CLOEXEC);
    int flags = 0, immutable = FS_IMMUTABLE_FL;
    bool is_root = geteuid() == 0 && ioctl(stays, FS_IOC_GETFLAGS, &flags) == 0 && ioctl(stays, FS_IOC_SETFLAGS, &immutable) == 0;
    if (!is_root)
        CHECK(fchmod(outer, 0500) == 0);
    errno = 0;
    CHECK(rmtree(outer, "top") == -1);
    CHECK(errno == (is_root ? EPERM : EACCES));
    CHECK(strcmp(rmtree_culprit(), is_root ? "stays" : ".") == 0);
    CHECK(!is_there("outer/top/goes") && is_there(is_root ? "outer/top/inner/stays" : "outer/top"));
    if (is_root)
        CHECK(ioctl(stays, FS_IOC_SETFLAGS, &flags) == 0);
    CHECK(fchmod(outer, 0700) == 0);
    close(inner);
    close(top);
    close(outer);
    CHECK(rmtree(work, "outer") == 0);
    CHECK(!is_there("outer"));
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        { "deep", test_deep }, { "few fds", test_few_fds }, { "deep and wide", test_deep_and_wide }, { "many", test_many },
        { "closed directories", test_closed_directories }, { "links", test_links }, { "failure", test_failure },
    };
    const char *parent = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/rmtree-XXXXXX", parent ? parent : "/tmp");
    CHECK(mkdtemp(path) && (work = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        current = tests[i].name;
        tests[i].run();
    }
    close(work);
    CHECK(rmdir(path) == 0);
    return 0;
}
