/* The container's root file system, put together in the sandbox's own mount namespace. */
#ifndef SKIFF_ROOTFS_H
#define SKIFF_ROOTFS_H

#include "plan.h"

enum rootfs_use {
    ROOTFS_WRITE, /* for the container itself */
    ROOTFS_READ   /* for a look at it: its own changes are one more read-only layer, and nothing on disk is touched */
};

/* Where the plan mounts it. Dies when the plan does not say. */
const char *rootfs_target(const struct plan *plan);

/*
 * Mounts what the plan's record `overlay` or `fuse-overlayfs` says and returns the target's path. Layers are opened here
 * and named by fd, so neither their number nor odd characters in paths meet the length and the escapes of mount options.
 * Dies on failure.
 */
const char *rootfs_mount(const struct plan *plan, enum rootfs_use use);

/*
 * Mounts `count` directories, topmost first, joined and read-only on `target`: with fuse-overlayfs, the absolute path `program`, or where that is empty with the
 * kernel's overlay, which wants two at least. Changes the working directory. Dies on failure.
 */
void rootfs_mount_lowers(const char *program, const char *target, const char *options, char **lowers, size_t count);

#endif
