/* Mounts inside a container's root. Every target is found by root_open() and mounted through its fd. */
#ifndef SKIFF_MOUNTS_H
#define SKIFF_MOUNTS_H

#include "plan.h"

/*
 * Executes one record of the plan's mount list, beneath `root`; dies with one line on failure. Returns 0 when the record
 * is none of these:
 *   mount TYPE SOURCE TARGET FLAGS DATA                   a new file system; TARGET must not pass through a link
 *   bind SOURCE TARGET FLAGS PROPAGATION HOW            a host path; FLAGS as for a bind remount; HOW: "c" with the
 *                                                       mounts below it, "r" read-only for those as well
 *   symlink TEXT PATH      mkdir PATH            mask PATH      readonly PATH      root-readonly
 * FLAGS and PROPAGATION are numbers as in mount(2).
 */
int mount_record(int root, const struct record *record);

/* mount(2) onto an open fd; data may be NULL. -1 with errno. */
int mount_on_fd(const char *source, int target, const char *type, unsigned long flags, const char *data);

/* Gives the mount that the fd is of these flags of mount(2) besides those that it has; -1 with errno. */
int mount_remount(int fd, unsigned long flags);

#endif
