/*
 * One layer, extracted beneath one directory.
 *
 * Nothing is opened or written by a path string: every entry is made with its last component in the open directory that
 * tree-path.c found for it, with O_EXCL | O_NOFOLLOW. A second entry of the same name replaces the first (unlinked
 * first, never written through); a directory over a directory takes the later one's metadata.
 *
 * Whiteouts become overlayfs' own form. They hide what lower layers have, never what this layer has: an entry that is
 * already here stays, and a directory that meets its own whiteout is made opaque, whichever of the two comes first.
 */
#include "tree-copy.h"
#include "tree-meta.h"
#include "tree-path.h"
#include "tree-stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

struct dated { /* a directory whose times are set at the end, when nothing is made in it any more */
    char *path;
    struct timespec times[2];
};

struct layer {
    const struct apply_options *options;
    struct stream stream;
    struct tree tree;
    struct archive *archive;
    unsigned char *buffer;
    struct placing placing; /* of what is copied */
    uint64_t entries, bytes;
    struct dated *dated;
    size_t dated_count, dated_room;
};

/* The entry in hand. */
struct item {
    struct archive_entry *entry;
    const char *raw; /* its name as the archive has it, for messages */
    struct path path;
    int parent;
    bool copied; /* by `skiff cp`: a directory and anything else do not replace each other */
};

static la_ssize_t read_plain(struct archive *archive, void *data, const void **buffer)
{
    (void)archive;
    struct layer *layer = data;
    *buffer = layer->buffer;
    return (la_ssize_t)stream_read(&layer->stream, layer->buffer, STREAM_CHUNK);
}

/* The tar does not go on. If that is because the decompressing child gave up, its reason is the right one. */
static _Noreturn void broken(struct layer *layer, const char *name)
{
    char report[REPORT_BYTES];
    stream_finish(&layer->stream, report);
    const char *why = archive_error_string(layer->archive);
    if (why == NULL) why = "no reason given";
    if (strstr(why, "runcated") != NULL) die(REFUSED, "truncated: the archive stops in the middle of %s", shown(name));
    die(REFUSED, "damaged archive at %s: %s", shown(name), shown(why));
}

static _Noreturn void cannot(const char *what, const struct item *item, int error)
{
    die(FAILED, "cannot %s %s: %s", what, shown(item->raw), reason(error));
}

/* Removes what is in the way of a new entry. True if that was a whiteout. */
static bool make_room(const struct item *item)
{
    bool hidden = is_whiteout(item->parent, item->path.name);
    if (unlinkat(item->parent, item->path.name, 0) == 0 || errno == ENOENT) return hidden;
    if (errno != EISDIR && errno != EPERM) cannot("replace", item, errno);
    if (item->copied) die(FAILED, "copy: file-over-directory");
    if (unlinkat(item->parent, item->path.name, AT_REMOVEDIR) == 0) return false;
    if (errno == ENOTEMPTY || errno == EEXIST) die(REFUSED, "%s: would replace a directory that is not empty", shown(item->raw));
    cannot("replace", item, errno);
}

static void write_block(struct layer *layer, const struct item *item, int fd, const char *data, size_t length, off_t at)
{
    layer->bytes += length;
    if (layer->bytes > layer->options->max_bytes)
        die(REFUSED, "%s: the layer holds more than %llu bytes (--max-bytes)", shown(item->raw),
            (unsigned long long)layer->options->max_bytes);
    while (length > 0) {
        ssize_t put = pwrite(fd, data, length, at);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) cannot("write", item, errno);
        data += put;
        at += put;
        length -= (size_t)put;
    }
}

static void write_data(struct layer *layer, const struct item *item, int fd)
{
    int64_t size = archive_entry_size(item->entry), end = 0;
    if (size < 0 || (uint64_t)size > layer->options->max_bytes)
        die(REFUSED, "%s: is larger than %llu bytes (--max-bytes)", shown(item->raw), (unsigned long long)layer->options->max_bytes);
    for (;;) {
        const void *block = NULL;
        size_t length = 0;
        la_int64_t offset = 0;
        int status = archive_read_data_block(layer->archive, &block, &length, &offset);
        if (status == ARCHIVE_EOF) break;
        if (status != ARCHIVE_OK) broken(layer, item->raw);
        if (length == 0) continue;
        if (offset < end || offset > size || (uint64_t)length > (uint64_t)(size - offset))
            die(REFUSED, "%s: its sparse map does not fit its size", shown(item->raw));
        write_block(layer, item, fd, block, length, offset);
        end = offset + (int64_t)length;
    }
    if (end < size && ftruncate(fd, size) != 0) cannot("write", item, errno);
}

