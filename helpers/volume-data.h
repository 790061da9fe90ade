/* What a container's volumes need before they can be bound into it. The records: README.md, "Volumes". */
#ifndef SKIFF_VOLUME_DATA_H
#define SKIFF_VOLUME_DATA_H

#include "plan.h"

/*
 * For the process that is root of the user's namespace, in a mount namespace of its own, with the image mounted at `rootfs` and volumes that are file systems of their own mounted: fills what is
 * empty with what the image has there, and puts what is to be bound where the records `bind` expect it. Filled is once in a container's life. Dies on failure.
 */
void volumes_prepare(const struct plan *plan, const char *rootfs);

#endif
