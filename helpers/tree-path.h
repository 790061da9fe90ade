/* Names from an archive: what they mean, and the way to them beneath one directory. */
#ifndef SKIFF_TREE_PATH_H
#define SKIFF_TREE_PATH_H

#include "tree.h"

enum { PATH_BYTES = 4096, NAME_BYTES = 256, LINKS_MAX = 40 };

struct path {
    char text[PATH_BYTES]; /* components joined by single slashes; "" is the directory itself */
    size_t parent;         /* length of the text before the last component's slash; 0 when there is one component */
    const char *name;      /* the last component, inside `text` */
};

/* Takes `raw` apart into `path`. Returns NULL, or why it is refused, completing "… <reason>".
 * Accepts "./a", "a/", "a//b". Pure. */
const char *path_parse(const char *raw, struct path *path);

/* The same where names say nothing about other layers. */
const char *path_parse_plain(const char *raw, struct path *path);

enum whiteout { NO_WHITEOUT, WHITEOUT, OPAQUE, MALFORMED };

/* What a last component says about the layers below. `*hidden` becomes the name that a WHITEOUT hides. Pure. */
enum whiteout whiteout_kind(const char *name, const char **hidden);

struct tree {
    int root;
    uint64_t made, most; /* entries and directories created so far, and the limit */
    bool cached;         /* `parent` is the open directory `named`, really at `real` */
    int parent;
    char named[PATH_BYTES], real[PATH_BYTES];
};

/* Counts one more file or directory; refuses the one past the limit. */
void tree_count(struct tree *tree);

/* Is `name` in `parent` an overlay whiteout (character device 0:0)? */
bool is_whiteout(int parent, const char *name);

/* Marks `name` in `parent` as hiding what lower layers have there. Dies on failure, naming `entry`. */
void mark_opaque(int parent, const char *name, const char *entry);

/* The directory that `path` lies in, made where it is missing; it stays owned by `tree` until the next call.
 * Dies when the way there leaves the tree. */
int tree_parent(struct tree *tree, const struct path *path, const char *entry);

/* Opens (O_PATH) the directory `path` (`length` bytes of it) without making any; the caller closes it.
 * With `follow` false a symbolic link on the way ends the walk. Returns -1 with errno: EXDEV the way leaves the tree,
 * ELOOP too many links, ENOENT, ENOTDIR. */
int tree_walk(struct tree *tree, const char *path, size_t length, bool follow);

#endif
