/*
 * The two ends of `skiff cp`. What is read or written may be a running container's, whose processes change it meanwhile and mean no
 * good: with `in_root` every path, every link in it included, ends inside the working directory (openat2(2), RESOLVE_IN_ROOT),
 * and below what was found every step is one name in an open directory.
 *
 * What the command line has to explain is said in one word after "failed: copy: ", because only skiff knows how the user called it.
 */
#include "tree-copy.h"
#include "tree-pack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

static int open_path(bool in_root, const char *path, int flags)
{
    if (!in_root) return open(path, flags | O_CLOEXEC);
    const char *relative = path + strspn(path, "/");
    struct open_how how = {.flags = (unsigned long long)(flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    int fd;
    /* EAGAIN: something was renamed while "..", openat2(2). */
    do fd = (int)syscall(SYS_openat2, AT_FDCWD, *relative != '\0' ? relative : ".", &how, sizeof how);
    while (fd < 0 && errno == EAGAIN);
    if (fd < 0 && errno == ENOSYS) die(FAILED, "this needs Linux 5.6 (openat2)");
    return fd;
}

static _Noreturn void copy_error(const char *word)
{
    die(FAILED, "copy: %s", word);
}

static bool is_missing(int error)
{
    return error == ENOENT || error == ENOTDIR;
}

static bool asserts_directory(const char *path)
{
    size_t length = strlen(path);
    return length > 0 && path[length - 1] == '/';
}

static void hide(struct pack *pack, const struct fetch_options *options)
{
    for (size_t i = 0; i < options->hide_count && pack->hidden_count < HIDDEN_MAX; i++) {
        OWNED_FD fd = open_path(options->in_root, options->hide[i], O_PATH | O_DIRECTORY);
        if (fd >= 0 && fstat(fd, &pack->hidden[pack->hidden_count]) == 0) pack->hidden_count++;
    }
}

static bool hidden_itself(const struct pack *pack, const struct stat *status)
{
    for (size_t i = 0; i < pack->hidden_count; i++)
        if (pack->hidden[i].st_dev == status->st_dev && pack->hidden[i].st_ino == status->st_ino) return true;
    return false;
}

static void fetch_directory(struct pack *pack, int found, const struct stat *status, const char *name)
{
    OWNED_FD fd = openat(found, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) die(FAILED, "cannot open the directory: %s", reason(errno));
    strcpy(pack->path, name == NULL ? "." : name);
    pack_directory_entry(pack, fd, status);
    if (name == NULL) pack->path[0] = '\0';
    if (!hidden_itself(pack, status)) pack_below(pack, fd);
}

static void fetch_file(struct pack *pack, int found, const struct stat *status)
{
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", found);
    /* The very file that was looked at, which is a regular one. */
    OWNED_FD fd = open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) die(FAILED, "cannot open the file: %s", reason(errno));
    pack_regular(pack, fd, status);
}

void fetch(const struct fetch_options *options)
{
    bool directory = asserts_directory(options->path);
    char path[PATH_BYTES];
    if ((size_t)snprintf(path, sizeof path, "%s%s", options->path, directory ? "." : "") >= sizeof path) copy_error("source-missing");
    OWNED_FD found = open_path(options->in_root, path, O_PATH | (options->follow || directory ? 0 : O_NOFOLLOW));
    struct stat status;
    if (found < 0 && directory && errno == ENOTDIR) copy_error("source-no-directory");
    if (found < 0 && is_missing(errno)) copy_error("source-missing");
    if (found < 0 || fstat(found, &status) != 0) die(FAILED, "cannot look at it: %s", reason(errno));
    struct pack *pack = pack_begin();
    pack->single_uid = options->single_uid;
    pack->as_root = options->as_root;
    hide(pack, options);
    snprintf(pack->path, sizeof pack->path, "%s", options->name == NULL ? "file" : options->name);
    switch (status.st_mode & S_IFMT) {
    case S_IFDIR: fetch_directory(pack, found, &status, options->name); break;
    case S_IFREG: fetch_file(pack, found, &status); break;
    case S_IFLNK: pack_link(pack, found, "", &status); break;
    default: pack_other(pack, &status);
    }
    pack_end(pack);
}

/* The directory `name` in `parent`, made where it is missing. */
static int subdirectory(int parent, const char *name)
{
    if (mkdirat(parent, name, 0755) != 0 && errno != EEXIST) die(FAILED, "cannot make %s: %s", shown(name), reason(errno));
    int fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) copy_error(errno == ENOTDIR || errno == ELOOP ? "directory-over-file" : "target-missing");
    return fd;
}

static struct placing into_directory(const struct place_options *options, int found, bool is_directory)
{
    struct placing placing = {.root = found, .keep_root = options->archive && !options->whole};
    if (options->archive) return placing;
    if (!is_directory)
        snprintf(placing.rename, sizeof placing.rename, "%s", options->name);
    else if (options->contents)
        placing.keep_root = true;
    else {
        placing.root = subdirectory(found, options->name);
        close(found);
    }
    return placing;
}

