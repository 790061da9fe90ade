/* The two ends of `skiff cp`: a path becomes a tar, and a tar what a path says. */
#ifndef SKIFF_TREE_COPY_H
#define SKIFF_TREE_COPY_H

#include "tree.h"

/*
 * Between the two ends a directory is a tar whose first member is "./" and anything else a tar of one member. Where that goes is
 * decided by the receiving end, when it has seen the first member (docker cp, "Description").
 */

struct fetch_options {
    const char *path; /* absolute; a slash at its end says that it is a directory */
    const char *name; /* NULL, or what the members are called below */
    bool in_root;     /* `path` is one inside the working directory, whatever links say */
    bool follow;      /* a symbolic link at its end */
    bool as_root;     /* everything belongs to 0:0 */
    bool single_uid;  /* noted owners become the owners */
    char **hide;      /* directories, by absolute path, that are packed as empty ones */
    size_t hide_count;
};

/* Writes the tar to standard output; dies on any failure. */
void fetch(const struct fetch_options *options);

struct place_options {
    const char *path; /* as above */
    const char *name; /* what a copy in an existing directory is called */
    bool in_root;
    bool contents;    /* of a directory: what is in it goes into an existing directory */
    bool archive;     /* a tar as it is, into an existing directory */
    bool whole;       /* with `archive`: what it says of "./" is said of that directory */
    const char *make; /* NULL, or "UID:GID": whose the directories become that are missing on the way, the last one too with `archive` or a slash at the end */
};

struct placing {
    int root;           /* the directory that the members go into */
    char rename[4096];  /* "", or the only member's name there */
    bool keep_root;     /* "./" says nothing about a directory that was there before */
};

/* Where the members go, now that the first one is known to be "./" or not. Dies when that cannot be. */
struct placing place_open(const struct place_options *options, bool is_directory);

#endif
