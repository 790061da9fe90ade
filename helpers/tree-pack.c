/*
 * A directory as a tar stream. What is walked may be a running container's, whose processes change it meanwhile and mean no good:
 * every step is one name in an open directory, no link is followed, no FIFO or device is opened, and what was announced
 * in a header is what follows it, cut or filled up with zeros.
 */
#include "tree-pack.h"
#include "tree-meta.h"
#include "tree-sparse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* What is kept in the records for a member's own names and numbers. */
enum { TAR_OWN = 4 * PATH_BYTES };

struct linked { /* a file with several names that is in the archive under this one */
    dev_t device;
    ino_t inode;
    char name[];
};

static void notice(const struct pack *pack, const char *what)
{
    dprintf(complaints, "left out: %s: %s\n", shown(pack->path), what);
}

static _Noreturn void cannot_pack(const struct pack *pack, const char *what, int error)
{
    die(FAILED, "cannot %s %s: %s", what, pack->path[0] != '\0' ? shown(pack->path) : "the directory", reason(error));
}

static int by_inode(const void *left, const void *right)
{
    const struct linked *a = left, *b = right;
    if (a->device != b->device) return a->device < b->device ? -1 : 1;
    return a->inode == b->inode ? 0 : a->inode < b->inode ? -1 : 1;
}

/* The name under which the file is in the archive already. NULL if it is not: it will be, under the present one. */
static const char *known_as(struct pack *pack, const struct stat *status)
{
    if (status->st_nlink < 2) return NULL;
    struct linked *link = malloc(sizeof *link + strlen(pack->path) + 1);
    if (link == NULL) die(FAILED, "out of memory");
    *link = (struct linked){.device = status->st_dev, .inode = status->st_ino};
    strcpy(link->name, pack->path);
    struct linked **found = tsearch(link, &pack->links, by_inode);
    if (found == NULL) die(FAILED, "out of memory");
    if (*found == link) return NULL;
    free(link);
    return (*found)->name;
}

static struct timespec date_of(const struct pack *pack, const struct stat *status)
{
    bool late = pack->dated && status->st_mtim.tv_sec >= pack->epoch;
    return late ? (struct timespec){.tv_sec = pack->epoch} : status->st_mtim;
}

static struct tar_member member_of(const struct pack *pack, const struct stat *status, char type)
{
    return (struct tar_member){.name = pack->path, .type = type, .mode = status->st_mode, .uid = pack->as_root ? 0 : status->st_uid,
                               .gid = pack->as_root ? 0 : status->st_gid, .modified = date_of(pack, status)};
}

/* Makes `member` a hard link if the file has been in the archive before. */
static bool is_linked(struct pack *pack, const struct stat *status, struct tar_member *member)
{
    const char *first = known_as(pack, status);
    if (first == NULL) return false;
    member->link = first;
    member->type = '1';
    return true;
}

