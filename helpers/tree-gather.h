/* What a build takes from a directory: the names in it, digests of files, and those that were chosen as a tar under other names. */
#ifndef SKIFF_TREE_GATHER_H
#define SKIFF_TREE_GATHER_H

#include "tree.h"

/*
 * The base is a path inside the working directory, whatever links in it say (openat2(2), RESOLVE_IN_ROOT). Below it no link is followed:
 * every path comes from `list`, so a link on the way means that somebody has changed the tree meanwhile.
 */

/* Prints for the base itself (the empty path) and, below a directory, for everything, what is in a directory right behind it:
 * "TYPE MODE UID GID SIZE SECONDS NANOSECONDS DEVICE INODE SECONDS NANOSECONDS" (d f l or o; mode in octal; of modification and of status
 * change), the path and a link's target, a NUL behind each of the three. */
void list(const char *base);

/* Reads paths of regular files, a NUL behind each, and prints the sha256 of each in 64 digits and a newline. */
void digest(const char *base);

struct gather_options {
    const char *base;
    const char *owner; /* NULL: everybody keeps his own; else "UID:GID" */
    const char *mode;  /* NULL, or the mode of files and directories in octal */
    const char *epoch; /* NULL, or no time is later than that (seconds since 1970) */
    bool single_uid;   /* noted owners become the owners */
};

/* Reads pairs, a member's name and a path, a NUL behind each, and writes them as a tar; a name that ends with a slash is a directory's. */
void gather(const struct gather_options *options);

#endif
