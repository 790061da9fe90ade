/* Copies of trees, and an empty volume that gets one: what is kept, what a kill leaves, and what others may do meanwhile. Run in a directory of the test's own. */
#include "copytree.h"
#include "owntree.h"
#include "rmtree.h"
#include "util.h"
#include "volume-fill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *current;
#define CHECK(condition) ((condition) ? (void)0 : (dprintf(2, "%s: %s:%d: %s (%s)\n", current, __FILE__, __LINE__, #condition, strerror(errno)), exit(1)))

static int work;

static int make_directory(int dirfd, const char *name)
{
    CHECK(mkdirat(dirfd, name, 0755) == 0);
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(fd >= 0);
    return fd;
}

static void make_file(int dirfd, const char *name, const char *text)
{
    autoclose int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    CHECK(fd >= 0 && write_all(fd, text, strlen(text)) == 0);
}

static struct stat status_of(int dirfd, const char *name)
{
    struct stat status;
    CHECK(fstatat(dirfd, name, &status, AT_SYMLINK_NOFOLLOW) == 0);
    return status;
}

static bool is_there(int dirfd, const char *name)
{
    return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void check_text(int dirfd, const char *name, const char *expected)
{
    autofree char *text = read_file(dirfd, name, 1 << 20, NULL);
    CHECK(text && strcmp(text, expected) == 0);
}

static void clear(const char *name)
{
    CHECK(rmtree(work, name) == 0);
}

static void test_kinds(void)
{
    const struct timespec times[2] = { { 1000, 5 }, { 2000, 123456789 } };
    char text[64] = "";
    autoclose int from = make_directory(work, "from"), to = make_directory(work, "to");
    autoclose int sub = make_directory(from, "sub");
    make_file(from, "file", "text");
    make_file(sub, "deep", "deep");
    CHECK(linkat(from, "file", sub, "hard", 0) == 0 && symlinkat("/nowhere", from, "link") == 0 && mkfifoat(from, "fifo", 0604) == 0);
    CHECK(fchmodat(from, "file", 04711, 0) == 0 && fchmod(sub, 01700) == 0 && fchmod(from, 0750) == 0);
    CHECK(utimensat(from, "file", times, 0) == 0 && utimensat(from, "link", times, AT_SYMLINK_NOFOLLOW) == 0 && futimens(sub, times) == 0);
    autoclose int file = openat(from, "file", O_RDONLY | O_CLOEXEC);
    bool attributes = fsetxattr(file, "user.note", "kept", 4, 0) == 0;
    if (attributes)
        CHECK(fsetxattr(file, "user.overlay.opaque", "y", 1, 0) == 0);
    CHECK(copytree(from, to) == 0);
    check_text(to, "file", "text");
    check_text(to, "sub/deep", "deep");
    struct stat one = status_of(to, "file"), other = status_of(to, "sub/hard"), link = status_of(to, "link"), inner = status_of(to, "sub");
    CHECK(one.st_ino == other.st_ino && one.st_nlink == 2 && (one.st_mode & 07777) == 04711);
    CHECK(one.st_mtim.tv_sec == 2000 && one.st_mtim.tv_nsec == 123456789 && link.st_mtim.tv_sec == 2000 && inner.st_mtim.tv_sec == 2000);
    CHECK((inner.st_mode & 07777) == 01700 && (status_of(to, ".").st_mode & 07777) == 0750);
    CHECK(readlinkat(to, "link", text, sizeof text) == 8 && memcmp(text, "/nowhere", 8) == 0 && S_ISFIFO(status_of(to, "fifo").st_mode));
    autoclose int copy = openat(to, "file", O_RDONLY | O_CLOEXEC);
    CHECK(!attributes || (fgetxattr(copy, "user.note", text, sizeof text) == 4 && fgetxattr(copy, "user.overlay.opaque", text, sizeof text) < 0));
    clear("from");
    clear("to");
}

static void test_holes(void)
{
    enum { FAR = 64 << 20 };
    autoclose int from = make_directory(work, "from"), to = make_directory(work, "to");
    autoclose int file = openat(from, "sparse", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(pwrite(file, "begin", 5, 0) == 5 && pwrite(file, "end", 3, FAR) == 3 && ftruncate(file, 2 * FAR) == 0);
    CHECK(copytree(from, to) == 0);
    struct stat before = status_of(from, "sparse"), after = status_of(to, "sparse");
    CHECK(after.st_size == before.st_size && after.st_blocks <= before.st_blocks + 16);
    char text[4] = "";
    autoclose int copy = openat(to, "sparse", O_RDONLY | O_CLOEXEC);
    CHECK(pread(copy, text, 3, FAR) == 3 && strcmp(text, "end") == 0);
    clear("from");
    clear("to");
}

/* A chain deeper than an ordinary process may have files open. */
static void test_deep(void)
{
    enum { DEPTH = 300 };
    autoclose int from = make_directory(work, "from"), to = make_directory(work, "to");
    int at = fcntl(from, F_DUPFD_CLOEXEC, 3);
    for (int i = 0; i < DEPTH; i++) {
        int next = make_directory(at, "d");
        close(at);
        at = next;
    }
    make_file(at, "bottom", "x");
    close(at);
    CHECK(copytree(from, to) == 0);
    at = fcntl(to, F_DUPFD_CLOEXEC, 3);
    for (int i = 0; i < DEPTH; i++) {
        int next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(next >= 0);
        close(at);
        at = next;
    }
    check_text(at, "bottom", "x");
    close(at);
    clear("from");
    clear("to");
}

static void test_taken_name(void)
{
    autoclose int from = make_directory(work, "from"), to = make_directory(work, "to");
    make_file(from, "name", "image");
    CHECK(symlinkat("../canary", to, "name") == 0);
    make_file(work, "canary", "host");
    CHECK(copytree(from, to) == -1 && errno == EEXIST && strcmp(copytree_culprit(), "name") == 0);
    check_text(work, "canary", "host");
    clear("from");
    clear("to");
    clear("canary");
}

struct volume {
    int directory, data, source;
    struct filling filling;
};

/* As in a volume's directory, or with everything in the data themselves. */
static struct volume make_volume(bool inside)
{
    struct volume volume = { .directory = make_directory(work, "volume") };
    volume.data = make_directory(volume.directory, "_data");
    volume.source = make_directory(work, "image");
    make_file(volume.source, "a", "1");
    autoclose int sub = make_directory(volume.source, "sub");
    make_file(sub, "b", "2");
    CHECK(fchmod(volume.source, 01770) == 0);
    volume.filling = (struct filling){ .data = volume.data, .staging = inside ? volume.data : volume.directory, .half = ".half", .whole = ".whole" };
    return volume;
}

static void check_filled(const struct volume *volume)
{
    check_text(volume->data, "a", "1");
    check_text(volume->data, "sub/b", "2");
    CHECK((status_of(volume->data, ".").st_mode & 07777) == 01770);
    CHECK(!is_there(volume->filling.staging, ".half") && !is_there(volume->filling.staging, ".whole"));
}

static void drop(struct volume *volume)
{
    close(volume->directory);
    close(volume->data);
    close(volume->source);
    clear("volume");
    clear("image");
}

static void test_fill(void)
{
    for (int inside = 0; inside < 2; inside++) {
        struct volume volume = make_volume(inside);
        CHECK(filling_is_empty(&volume.filling));
        CHECK(filling_run(&volume.filling, volume.source, inside) == 0);
        check_filled(&volume);
        CHECK(!filling_is_empty(&volume.filling));
        make_file(volume.data, "a", "changed");
        CHECK(filling_run(&volume.filling, volume.source, false) == 0);
        check_text(volume.data, "a", "changed");
        drop(&volume);
    }
}

/* Whatever names a kill has left, the next one ends with the whole. */
static void test_kills(void)
{
    for (int inside = 0; inside < 2; inside++) {
        struct volume volume = make_volume(inside);
        int half = make_directory(volume.filling.staging, ".half");
        make_file(half, "a", "only the beginn");
        close(half);
        CHECK(filling_is_empty(&volume.filling));
        CHECK(filling_run(&volume.filling, volume.source, false) == 0);
        check_filled(&volume);
        drop(&volume);

        volume = make_volume(inside);
        int whole = make_directory(volume.filling.staging, ".whole");
        CHECK(copytree(volume.source, whole) == 0);
        CHECK(renameat(whole, "a", volume.data, "a") == 0);
        close(whole);
        CHECK(filling_finish(&volume.filling) == 0); /* by one who has nothing to fill with */
        check_filled(&volume);
        CHECK(filling_finish(&volume.filling) == 0);
        drop(&volume);
    }
}

/* What somebody has put there while it was copied is his. */
static void test_busy(void)
{
    struct volume volume = make_volume(false);
    int whole = make_directory(volume.filling.staging, ".whole");
    CHECK(copytree(volume.source, whole) == 0);
    close(whole);
    make_file(volume.data, "a", "mine");
    CHECK(symlinkat("/etc", volume.data, "sub") == 0);
    CHECK(filling_finish(&volume.filling) == 0);
    check_text(volume.data, "a", "mine");
    CHECK(S_ISLNK(status_of(volume.data, "sub").st_mode) && !is_there(volume.directory, ".whole"));
    drop(&volume);
}

/* Names that a hostile neighbour in the volume itself makes links of. */
static void test_links(void)
{
    struct volume volume = make_volume(true);
    int canary = make_directory(work, "canary");
    make_file(canary, "alive", "x");
    CHECK(symlinkat("../../canary", volume.data, ".half") == 0 && symlinkat("../../canary", volume.data, ".whole") == 0);
    CHECK(filling_run(&volume.filling, volume.source, false) == 0);
    check_filled(&volume);
    CHECK(is_there(canary, "alive"));
    close(canary);
    drop(&volume);
    clear("canary");
}

static void test_owner(void)
{
    autoclose int top = make_directory(work, "top");
    autoclose int sub = make_directory(top, "sub");
    make_file(sub, "file", "x");
    make_file(work, "canary", "host");
    CHECK(symlinkat("../canary", top, "link") == 0 && linkat(sub, "file", top, "hard", 0) == 0);
    uid_t uid = geteuid() == 0 ? 12 : geteuid();
    gid_t gid = geteuid() == 0 ? 34 : getegid();
    uid_t before = status_of(work, "canary").st_uid;
    CHECK(owntree(top, uid, gid) == 0 && owntree(top, uid, gid) == 0);
    CHECK(status_of(top, ".").st_uid == uid && status_of(top, "sub/file").st_gid == gid && status_of(top, "link").st_uid == uid);
    CHECK(status_of(work, "canary").st_uid == before);
    clear("top");
    clear("canary");
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        { "kinds", test_kinds }, { "holes", test_holes }, { "deep", test_deep }, { "taken name", test_taken_name }, { "fill", test_fill },
        { "kills", test_kills }, { "busy", test_busy }, { "links", test_links }, { "owner", test_owner },
    };
    const char *parent = getenv("TMPDIR");
    char path[4096];
    umask(022);
    snprintf(path, sizeof path, "%s/fill-XXXXXX", parent ? parent : "/tmp");
    CHECK(mkdtemp(path) && (work = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        current = tests[i].name;
        tests[i].run();
    }
    close(work);
    CHECK(rmdir(path) == 0);
    return 0;
}