/* For what has no data. */
static void header_or_link(struct pack *pack, const struct stat *status, struct tar_member *member)
{
    (void)is_linked(pack, status, member);
    tar_header(&pack->tar, member);
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void pack_attribute(struct pack *pack, int fd, const char *key)
{
    char name[XATTR_NAME_MAX + 32];
    if (!meta_wanted(key)) return;
    ssize_t length = fgetxattr(fd, key, pack->value, sizeof pack->value);
    if (length < 0) return; /* removed meanwhile */
    snprintf(name, sizeof name, "SCHILY.xattr.%s", key);
    bool fits = pack->tar.records_used + sizeof name + (size_t)length < TAR_RECORDS - TAR_OWN;
    if (strchr(key, '=') != NULL || !fits || !tar_record(&pack->tar, name, pack->value, (size_t)length))
        notice(pack, "an attribute that no archive can hold");
}

/* In order of their names: the same tree becomes the same bytes. */
static void pack_attributes(struct pack *pack, int fd)
{
    ssize_t length = flistxattr(fd, pack->keys, sizeof pack->keys);
    size_t count = 0;
    if (length <= 0) return; /* none, or a file system without */
    for (const char *at = pack->keys; at < pack->keys + length; at += strlen(at) + 1) count++;
    char **keys = calloc(count, sizeof *keys);
    if (keys == NULL) die(FAILED, "out of memory");
    size_t filled = 0;
    for (char *at = pack->keys; at < pack->keys + length; at += strlen(at) + 1) keys[filled++] = at;
    qsort(keys, count, sizeof *keys, by_text);
    for (size_t i = 0; i < count; i++) pack_attribute(pack, fd, keys[i]);
    free(keys);
}

static void pack_noted_owner(const struct pack *pack, int fd, struct tar_member *member)
{
    char note[64];
    if (!pack->single_uid || pack->as_root) return;
    ssize_t length = fgetxattr(fd, OVERRIDE_STAT, note, sizeof note - 1);
    note[length > 0 ? length : 0] = '\0';
    uint32_t uid, gid;
    if (sscanf(note, "%" SCNu32 ":%" SCNu32 ":", &uid, &gid) != 2) return;
    member->uid = uid;
    member->gid = gid;
}

/* Exactly `length` bytes from `at` on, whatever the file has there now. */
static void pack_range(struct pack *pack, int fd, uint64_t at, uint64_t length)
{
    bool ended = false;
    while (length > 0) {
        size_t room;
        unsigned char *to = tar_room(&pack->tar, &room);
        if (room > length) room = (size_t)length;
        ssize_t got = ended ? 0 : pread(fd, to, room, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) cannot_pack(pack, "read", errno);
        ended = got == 0;
        if (ended) memset(to, 0, room);
        size_t took = ended ? room : (size_t)got;
        tar_took(&pack->tar, took);
        at += took;
        length -= took;
    }
}

static void say(struct pack *pack, const char *key, const char *value)
{
    if (!tar_record(&pack->tar, key, value, strlen(value))) die(FAILED, "%s: its attributes are too long", shown(pack->path));
}

static void pack_sparse(struct pack *pack, int fd, struct tar_member *member, struct sparse *sparse)
{
    char size[32];
    size_t map_length;
    char *map = sparse_map(sparse, member->size, &map_length);
    snprintf(size, sizeof size, "%" PRIu64, member->size);
    say(pack, "GNU.sparse.major", "1");
    say(pack, "GNU.sparse.minor", "0");
    say(pack, "GNU.sparse.name", member->name);
    say(pack, "GNU.sparse.realsize", size);
    member->name = "GNUSparseFile.0/file";
    member->size = map_length + sparse->data;
    tar_header(&pack->tar, member);
    tar_data(&pack->tar, map, map_length);
    for (size_t i = 0; i < sparse->count; i++) pack_range(pack, fd, sparse->segments[i].at, sparse->segments[i].length);
    free(map);
    free(sparse->segments);
}

void pack_regular(struct pack *pack, int fd, const struct stat *status)
{
    struct tar_member member = member_of(pack, status, '0');
    pack_noted_owner(pack, fd, &member);
    if (is_linked(pack, status, &member)) {
        tar_header(&pack->tar, &member);
        return;
    }
    struct sparse sparse;
    member.size = (uint64_t)status->st_size;
    pack_attributes(pack, fd);
    if (sparse_find(fd, status, &sparse))
        pack_sparse(pack, fd, &member, &sparse);
    else {
        tar_header(&pack->tar, &member);
        pack_range(pack, fd, 0, member.size);
    }
    tar_pad(&pack->tar);
}

static void pack_file(struct pack *pack, int parent, const char *name)
{
    /* It was a regular file a moment ago: no waiting, and no terminal of ours, if it is something else by now. */
    OWNED_FD fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 && (errno == ENOENT || errno == ELOOP || errno == ENXIO)) return; /* gone, or a link or socket by now */
    if (fd < 0 || fstat(fd, &status) != 0) cannot_pack(pack, "open", errno);
    if (S_ISREG(status.st_mode))
        pack_regular(pack, fd, &status);
    else
        notice(pack, "it changed while it was looked at");
}

void pack_link(struct pack *pack, int parent, const char *name, const struct stat *status)
{
    char target[PATH_BYTES];
    ssize_t length = readlinkat(parent, name, target, sizeof target);
    if (length < 0 && (errno == ENOENT || errno == EINVAL)) return;
    if (length < 0) cannot_pack(pack, "read the link", errno);
    if (length == sizeof target) {
        notice(pack, "its target is too long");
        return;
    }
    target[length] = '\0';
    struct tar_member member = member_of(pack, status, '2');
    member.link = target;
    header_or_link(pack, status, &member);
}

/* A FIFO or device. */
static void pack_node(struct pack *pack, const struct stat *status, char type)
{
    struct tar_member member = member_of(pack, status, type);
    member.device = status->st_rdev;
    header_or_link(pack, status, &member);
}

