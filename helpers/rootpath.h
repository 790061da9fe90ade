/* Paths inside a container's root, which is hostile: every look-up stays beneath an fd. */
#ifndef SKIFF_ROOTPATH_H
#define SKIFF_ROOTPATH_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Opens `path` as the container would see it: ".." and absolute links end at `root`, magic links of /proc are refused,
 * with `follow` false every symbolic link is (ELOOP). Flags as in open(2); O_CLOEXEC is added. -1 with errno.
 * openat2(2), Linux 5.6; before that a walk that refuses every link.
 */
int root_open(int root, const char *path, int flags, bool follow);
/* That walk: component by component; links and ".." are refused (ELOOP, or ENOTDIR for a link on the way). */
int root_walk(int root, const char *path, int flags);

/*
 * The directory `path`, made with mode 0755 where parts of it are missing; with `follow` also where a link says (in Debian
 * /var/run is one to /run, which may be missing), but inside the root. An O_PATH fd or -1 with errno.
 */
int root_make_directory(int root, const char *path, bool follow);

/* The file `path`, made empty with its parents where it is missing. An O_PATH fd or -1 with errno. */
int root_make_file(int root, const char *path, bool follow);

#endif
