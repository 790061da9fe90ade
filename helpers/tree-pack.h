/* Entries of a directory as members of a tar, one by one; what `pack`, `fetch` and `pack-changes` share. */
#ifndef SKIFF_TREE_PACK_H
#define SKIFF_TREE_PACK_H

#include "tree-path.h"
#include "tree-tar.h"

#include <sys/stat.h>

/* XATTR_LIST_MAX and XATTR_SIZE_MAX of the kernel. */
enum { ATTRIBUTE_BYTES = 65536, HIDDEN_MAX = 64 };

struct pack {
    struct tar tar;
    bool single_uid;           /* noted owners become the owners */
    bool as_root;              /* every owner is 0:0 */
    bool dated;                /* no time is later than `epoch` */
    time_t epoch;
    size_t hidden_count;       /* directories that are packed as empty ones */
    struct stat hidden[HIDDEN_MAX];
    void *links;               /* of struct linked, a tree by tsearch(3) */
    char path[PATH_BYTES + 1]; /* of the entry in hand; room for a directory's slash */
    char keys[ATTRIBUTE_BYTES], value[ATTRIBUTE_BYTES];
};

/* A new one that writes to standard output; dies when there is no memory. */
struct pack *pack_begin(void);

/* Writes the end of the archive and frees. */
void pack_end(struct pack *pack);

/* The open regular file `fd` under the name `pack->path`. */
void pack_regular(struct pack *pack, int fd, const struct stat *status);

/* A symbolic link; `name` may be "" where `parent` is the link itself, opened with O_PATH. */
void pack_link(struct pack *pack, int parent, const char *name, const struct stat *status);

/* A FIFO or device; a line on `complaints` for a socket. */
void pack_other(struct pack *pack, const struct stat *status);

/* The open directory itself under the name `pack->path`, without what is in it. */
void pack_directory_entry(struct pack *pack, int fd, const struct stat *status);

/* `name` in `parent` under `pack->path`; a directory without what is in it. What has vanished is passed over. */
void pack_alone(struct pack *pack, int parent, const char *name);

/* Everything in the open directory, whose own name is `pack->path`. */
void pack_below(struct pack *pack, int fd);

/* Puts `name` behind `pack->path`; dies where that gets too long. Undone by cutting it at its former length. */
void pack_enter(struct pack *pack, const char *name);

/* The names in the directory, sorted by their bytes. The array ends with NULL; it and the names are to be freed. */
char **names_in(const char *path, int fd);

#endif
