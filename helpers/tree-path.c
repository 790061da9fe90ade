/*
 * The rule for symbolic links on the way to an entry.
 *
 * Some images have `bin -> usr/bin` and then an entry `bin/ls`, so a link that the layer itself laid down is followed,
 * but only a relative one whose every step stays beneath the layer's directory. An absolute link is never followed,
 * not even re-rooted as a container would see it: Docker's layers do not need it (their entries carry real paths), and
 * "link to /etc, then write etc/passwd through it" is the attack to be refused, not one to be given another meaning.
 *
 * The walk opens one component at a time with O_NOFOLLOW and reads links itself, instead of openat2(RESOLVE_BENEATH):
 * it has to make missing directories on its way anyhow, and so it is one rule for every kernel. Nothing else writes
 * beneath the directory meanwhile. The directory of the last entry stays open; entries come sorted, so the walk is short.
 */
#include "tree-path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static const char WHITEOUT_PREFIX[] = ".wh.";
static const char OPAQUE_MARK[] = ".wh..wh..opq";

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static const char *parse(const char *raw, struct path *path, bool whiteouts)
{
    size_t used = 0, parent = 0, start = 0;
    if (raw[0] == '\0') return "has no name";
    if (raw[0] == '/') return "has an absolute name";
    if (strnlen(raw, PATH_BYTES) >= PATH_BYTES) return "has a name longer than 4095 bytes";
    while (*raw != '\0') {
        size_t length = strcspn(raw, "/");
        bool skip = length == 0 || (length == 1 && raw[0] == '.');
        if (length == 2 && raw[0] == '.' && raw[1] == '.') return "climbs out with \"..\"";
        if (length >= NAME_BYTES) return "has a component longer than 255 bytes";
        if (!skip) {
            if (whiteouts && used > 0 && starts_with(path->text + start, WHITEOUT_PREFIX)) return "lies in a directory named like a whiteout";
            parent = used;
            if (used > 0) path->text[used++] = '/';
            start = used;
            memcpy(path->text + used, raw, length);
            used += length;
            path->text[used] = '\0';
        }
        raw += length;
        if (*raw == '/') raw++;
    }
    path->text[used] = '\0';
    path->parent = parent;
    path->name = path->text + start;
    return NULL;
}

const char *path_parse(const char *raw, struct path *path)
{
    return parse(raw, path, true);
}

const char *path_parse_plain(const char *raw, struct path *path)
{
    return parse(raw, path, false);
}

enum whiteout whiteout_kind(const char *name, const char **hidden)
{
    if (!starts_with(name, WHITEOUT_PREFIX)) return NO_WHITEOUT;
    if (strcmp(name, OPAQUE_MARK) == 0) return OPAQUE;
    const char *rest = name + strlen(WHITEOUT_PREFIX);
    if (rest[0] == '\0' || strcmp(rest, ".") == 0 || strcmp(rest, "..") == 0) return MALFORMED;
    if (starts_with(rest, WHITEOUT_PREFIX)) return MALFORMED;
    *hidden = rest;
    return WHITEOUT;
}

void tree_count(struct tree *tree)
{
    if (++tree->made > tree->most)
        die(REFUSED, "the layer makes more than %llu files (--max-entries)", (unsigned long long)tree->most);
}

bool is_whiteout(int parent, const char *name)
{
    struct stat found;
    return fstatat(parent, name, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(found.st_mode) && found.st_rdev == makedev(0, 0);
}

void mark_opaque(int parent, const char *name, const char *entry)
{
    OWNED_FD fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fsetxattr(fd, "user.overlay.opaque", "y", 1, 0) != 0)
        die(FAILED, "cannot mark the directory of %s as opaque: %s", shown(entry), reason(errno));
}

/* One walk: where it stands and what is left of the way. */
struct walk {
    struct tree *tree;
    bool follow;
    const char *entry; /* set when missing directories are to be made for it */
    int fd;
    unsigned links;
    char real[PATH_BYTES], rest[PATH_BYTES];
};

/* Puts `extra` behind `path`, with a slash between the two. False when that is too long. */
static bool append(char path[static PATH_BYTES], const char *extra)
{
    size_t used = strlen(path), more = strlen(extra);
    if (used + more + 2 > PATH_BYTES) return false;
    if (used > 0) path[used++] = '/';
    memcpy(path + used, extra, more + 1);
    return true;
}

