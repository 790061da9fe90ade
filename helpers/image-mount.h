/* Images that a container has mounted besides its own. The record: README.md, "Root file system and namespaces". */
#ifndef SKIFF_IMAGE_MOUNT_H
#define SKIFF_IMAGE_MOUNT_H

#include "plan.h"

/*
 * For the process that is root of the user's namespace, in a mount namespace of its own: joins the layers of each image, so that nobody in the container can write
 * to them, whatever he may do there, and puts what is to be bound where the records `bind` expect it. Dies on failure.
 */
void images_mount(const struct plan *plan);

/* Unmounts in the caller's mount namespace what programs serve, so that they end. What is not mounted any more is passed over. */
void images_unmount(const struct plan *plan);

#endif
