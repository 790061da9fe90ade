/* What an entry has beside its data: owner, mode, extended attributes, times. */
#ifndef SKIFF_TREE_META_H
#define SKIFF_TREE_META_H

#include "tree.h"

#include <time.h>

/* Where an owner is noted that the file cannot have: "UID:GID:0MODE", as podman and fuse-overlayfs have it. */
#define OVERRIDE_STAT "user.containers.override_stat"

/* Does an extended attribute belong to the image? Capabilities, ACLs and users' own do; labels of security modules and
 * trusted.* belong to the host, marks to the overlay file system, and the owner's note is ours. */
bool meta_wanted(const char *key);

/* Refuses an entry whose extended attributes would speak to the overlay file system. */
void meta_check(struct archive_entry *entry, const char *name);

enum owner {
    OWNER_GIVEN, /* the file is given to the archive's owner */
    OWNER_NOTED, /* the archive's owner is noted in an attribute */
    OWNER_LOST
};

/* Owner, attributes and mode, in the one order that keeps set-id bits and capabilities, of the open file or directory. */
void meta_apply(int fd, struct archive_entry *entry, const char *name, enum owner owner);

/* The same for what is not opened: a symbolic link or FIFO `last` in `parent`. No attributes: the kernel takes none there. */
void meta_apply_at(int parent, const char *last, struct archive_entry *entry, const char *name, enum owner owner);

/* The access and modification time to set; nanoseconds where the archive has them. */
void meta_times(struct archive_entry *entry, struct timespec times[static 2]);

#endif
