/*
 * Both sides of a build's COPY read a tree through here: a context, which may be anybody's source code, and a stage's files. Nothing in
 * either is trusted: no link is followed below the base, no FIFO or device is opened, and a path that does not lead where it led
 * when it was listed ends the build.
 */
#include "tree-gather.h"
#include "tree-pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static int open_at(int parent, const char *path, int flags, uint64_t resolve)
{
    struct open_how how = {.flags = (unsigned long long)(flags | O_CLOEXEC), .resolve = resolve | RESOLVE_NO_MAGICLINKS};
    int fd;
    /* EAGAIN: something was renamed while "..", openat2(2). */
    do fd = (int)syscall(SYS_openat2, parent, *path != '\0' ? path : ".", &how, sizeof how);
    while (fd < 0 && errno == EAGAIN);
    if (fd < 0 && errno == ENOSYS) die(FAILED, "this needs Linux 5.6 (openat2)");
    return fd;
}

static int open_base(const char *base)
{
    int fd = open_at(AT_FDCWD, base + strspn(base, "/"), O_PATH, RESOLVE_IN_ROOT);
    if (fd < 0) die(FAILED, "copy: source-missing");
    return fd;
}

static int open_below(int base, const char *path)
{
    int fd = open_at(base, path, O_PATH | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (fd < 0) die(FAILED, "%s changed while it was read: %s", shown(path), reason(errno));
    return fd;
}

/* The very file that was looked at, which is no FIFO or device. */
static int reopen(int found, int flags, const char *path)
{
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", found);
    int fd = open(self, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) die(FAILED, "cannot open %s: %s", shown(path), reason(errno));
    return fd;
}

static void raise_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) (void)setrlimit(RLIMIT_NOFILE, &(struct rlimit){files.rlim_max, files.rlim_max});
}

/* list */

static char type_of(mode_t mode)
{
    if (S_ISDIR(mode)) return 'd';
    if (S_ISREG(mode)) return 'f';
    return S_ISLNK(mode) ? 'l' : 'o';
}

static void print_entry(const char *path, const struct stat *status, const char *link)
{
    printf("%c %o %u %u %" PRIu64 " %" PRId64 " %ld %" PRIu64 " %" PRIu64 " %" PRId64 " %ld", type_of(status->st_mode), status->st_mode & 07777, status->st_uid, status->st_gid,
           (uint64_t)status->st_size, (int64_t)status->st_mtim.tv_sec, status->st_mtim.tv_nsec, (uint64_t)status->st_dev, (uint64_t)status->st_ino,
           (int64_t)status->st_ctim.tv_sec, status->st_ctim.tv_nsec);
    printf("%c%s%c%s%c", '\0', path, '\0', link, '\0');
}

static void list_below(struct pack *place, int fd);

static void list_entry(struct pack *place, int parent, const char *name)
{
    struct stat status;
    char link[PATH_BYTES] = "";
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return;
        die(FAILED, "cannot look at %s: %s", shown(place->path), reason(errno));
    }
    if (S_ISLNK(status.st_mode)) {
        ssize_t length = readlinkat(parent, name, link, sizeof link - 1);
        if (length < 0) return; /* gone meanwhile */
        link[length] = '\0';
    }
    print_entry(place->path, &status, link);
    if (!S_ISDIR(status.st_mode)) return;
    OWNED_FD fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return;
    if (fd < 0) die(FAILED, "cannot open %s: %s", shown(place->path), reason(errno));
    list_below(place, fd);
}

static void list_below(struct pack *place, int fd)
{
    size_t length = strlen(place->path);
    char **names = names_in(place->path, fd);
    for (char **name = names; *name != NULL; free(*name++)) {
        pack_enter(place, *name);
        list_entry(place, fd, *name);
        place->path[length] = '\0';
    }
    free(names);
}

void list(const char *base)
{
    OWNED_FD found = open_base(base);
    struct stat status;
    struct pack *place = calloc(1, sizeof *place); /* for its path alone */
    if (place == NULL) die(FAILED, "out of memory");
    if (fstat(found, &status) != 0) die(FAILED, "cannot look at it: %s", reason(errno));
    raise_limit();
    print_entry("", &status, "");
    if (S_ISDIR(status.st_mode)) {
        OWNED_FD fd = reopen(found, O_RDONLY | O_DIRECTORY, base);
        list_below(place, fd);
    }
    free(place);
    if (fflush(stdout) != 0) die(FAILED, "cannot write: %s", reason(errno));
}

/* What comes on standard input */

struct input {
    char *text;
    size_t room;
};

/* The next word; false at the end. */
static bool next_word(struct input *input)
{
    ssize_t length = getdelim(&input->text, &input->room, '\0', stdin);
    if (length < 0) return false;
    if (length == 0 || input->text[length - 1] != '\0') die(FAILED, "the list ends in the middle of a name");
    return true;
}

/* digest */

enum { READ_CHUNK = 1 << 18 };

