#ifndef SKIFF_FOREIGN_H
#define SKIFF_FOREIGN_H

#include "plan.h"

/*
 * Hands the container to another OCI runtime, for plans with the record `runtime PROGRAM ARGUMENT...`: completes config.json with
 * what only the mounted image knows (record `bundle PATH BEFORE BETWEEN AFTER`: the user goes between the first two texts, the
 * home directory between the last two), enters a child user namespace with the container's ids, and becomes the runtime. It
 * stays the parent of the container and ends with its exit code. Does not return.
 */
_Noreturn void foreign_run(const struct plan *plan, const char *rootfs);

#endif
