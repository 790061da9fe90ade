/*
 * What an overlay's upper directory changes of the lower ones: as a list (`skiff diff`) or as an image layer (`skiff commit`).
 *
 * Both forms of marks are known: the kernel's, whiteouts as devices 0:0 and opaque directories by attribute, and those of
 * fuse-overlayfs where it cannot make devices, files called .wh.NAME. The latter count with --fuse only: under the kernel's overlay
 * a file of that name is the user's own, and no layer can hold it.
 *
 * In a list, an entry counts as changed when its mode, owner, device, or for files its size or time differ from what the lower
 * layers have, and a directory also when something in it counts (moby, pkg/archive/changes.go). A layer gets all that the upper
 * directory has: a copied-up file may differ by an attribute only.
 */
#include "tree-changes.h"
#include "tree-pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static const char WHITEOUT_PREFIX[] = ".wh.", OPAQUE_NAME[] = ".wh..wh..opq";

struct place { /* the lower directories that are joined where the walk is, topmost first */
    size_t count;
    int *fds;
};

struct walk {
    const struct changes_options *options;
    struct pack *pack; /* holds the path, whatever is made of the changes */
};

/* A directory of the upper tree on the way to the entry in hand. */
struct frame {
    struct frame *up;
    int fd;
    size_t length; /* of its path */
    bool said;
    char kind;
};

static bool is_mark(const struct stat *status)
{
    return S_ISCHR(status->st_mode) && status->st_rdev == makedev(0, 0);
}

static bool has_opaque_attribute(int fd)
{
    static const char *const keys[] = {"user.overlay.opaque", "user.fuseoverlayfs.opaque"};
    char value;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (fgetxattr(fd, keys[i], &value, 1) == 1 && value == 'y') return true;
    return false;
}