static enum owner owner_kept(const struct layer *layer)
{
    if (layer->options->drop) return OWNER_LOST;
    return layer->options->single_uid ? OWNER_NOTED : OWNER_GIVEN;
}

static void make_file(struct layer *layer, const struct item *item)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    OWNED_FD fd = openat(item->parent, item->path.name, flags, 0600);
    if (fd < 0 && errno == EEXIST) {
        make_room(item);
        fd = openat(item->parent, item->path.name, flags, 0600);
    }
    if (fd < 0) cannot("create", item, errno);
    write_data(layer, item, fd);
    meta_apply(fd, item->entry, item->raw, owner_kept(layer));
    struct timespec times[2];
    meta_times(item->entry, times);
    if (futimens(fd, times) != 0) cannot("set the time of", item, errno);
}

static void date_later(struct layer *layer, const struct item *item)
{
    if (layer->dated_count == layer->dated_room) {
        layer->dated_room = layer->dated_room == 0 ? 1024 : layer->dated_room * 2;
        layer->dated = reallocarray(layer->dated, layer->dated_room, sizeof *layer->dated);
        if (layer->dated == NULL) die(FAILED, "out of memory");
    }
    struct dated *dated = &layer->dated[layer->dated_count++];
    const char *real = layer->tree.real, *slash = real[0] != '\0' && item->path.name[0] != '\0' ? "/" : "";
    if (asprintf(&dated->path, "%s%s%s", item->path.text[0] != '\0' ? real : "", slash, item->path.name) < 0)
        die(FAILED, "out of memory");
    meta_times(item->entry, dated->times);
}

static void make_directory(struct layer *layer, const struct item *item)
{
    bool is_root = item->path.text[0] == '\0';
    const char *name = is_root ? "." : item->path.name;
    bool hidden = false;
    OWNED_FD fd = openat(item->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        if ((errno == ENOTDIR || errno == ELOOP) && item->copied) die(FAILED, "copy: directory-over-file");
        if (errno == ENOTDIR || errno == ELOOP)
            hidden = make_room(item);
        else if (errno != ENOENT)
            cannot("open", item, errno);
        if (mkdirat(item->parent, name, 0700) != 0) cannot("create", item, errno);
        if (hidden) mark_opaque(item->parent, name, item->raw);
        fd = openat(item->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) cannot("open", item, errno);
    }
    /* On a layer's root the note would tell fuse-overlayfs to show every owner as noted: users that do not exist here. */
    meta_apply(fd, item->entry, item->raw, is_root && layer->options->single_uid ? OWNER_LOST : owner_kept(layer));
    date_later(layer, item);
}

static void make_symlink(struct layer *layer, const struct item *item)
{
    const char *target = archive_entry_symlink(item->entry);
    if (target == NULL || target[0] == '\0' || strlen(target) >= PATH_BYTES)
        die(REFUSED, "%s: is a symbolic link whose target is empty or longer than 4095 bytes", shown(item->raw));
    int status = symlinkat(target, item->parent, item->path.name);
    if (status != 0 && errno == EEXIST) {
        make_room(item);
        status = symlinkat(target, item->parent, item->path.name);
    }
    if (status != 0) cannot("create", item, errno);
    meta_apply_at(item->parent, item->path.name, item->entry, item->raw, owner_kept(layer));
}

static void make_fifo(struct layer *layer, const struct item *item)
{
    make_room(item);
    if (mkfifoat(item->parent, item->path.name, 0600) != 0) cannot("create", item, errno);
    meta_apply_at(item->parent, item->path.name, item->entry, item->raw, owner_kept(layer));
}

static bool in_dev(const char *path)
{
    return strncmp(path, "dev/", 4) == 0;
}