void pack_other(struct pack *pack, const struct stat *status)
{
    switch (status->st_mode & S_IFMT) {
    case S_IFCHR: pack_node(pack, status, '3'); break;
    case S_IFBLK: pack_node(pack, status, '4'); break;
    case S_IFIFO: pack_node(pack, status, '6'); break;
    default: notice(pack, "a socket is worth nothing without its program");
    }
}

void pack_directory_entry(struct pack *pack, int fd, const struct stat *status)
{
    size_t length = strlen(pack->path);
    struct tar_member member = member_of(pack, status, '5');
    pack_noted_owner(pack, fd, &member);
    pack_attributes(pack, fd);
    strcpy(pack->path + length, "/");
    tar_header(&pack->tar, &member);
    pack->path[length] = '\0';
}

static bool is_hidden(const struct pack *pack, const struct stat *status)
{
    for (size_t i = 0; i < pack->hidden_count; i++)
        if (pack->hidden[i].st_dev == status->st_dev && pack->hidden[i].st_ino == status->st_ino) return true;
    return false;
}

static void pack_directory(struct pack *pack, int parent, const char *name, bool deep)
{
    OWNED_FD fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return;
    if (fd < 0 || fstat(fd, &status) != 0) cannot_pack(pack, "open", errno);
    pack_directory_entry(pack, fd, &status);
    if (deep && !is_hidden(pack, &status)) pack_below(pack, fd);
}

static void pack_entry(struct pack *pack, int parent, const char *name, bool deep)
{
    struct stat status;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return;
        cannot_pack(pack, "look at", errno);
    }
    switch (status.st_mode & S_IFMT) {
    case S_IFREG: pack_file(pack, parent, name); break;
    case S_IFDIR: pack_directory(pack, parent, name, deep); break;
    case S_IFLNK: pack_link(pack, parent, name, &status); break;
    default: pack_other(pack, &status);
    }
}

void pack_alone(struct pack *pack, int parent, const char *name)
{
    pack_entry(pack, parent, name, false);
}

static _Noreturn void cannot_read(const char *path, int error)
{
    die(FAILED, "cannot read %s: %s", path[0] != '\0' ? shown(path) : "the directory", reason(error));
}

char **names_in(const char *path, int fd)
{
    size_t count = 0, room = 16;
    char **names = calloc(room, sizeof *names);
    if (names == NULL) die(FAILED, "out of memory");
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0 && errno == ENOENT) return names; /* removed meanwhile */
    DIR *directory = copy < 0 ? NULL : fdopendir(copy);
    if (directory == NULL) cannot_read(path, errno);
    for (struct dirent *entry; (errno = 0, entry = readdir(directory)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (count + 1 == room) names = reallocarray(names, room *= 2, sizeof *names);
        if (names == NULL || (names[count++] = strdup(entry->d_name)) == NULL) die(FAILED, "out of memory");
    }
    if (errno != 0 && errno != ENOENT) cannot_read(path, errno);
    closedir(directory);
    names[count] = NULL;
    qsort(names, count, sizeof *names, by_text);
    return names;
}

void pack_enter(struct pack *pack, const char *name)
{
    size_t length = strlen(pack->path), start = length > 0 ? length + 1 : 0;
    if (start + strlen(name) >= PATH_BYTES) die(REFUSED, "%s: holds names longer than 4095 bytes", shown(pack->path));
    if (length > 0) pack->path[length] = '/';
    strcpy(pack->path + start, name);
}

void pack_below(struct pack *pack, int fd)
{
    size_t length = strlen(pack->path);
    char **names = names_in(pack->path, fd);
    for (char **name = names; *name != NULL; free(*name++)) {
        pack_enter(pack, *name);
        pack_entry(pack, fd, *name, true);
        pack->path[length] = '\0';
    }
    free(names);
}

struct pack *pack_begin(void)
{
    struct pack *pack = calloc(1, sizeof *pack);
    if (pack == NULL) die(FAILED, "out of memory");
    /* A directory stays open while what is below it is packed, and a path may have 2,048 of them. */
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) (void)setrlimit(RLIMIT_NOFILE, &(struct rlimit){files.rlim_max, files.rlim_max});
    tar_begin(&pack->tar, STDOUT_FILENO);
    return pack;
}

void pack_end(struct pack *pack)
{
    tar_end(&pack->tar);
    tdestroy(pack->links, free);
    free(pack);
}

void pack(const char *dir, bool single_uid)
{
    OWNED_FD root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) die(FAILED, "cannot open %s: %s", shown(dir), reason(errno));
    struct pack *pack = pack_begin();
    pack->single_uid = single_uid;
    pack_below(pack, root);
    pack_end(pack);
}
