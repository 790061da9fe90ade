/* Files with holes, in GNU's sparse format 1.0 for pax: a map of where the data lies, then the data. */
#ifndef SKIFF_TREE_SPARSE_H
#define SKIFF_TREE_SPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct segment {
    uint64_t at, length;
};

struct sparse {
    size_t count;
    struct segment *segments; /* to be freed */
    uint64_t data;            /* sum of their lengths */
};

/* Where the data of the open regular file lies. False where it has no holes worth the trouble, or none that can be found. */
bool sparse_find(int fd, const struct stat *status, struct sparse *sparse);

/* The map as it stands in front of the data, filled up to whole blocks; to be freed. `*length` becomes its size. */
char *sparse_map(const struct sparse *sparse, uint64_t size, size_t *length);

#endif