/* A container gets a /dev of its own, so nodes that an image has there are left out; anywhere else they cannot be made. */
static void pass_over_device(const struct item *item)
{
    if (item->copied)
        dprintf(complaints, "left out: %s: only root can make a device\n", shown(item->raw));
    else if (!in_dev(item->path.text))
        die(REFUSED, "device node %s: only root can make one, and an image should not bring any", shown(item->raw));
}

static void make_hardlink(struct layer *layer, const struct item *item, const char *raw_target)
{
    struct path target;
    const char *why = path_parse(raw_target, &target);
    if (why != NULL) die(REFUSED, "%s: is a hard link to %s, which %s", shown(item->raw), shown(raw_target), why);
    struct stat found, here;
    OWNED_FD from = tree_walk(&layer->tree, target.text, target.parent, true);
    if (from < 0 || fstatat(from, target.name, &found, AT_SYMLINK_NOFOLLOW) != 0 || S_ISCHR(found.st_mode)) {
        if (in_dev(target.text) && in_dev(item->path.text)) return; /* to a node that was left out */
        die(REFUSED, "%s: is a hard link to %s, which is not in this layer", shown(item->raw), shown(raw_target));
    }
    if (S_ISDIR(found.st_mode)) die(REFUSED, "%s: is a hard link to the directory %s", shown(item->raw), shown(raw_target));
    if (fstatat(item->parent, item->path.name, &here, AT_SYMLINK_NOFOLLOW) == 0) {
        if (here.st_dev == found.st_dev && here.st_ino == found.st_ino) return;
        make_room(item);
    }
    if (linkat(from, target.name, item->parent, item->path.name, 0) != 0) cannot("create", item, errno);
}