static int open_directory(int at, const char *name)
{
    return openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void step_to(struct walk *walk, int fd)
{
    close(walk->fd);
    walk->fd = fd;
}

/* `..` of a link: the parent is found again from the root, because no directory's own `..` is ever believed. */
static bool step_up(struct walk *walk)
{
    if (walk->real[0] == '\0') {
        errno = EXDEV;
        return false;
    }
    char *slash = strrchr(walk->real, '/');
    *(slash != NULL ? slash : walk->real) = '\0';
    char way[PATH_BYTES];
    strcpy(way, walk->real);
    step_to(walk, open_directory(walk->tree->root, "."));
    for (char *state = NULL, *name = strtok_r(way, "/", &state); name != NULL && walk->fd >= 0; name = strtok_r(NULL, "/", &state))
        step_to(walk, open_directory(walk->fd, name));
    return walk->fd >= 0;
}

/* The component `name` is a link or in the way. A link's target goes in front of the rest. */
static bool step_link(struct walk *walk, const char *name)
{
    char target[PATH_BYTES];
    ssize_t length = readlinkat(walk->fd, name, target, sizeof target - 1);
    if (length < 0) {
        errno = ENOTDIR;
        return false;
    }
    target[length] = '\0';
    if (!walk->follow || ++walk->links > LINKS_MAX)
        errno = ELOOP;
    else if (target[0] == '/')
        errno = EXDEV;
    else if (!append(target, walk->rest))
        errno = ENAMETOOLONG;
    else {
        strcpy(walk->rest, target);
        return true;
    }
    return false;
}

static bool step_make(struct walk *walk, const char *name)
{
    bool hidden = is_whiteout(walk->fd, name);
    if (hidden && unlinkat(walk->fd, name, 0) != 0) return false;
    tree_count(walk->tree);
    if (mkdirat(walk->fd, name, 0755) != 0) return false;
    if (hidden) mark_opaque(walk->fd, name, walk->entry);
    return true;
}

static bool step(struct walk *walk, const char *name)
{
    if (strcmp(name, ".") == 0) return true;
    if (strcmp(name, "..") == 0) return step_up(walk);
    int next = open_directory(walk->fd, name);
    if (next < 0 && walk->entry != NULL && (errno == ENOENT || is_whiteout(walk->fd, name))) {
        if (!step_make(walk, name)) return false;
        next = open_directory(walk->fd, name);
    }
    if (next < 0) return (errno == ENOTDIR || errno == ELOOP) && step_link(walk, name);
    step_to(walk, next);
    if (append(walk->real, name)) return true;
    errno = ENAMETOOLONG;
    return false;
}

/* Takes the first component off `rest`. False when no directory can be called so. */
static bool next_name(struct walk *walk, char name[static NAME_BYTES])
{
    size_t length = strcspn(walk->rest, "/"), skip = length + (walk->rest[length] == '/');
    if (length >= NAME_BYTES) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(name, walk->rest, length);
    name[length] = '\0';
    memmove(walk->rest, walk->rest + skip, strlen(walk->rest + skip) + 1);
    return true;
}

/* Walks all of `rest`. On success `fd` is the caller's, otherwise it is closed and errno says why. */
static bool walk_on(struct walk *walk)
{
    bool fine = walk->fd >= 0;
    while (fine && walk->rest[0] != '\0') {
        char name[NAME_BYTES];
        fine = next_name(walk, name) && (name[0] == '\0' || step(walk, name));
    }
    int error = errno;
    if (!fine) close_fd(&walk->fd);
    errno = error;
    return fine;
}

int tree_walk(struct tree *tree, const char *path, size_t length, bool follow)
{
    struct walk walk = {.tree = tree, .follow = follow, .fd = open_directory(tree->root, ".")};
    memcpy(walk.rest, path, length);
    walk.rest[length] = '\0';
    return walk_on(&walk) ? walk.fd : -1;
}

static _Noreturn void lost(const char *entry, int error)
{
    switch (error) {
    case EXDEV: die(REFUSED, "%s: a symbolic link on its way leads out of the layer", shown(entry));
    case ELOOP: die(REFUSED, "%s: too many symbolic links on its way", shown(entry));
    case ENOTDIR: die(REFUSED, "%s: a file that is not a directory is on its way", shown(entry));
    case ENAMETOOLONG: die(REFUSED, "%s: its way through symbolic links is too long", shown(entry));
    default: die(FAILED, "cannot make the directory of %s: %s", shown(entry), reason(error));
    }
}

int tree_parent(struct tree *tree, const struct path *path, const char *entry)
{
    size_t known = tree->cached ? strlen(tree->named) : 0;
    bool within = tree->cached && path->parent >= known && memcmp(path->text, tree->named, known) == 0;
    if (within && path->parent == known) return tree->parent;
    within = within && known > 0 && path->text[known] == '/';
    struct walk walk = {.tree = tree, .follow = true, .entry = entry};
    const char *rest = path->text + (within ? known + 1 : 0);
    size_t length = path->parent - (size_t)(rest - path->text);
    memcpy(walk.rest, rest, length);
    if (within) strcpy(walk.real, tree->real);
    walk.fd = open_directory(within ? tree->parent : tree->root, ".");
    if (!walk_on(&walk)) lost(entry, errno);
    if (tree->cached) close(tree->parent);
    tree->cached = true;
    tree->parent = walk.fd;
    memcpy(tree->named, path->text, path->parent);
    tree->named[path->parent] = '\0';
    strcpy(tree->real, walk.real);
    return walk.fd;
}