static struct placing as_name(const struct place_options *options, int parent, const char *name, bool is_directory, bool exists)
{
    struct placing placing = {.root = parent};
    if (options->archive) copy_error(exists ? "target-no-directory" : "target-missing");
    if (exists && is_directory) copy_error("no-directory-onto-file");
    if (!is_directory && asserts_directory(options->path)) copy_error(exists ? "target-no-directory" : "directory-missing");
    if (is_directory) {
        placing.root = subdirectory(parent, name);
        close(parent);
    } else
        snprintf(placing.rename, sizeof placing.rename, "%s", name);
    return placing;
}

/* Puts the link's text in the place of the path's last component, which is at `base`. */
static void follow_link(int parent, const char *name, char *path, char *base)
{
    char target[PATH_BYTES], whole[2 * PATH_BYTES];
    ssize_t length = readlinkat(parent, name, target, sizeof target - 1);
    if (length < 0) copy_error("target-missing"); /* it goes on changing */
    target[length] = '\0';
    snprintf(whole, sizeof whole, "%.*s%s", target[0] == '/' ? 0 : (int)(base - path), path, target);
    if (strlen(whole) >= PATH_BYTES) copy_error("target-missing");
    strcpy(path, whole);
}

static void cut_slashes(char *path)
{
    for (size_t length = strlen(path); length > 1 && path[length - 1] == '/'; length--) path[length - 1] = '\0';
}

/* Makes the first `length` bytes of `path` a directory if nothing is there, with what it lies in. */
static void make_way(const struct place_options *options, const char *path, size_t length, uid_t uid, gid_t gid)
{
    char way[PATH_BYTES];
    while (length > 0 && path[length - 1] == '/') length--;
    snprintf(way, sizeof way, "%.*s", (int)length, path);
    OWNED_FD there = open_path(options->in_root, length == 0 ? "/" : way, O_PATH | O_DIRECTORY);
    if (there >= 0) return;
    if (errno == ENOTDIR) copy_error("directory-over-file");
    if (errno != ENOENT) die(FAILED, "cannot open %s: %s", shown(way), reason(errno));
    size_t above = length;
    while (above > 0 && path[above - 1] != '/') above--;
    make_way(options, path, above, uid, gid);
    way[above > 0 ? above - 1 : 0] = '\0';
    OWNED_FD parent = open_path(options->in_root, way[0] == '\0' ? "/" : way, O_PATH | O_DIRECTORY);
    char name[PATH_BYTES];
    snprintf(name, sizeof name, "%.*s", (int)(length - above), path + above);
    if (parent < 0 || mkdirat(parent, name, 0755) != 0) die(FAILED, "cannot make %s: %s", shown(name), errno == EEXIST ? "a link there leads nowhere" : reason(errno));
    if ((uid != 0 || gid != 0) && fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0) die(FAILED, "cannot give %s away: %s", shown(name), reason(errno));
}

static void make_parents(const struct place_options *options)
{
    uid_t uid;
    gid_t gid;
    if (sscanf(options->make, "%" SCNu32 ":%" SCNu32, &uid, &gid) != 2) die(FAILED, "--make takes UID:GID, not %s", shown(options->make));
    size_t length = strlen(options->path);
    bool whole = options->archive || asserts_directory(options->path);
    while (!whole && length > 0 && options->path[length - 1] != '/') length--;
    make_way(options, options->path, length, uid, gid);
}

struct placing place_open(const struct place_options *options, bool is_directory)
{
    char path[PATH_BYTES];
    if ((size_t)snprintf(path, sizeof path, "%s", options->path) >= sizeof path) copy_error("target-missing");
    if (options->make != NULL) make_parents(options);
    for (unsigned links = 0; links < LINKS_MAX; links++) {
        int found = open_path(options->in_root, path, O_PATH | O_DIRECTORY);
        if (found >= 0) return into_directory(options, found, is_directory);
        if (!is_missing(errno)) die(FAILED, "cannot open the directory: %s", reason(errno));
        cut_slashes(path);
        char above[PATH_BYTES], *base = strrchr(path, '/');
        base = base == NULL ? path : base + 1;
        snprintf(above, sizeof above, "%.*s", (int)(base - path), path);
        int parent = open_path(options->in_root, above[0] == '\0' ? "." : above, O_PATH | O_DIRECTORY);
        if (parent < 0) copy_error("target-missing");
        struct stat status;
        bool exists = fstatat(parent, base, &status, AT_SYMLINK_NOFOLLOW) == 0;
        if (!exists || !S_ISLNK(status.st_mode)) return as_name(options, parent, base, is_directory, exists);
        follow_link(parent, base, path, base);
        close(parent);
    }
    copy_error("target-missing");
}