static void make_whiteout(const struct item *item, const char *hidden)
{
    struct stat found;
    if (mknodat(item->parent, hidden, S_IFCHR | 0600, makedev(0, 0)) == 0) return;
    if (errno != EEXIST) cannot("make the whiteout", item, errno);
    if (fstatat(item->parent, hidden, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(found.st_mode))
        mark_opaque(item->parent, hidden, item->raw);
}

/* True if the entry was a whiteout, which is now done. */
static bool take_whiteout(const struct item *item)
{
    const char *hidden = NULL;
    enum whiteout kind = whiteout_kind(item->path.name, &hidden);
    if (kind == NO_WHITEOUT) return false;
    bool is_file = archive_entry_hardlink(item->entry) != NULL || archive_entry_filetype(item->entry) == AE_IFREG;
    if (kind == MALFORMED || !is_file) die(REFUSED, "%s: is a malformed whiteout", shown(item->raw));
    if (kind == OPAQUE)
        mark_opaque(item->parent, ".", item->raw);
    else
        make_whiteout(item, hidden);
    return true;
}

/* What AUFS kept of its own at the top of a layer, in images that old versions of Docker made. It means nothing here; Docker
 * passes over it as well. */
static bool is_aufs(const char *name)
{
    while (name[0] == '.' && name[1] == '/') name += 2;
    return strncmp(name, ".wh..wh.", 8) == 0 && strcmp(name, ".wh..wh..opq") != 0;
}

/* What an entry is called here, if it is to be made at all. Names and attributes that speak to an overlay are plain ones in a copy. */
static bool name_entry(struct layer *layer, struct item *item)
{
    const char *rename = layer->placing.rename[0] != '\0' ? layer->placing.rename : item->raw;
    if (!item->copied && is_aufs(item->raw)) return false;
    const char *why = item->copied ? path_parse_plain(rename, &item->path) : path_parse(rename, &item->path);
    if (why != NULL) die(REFUSED, "%s: %s", shown(item->raw), why);
    if (!item->copied) meta_check(item->entry, item->raw);
    /* Set-id bits were given for another owner, and who copies must not be given a program by which others become them. */
    if (layer->options->drop) archive_entry_set_perm(item->entry, archive_entry_perm(item->entry) & 01777);
    return item->path.text[0] != '\0' || !layer->placing.keep_root;
}

static void extract(struct layer *layer, struct item *item)
{
    if (!name_entry(layer, item)) return;
    mode_t type = archive_entry_filetype(item->entry);
    const char *link = archive_entry_hardlink(item->entry);
    bool is_directory = link == NULL && type == AE_IFDIR;
    if (item->path.text[0] == '\0' && !is_directory) die(REFUSED, "%s: has no name and is not a directory", shown(item->raw));
    tree_count(&layer->tree);
    item->parent = tree_parent(&layer->tree, &item->path, item->raw);
    if (!item->copied && take_whiteout(item)) return;
    if (link != NULL) {
        make_hardlink(layer, item, link);
        return;
    }
    switch (type) {
    case AE_IFREG: make_file(layer, item); break;
    case AE_IFDIR: make_directory(layer, item); break;
    case AE_IFLNK: make_symlink(layer, item); break;
    case AE_IFIFO: make_fifo(layer, item); break;
    case AE_IFCHR:
    case AE_IFBLK: pass_over_device(item); break;
    case AE_IFSOCK: break; /* worth nothing without the process that listened */
    default: die(REFUSED, "%s: is of a kind that no file system has", shown(item->raw));
    }
}

/* In the C locale libarchive warns about every PAX name that is not ASCII, and then hands it over as it is: what we want. */
static bool only_a_name(int status, struct archive *archive)
{
    const char *why = archive_error_string(archive);
    return status == ARCHIVE_WARN && why != NULL && strstr(why, "can't be converted from UTF-8") != NULL;
}

/* Where a copy goes depends on what it is of. */
static void open_place(struct layer *layer, const struct item *item)
{
    bool is_directory = archive_entry_filetype(item->entry) == AE_IFDIR && strcmp(item->raw, "./") == 0;
    layer->placing = place_open(layer->options->place, is_directory);
    layer->tree.root = layer->placing.root;
}

static void extract_all(struct layer *layer)
{
    char last[PATH_BYTES + 32] = "its start";
    for (;;) {
        struct item item = {.parent = -1, .copied = layer->options->place != NULL};
        int status = archive_read_next_header(layer->archive, &item.entry);
        if (status == ARCHIVE_EOF) return;
        if (status != ARCHIVE_OK && !only_a_name(status, layer->archive)) broken(layer, last);
        item.raw = archive_entry_pathname(item.entry);
        if (item.raw == NULL) item.raw = "";
        if (layer->tree.root < 0) open_place(layer, &item);
        layer->entries++;
        extract(layer, &item);
        snprintf(last, sizeof last, "what follows %s", item.path.text);
    }
}

static void set_directory_times(struct layer *layer)
{
    for (size_t i = 0; i < layer->dated_count; i++) {
        struct dated *dated = &layer->dated[i];
        OWNED_FD fd = tree_walk(&layer->tree, dated->path, strlen(dated->path), false);
        /* Replaced by a later entry if it is gone. O_PATH descriptors take no futimens. */
        if (fd >= 0 && utimensat(fd, ".", dated->times, 0) != 0)
            die(FAILED, "cannot set the time of %s: %s", shown(dated->path), reason(errno));
        free(dated->path);
    }
    free(layer->dated);
}

void apply(const struct apply_options *options)
{
    struct layer layer = {.options = options, .stream = stream_start(options->follow)};
    layer.tree = (struct tree){.root = -1, .parent = -1, .most = options->max_entries};
    if (options->place == NULL) layer.tree.root = open(options->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (options->place == NULL && layer.tree.root < 0) die(FAILED, "cannot open %s: %s", shown(options->dir), reason(errno));
    layer.archive = archive_read_new();
    layer.buffer = malloc(STREAM_CHUNK);
    if (layer.archive == NULL || layer.buffer == NULL) die(FAILED, "out of memory");
    if (archive_read_support_format_tar(layer.archive) != ARCHIVE_OK) die(FAILED, "this build cannot read tar");
    if (archive_read_open(layer.archive, &layer, NULL, read_plain, NULL) != ARCHIVE_OK) broken(&layer, "its start");
    extract_all(&layer);
    set_directory_times(&layer);
    char report[REPORT_BYTES];
    stream_finish(&layer.stream, report);
    if (options->sync && syncfs(layer.tree.root) != 0) die(FAILED, "cannot write %s: %s", shown(options->dir), reason(errno));
    archive_read_free(layer.archive);
    free(layer.buffer);
    close_fd(&layer.tree.parent);
    close_fd(&layer.tree.root);
    printf("%sentries %llu\n", report, (unsigned long long)layer.entries);
    if (fflush(stdout) != 0) die(FAILED, "cannot report: %s", reason(errno));
}