static bool is_opaque(const struct walk *walk, int fd)
{
    return has_opaque_attribute(fd) || (walk->options->fuse && faccessat(fd, OPAQUE_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
}

/* Whether the lower layers have `name` here. */
static bool find_lower(const struct place *place, const char *name, struct stat *status)
{
    for (size_t i = 0; i < place->count; i++)
        if (fstatat(place->fds[i], name, status, AT_SYMLINK_NOFOLLOW) == 0) return !is_mark(status);
    return false;
}

static struct place new_place(size_t room)
{
    struct place place = {.fds = calloc(room + 1, sizeof *place.fds)};
    if (place.fds == NULL) die(FAILED, "out of memory");
    return place;
}

/* The lower directories called `name`, down to the first layer that hides what is below it. */
static struct place descend(const struct place *place, const char *name)
{
    struct place below = new_place(place->count);
    for (size_t i = 0; i < place->count; i++) {
        int fd = openat(place->fds[i], name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT) continue;
        if (fd < 0 && (errno == ENOTDIR || errno == ELOOP)) break;
        if (fd < 0) die(FAILED, "cannot open %s in a layer: %s", shown(name), reason(errno));
        below.fds[below.count++] = fd;
        if (has_opaque_attribute(fd)) break;
    }
    return below;
}

static void close_place(struct place *place)
{
    for (size_t i = 0; i < place->count; i++) close(place->fds[i]);
    free(place->fds);
}

static void print_change(const struct walk *walk, char kind)
{
    printf("%c /%s%c", kind, walk->pack->path, '\0');
}

/* Says what a directory became, after those it lies in. */
static void say_frame(struct walk *walk, struct frame *frame)
{
    if (frame == NULL || frame->said) return;
    frame->said = true;
    say_frame(walk, frame->up);
    char cut = walk->pack->path[frame->length];
    walk->pack->path[frame->length] = '\0';
    struct stat status;
    if (frame->length > 0 && !walk->options->pack)
        print_change(walk, frame->kind);
    else if (frame->length > 0 && fstat(frame->fd, &status) == 0)
        pack_directory_entry(walk->pack, frame->fd, &status);
    walk->pack->path[frame->length] = cut;
}

static void say_deleted(struct walk *walk, struct frame *frame, const char *name)
{
    say_frame(walk, frame);
    if (!walk->options->pack) {
        pack_enter(walk->pack, name);
        print_change(walk, 'D');
    } else {
        char whiteout[NAME_BYTES + sizeof WHITEOUT_PREFIX];
        snprintf(whiteout, sizeof whiteout, "%s%s", WHITEOUT_PREFIX, name);
        pack_enter(walk->pack, whiteout);
        tar_header(&walk->pack->tar, &(struct tar_member){.name = walk->pack->path, .type = '0', .mode = S_IFREG | 0600});
    }
    walk->pack->path[frame->length] = '\0';
}

static bool differs(const struct stat *now, const struct stat *before)
{
    if (now->st_mode != before->st_mode || now->st_uid != before->st_uid || now->st_gid != before->st_gid) return true;
    if (S_ISDIR(now->st_mode)) return false;
    return now->st_rdev != before->st_rdev || now->st_size != before->st_size || now->st_mtim.tv_sec != before->st_mtim.tv_sec ||
           now->st_mtim.tv_nsec != before->st_mtim.tv_nsec;
}

/* The directory is not what the layer says: who wants to use it as that layer has to know. */
static void note_hidden(const struct walk *walk)
{
    if (walk->options->pack) dprintf(complaints, "hidden: %s\n", shown(walk->pack->path));
}

/* Mount points that Skiff itself made in an image that lacks them: no change of the container's. */
static bool is_mount_point(const struct walk *walk)
{
    for (size_t i = 0; i < walk->options->hide_count; i++)
        if (strcmp(walk->options->hide[i], walk->pack->path) == 0) return true;
    return false;
}

static void walk_directory(struct walk *walk, struct frame *frame, const struct place *lower, bool opaque);

static void visit_directory(struct walk *walk, struct frame *up, const char *name, const struct place *lower, const struct stat *before, bool opaque)
{
    OWNED_FD fd = openat(up->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return; /* it goes on changing */
    if (fd < 0 || fstat(fd, &status) != 0) die(FAILED, "cannot open %s: %s", shown(walk->pack->path), reason(errno));
    struct frame frame = {.up = up, .fd = fd, .length = strlen(walk->pack->path), .kind = before == NULL ? 'A' : 'C'};
    bool hidden = before == NULL && is_mount_point(walk);
    if (hidden) note_hidden(walk);
    if (!hidden && (walk->options->pack || before == NULL || differs(&status, before))) say_frame(walk, &frame);
    struct place below = before != NULL && S_ISDIR(before->st_mode) ? descend(lower, name) : new_place(0);
    walk_directory(walk, &frame, &below, opaque || is_opaque(walk, fd));
    close_place(&below);
}

static void visit_other(struct walk *walk, struct frame *up, const char *name, const struct stat *status, const struct stat *before)
{
    if (before == NULL && S_ISREG(status->st_mode) && status->st_size == 0 && is_mount_point(walk)) {
        note_hidden(walk);
        return;
    }
    if (!walk->options->pack && before != NULL && !differs(status, before)) return;
    if (walk->options->pack && strncmp(name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0) {
        dprintf(complaints, "left out: %s: no layer can hold a name that begins with .wh.\n", shown(walk->pack->path));
        return;
    }
    say_frame(walk, up);
    if (walk->options->pack)
        pack_alone(walk->pack, up->fd, name);
    else
        print_change(walk, before == NULL ? 'A' : 'C');
}

/* The name that a file of fuse-overlayfs hides; NULL if it is none. */
static const char *hidden_name(const struct walk *walk, const char *name)
{
    bool marked = walk->options->fuse && strncmp(name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0;
    return marked ? name + strlen(WHITEOUT_PREFIX) : NULL;
}

static void visit(struct walk *walk, struct frame *frame, const char *name, const struct place *lower, bool opaque)
{
    struct stat status, found;
    if (fstatat(frame->fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return; /* it goes on changing */
    const char *hidden = is_mark(&status) ? name : hidden_name(walk, name);
    if (hidden != NULL) {
        if (strcmp(name, OPAQUE_NAME) != 0 && find_lower(lower, hidden, &found)) say_deleted(walk, frame, hidden);
        return;
    }
    const struct stat *before = find_lower(lower, name, &found) ? &found : NULL;
    pack_enter(walk->pack, name);
    if (S_ISDIR(status.st_mode))
        visit_directory(walk, frame, name, lower, before, opaque);
    else
        visit_other(walk, frame, name, &status, before);
    walk->pack->path[frame->length] = '\0';
}

/* What the lower layers have here and the opaque directory above does not show. */
static void say_hidden(struct walk *walk, struct frame *frame, const struct place *lower)
{
    for (size_t i = 0; i < lower->count; i++) {
        char **names = names_in(walk->pack->path, lower->fds[i]);
        for (char **name = names; *name != NULL; free(*name++)) {
            struct stat status;
            struct place above = {.count = i, .fds = lower->fds};
            bool known = false;
            for (size_t j = 0; j < above.count && !known; j++) known = fstatat(above.fds[j], *name, &status, AT_SYMLINK_NOFOLLOW) == 0;
            bool there = fstatat(frame->fd, *name, &status, AT_SYMLINK_NOFOLLOW) == 0;
            if (!known && !there && find_lower(lower, *name, &status)) say_deleted(walk, frame, *name);
        }
        free(names);
    }
}

static void walk_directory(struct walk *walk, struct frame *frame, const struct place *lower, bool opaque)
{
    if (opaque) say_hidden(walk, frame, lower);
    char **names = names_in(walk->pack->path, frame->fd);
    for (char **name = names; *name != NULL; free(*name++)) visit(walk, frame, *name, lower, opaque);
    free(names);
}

static int open_top(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) die(FAILED, "cannot open %s: %s", shown(path), reason(errno));
    return fd;
}

void changes(const struct changes_options *options)
{
    struct walk walk = {.options = options, .pack = pack_begin()};
    walk.pack->single_uid = options->single_uid;
    walk.pack->dated = options->epoch != NULL;
    if (options->epoch != NULL) walk.pack->epoch = (time_t)strtoll(options->epoch, NULL, 10);
    struct place lower = new_place(options->lower_count);
    for (size_t i = 0; i < options->lower_count && (i == 0 || !has_opaque_attribute(lower.fds[i - 1])); i++)
        lower.fds[lower.count++] = open_top(options->lower[i]);
    OWNED_FD upper = open_top(options->upper);
    struct frame top = {.fd = upper, .said = true};
    walk_directory(&walk, &top, &lower, is_opaque(&walk, upper));
    close_place(&lower);
    if (options->pack)
        pack_end(walk.pack);
    else if (fflush(stdout) != 0)
        die(FAILED, "cannot write: %s", reason(errno));
}
