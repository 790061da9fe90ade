/* The holder of a volume (volume.h): one process, from the first user to the last. */
#ifndef SKIFF_VOLUME_HOLDER_H
#define SKIFF_VOLUME_HOLDER_H

#include "plan.h"

struct volume_start {
    int directory, listener; /* its place in the runtime directory, and the socket there */
    int userns, alive;       /* the keeper's user namespace, and a write end of its FIFO */
    int ready;               /* a NUL is written here when it can be asked, or "<code> <sentence>" */
};

/* Becomes the holder of the volume that the record is about, in a child of launch; does not return. */
_Noreturn void volume_hold(const struct record *record, const struct volume_start *start);

#endif