static void print_digest(int fd, const char *path, unsigned char *buffer)
{
    struct sha256_ctx hash;
    unsigned char bytes[SHA256_DIGEST_SIZE];
    sha256_init(&hash);
    for (;;) {
        ssize_t got = read(fd, buffer, READ_CHUNK);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) die(FAILED, "cannot read %s: %s", shown(path), reason(errno));
        if (got == 0) break;
        sha256_update(&hash, (size_t)got, buffer);
    }
    sha256_digest(&hash, sizeof bytes, bytes);
    for (size_t i = 0; i < sizeof bytes; i++) printf("%02x", bytes[i]);
    putchar('\n');
}

static int open_regular(int base, const char *path, struct stat *status)
{
    OWNED_FD found = open_below(base, path);
    if (fstat(found, status) != 0) die(FAILED, "cannot look at %s: %s", shown(path), reason(errno));
    if (!S_ISREG(status->st_mode)) die(FAILED, "%s changed while it was read", shown(path));
    return reopen(found, O_RDONLY, path);
}

void digest(const char *base)
{
    OWNED_FD top = open_base(base);
    struct input input = {0};
    struct stat status;
    unsigned char *buffer = malloc(READ_CHUNK);
    if (buffer == NULL) die(FAILED, "out of memory");
    while (next_word(&input)) {
        OWNED_FD fd = open_regular(top, input.text, &status);
        print_digest(fd, input.text, buffer);
    }
    free(buffer);
    free(input.text);
    if (fflush(stdout) != 0) die(FAILED, "cannot write: %s", reason(errno));
}

/* gather */

struct changes_made {
    bool owned, moded, dated;
    uid_t uid;
    gid_t gid;
    mode_t mode;
    time_t epoch;
};

static unsigned long number_of(const char *text, int base, char end, const char **rest)
{
    char *stop = NULL;
    errno = 0;
    unsigned long value = strtoul(text, &stop, base);
    if (errno != 0 || stop == text || *stop != end || text[0] == '-') die(FAILED, "%s is no number", shown(text));
    if (rest != NULL) *rest = stop + 1;
    return value;
}

static struct changes_made read_changes(const struct gather_options *options)
{
    struct changes_made made = {.owned = options->owner != NULL, .moded = options->mode != NULL, .dated = options->epoch != NULL};
    const char *group = NULL;
    if (made.owned) {
        made.uid = (uid_t)number_of(options->owner, 10, ':', &group);
        made.gid = (gid_t)number_of(group, 10, '\0', NULL);
    }
    if (made.moded) made.mode = (mode_t)number_of(options->mode, 8, '\0', NULL) & 07777;
    if (made.dated) made.epoch = (time_t)number_of(options->epoch, 10, '\0', NULL);
    return made;
}

static void apply_changes(const struct changes_made *made, struct stat *status)
{
    if (made->owned) {
        status->st_uid = made->uid;
        status->st_gid = made->gid;
    }
    if (made->moded && !S_ISLNK(status->st_mode)) status->st_mode = (status->st_mode & S_IFMT) | made->mode;
    if (made->dated && status->st_mtim.tv_sec >= made->epoch) status->st_mtim = (struct timespec){.tv_sec = made->epoch};
}

static void set_name(struct pack *pack, const char *name)
{
    size_t length = strlen(name);
    while (length > 1 && name[length - 1] == '/') length--;
    if (length == 0 || length >= PATH_BYTES) die(REFUSED, "%s: is no name", shown(name));
    memcpy(pack->path, name, length);
    pack->path[length] = '\0';
}

static void gather_one(struct pack *pack, int base, const char *path, const struct changes_made *made)
{
    OWNED_FD found = open_below(base, path);
    struct stat status;
    if (fstat(found, &status) != 0) die(FAILED, "cannot look at %s: %s", shown(path), reason(errno));
    apply_changes(made, &status);
    if (S_ISLNK(status.st_mode)) {
        pack_link(pack, found, "", &status);
    } else if (S_ISDIR(status.st_mode)) {
        OWNED_FD fd = reopen(found, O_RDONLY | O_DIRECTORY, path);
        pack_directory_entry(pack, fd, &status);
    } else if (S_ISREG(status.st_mode)) {
        OWNED_FD fd = reopen(found, O_RDONLY, path);
        pack_regular(pack, fd, &status);
    } else {
        pack_other(pack, &status);
    }
}

void gather(const struct gather_options *options)
{
    const struct changes_made made = read_changes(options);
    OWNED_FD base = open_base(options->base);
    struct input name = {0}, path = {0};
    struct pack *pack = pack_begin();
    pack->single_uid = options->single_uid && !made.owned;
    while (next_word(&name)) {
        if (!next_word(&path)) die(FAILED, "the list ends behind %s", shown(name.text));
        set_name(pack, name.text);
        gather_one(pack, base, path.text, &made);
    }
    free(name.text);
    free(path.text);
    pack_end(pack);
}
