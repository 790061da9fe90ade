#ifndef SKIFF_VOLUME_FILL_H
#define SKIFF_VOLUME_FILL_H

#include <stdbool.h>

/* Where a volume is filled. */
struct filling {
    int data;             /* the volume itself, O_RDONLY */
    int staging;          /* where copies are made: beside the data, or in it where that is another file system; on the same one in any case */
    const char *half;     /* name there of a copy that is not whole */
    const char *whole;    /* and of one that is, and has yet to be moved to its place */
};

/*
 * What somebody was killed at who had a whole copy: it is moved to its place. Whoever calls holds the volume's lock. -1 with errno.
 */
int filling_finish(const struct filling *filling);

/*
 * Fills the volume with what directory `source` holds if it is empty, and makes it what `source` is. All or nothing: killed at any moment, the next one either begins
 * anew or ends it. Whoever calls holds the volume's lock. With `durable` the copy survives a power cut. -1 with errno, and then the volume is as it was.
 */
int filling_run(const struct filling *filling, int source, bool durable);

/* Whether a directory holds nothing but, perhaps, traces of a filling. */
bool filling_is_empty(const struct filling *filling);

#endif
