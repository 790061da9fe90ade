/* Writing a tar: ustar headers, and pax records in front of those that say more than ustar can. */
#ifndef SKIFF_TREE_TAR_H
#define SKIFF_TREE_TAR_H

#include "tree.h"

#include <time.h>

/* Readers of tar refuse a longer pax header (Go's archive/tar: 1 MiB). */
enum { TAR_BLOCK = 512, TAR_BUFFER = 1 << 20, TAR_RECORDS = 1 << 20 };

struct tar {
    int fd;
    unsigned char *buffer; /* TAR_BUFFER bytes */
    size_t used;
    uint64_t written;      /* all bytes so far */
    char *records;         /* pax records of the next header, TAR_RECORDS bytes */
    size_t records_used;
};

struct tar_member {
    const char *name; /* with a slash at its end if it is a directory */
    const char *link; /* NULL, or the target of a link */
    char type;        /* typeflag of pax(1): 0 file, 1 hard link, 2 symbolic link, 3 and 4 devices, 5 directory, 6 FIFO */
    mode_t mode;
    uint64_t uid, gid, size;
    struct timespec modified;
    dev_t device;
};

/* Dies when there is no memory. */
void tar_begin(struct tar *tar, int fd);

/* Says `key` of the member whose header comes next. False when its records would get longer than readers take. */
bool tar_record(struct tar *tar, const char *key, const void *value, size_t length);

/* The header of `member`; `size` bytes of data and `tar_pad` follow. */
void tar_header(struct tar *tar, const struct tar_member *member);

void tar_data(struct tar *tar, const void *data, size_t length);

/* Room in the buffer for data, at least one byte, so that a file is read straight into it; then tar_took(what was used). */
unsigned char *tar_room(struct tar *tar, size_t *room);
void tar_took(struct tar *tar, size_t length);

/* Zeros up to the next whole block. */
void tar_pad(struct tar *tar);

/* The end marks; everything is written when this returns. */
void tar_end(struct tar *tar);

#endif
