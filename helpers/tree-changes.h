/* What an overlay's upper directory changes of the lower ones. */
#ifndef SKIFF_TREE_CHANGES_H
#define SKIFF_TREE_CHANGES_H

#include "tree.h"

struct changes_options {
    const char *upper;
    char **lower; /* topmost first */
    size_t lower_count;
    char **hide; /* paths without a slash before them, that are no changes while they are new and empty */
    size_t hide_count;
    bool fuse;       /* the upper directory is fuse-overlayfs' */
    bool pack;       /* write a layer to standard output, else a list of "K /PATH" with a NUL behind each */
    const char *epoch; /* NULL, or no time in the layer is later than that (seconds since 1970) */
    bool single_uid; /* noted owners become the owners */
};

/* Dies on any failure. */
void changes(const struct changes_options *options);

#endif
