#include "tree-sparse.h"
#include "tree-tar.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Less is not worth a format that not every reader knows. */
static const uint64_t WORTH = 1 << 20;
/* A file in more pieces than this gets its last ones as one, zeros included. */
enum { SEGMENTS_MAX = 4096, LINE_MAX_BYTES = 44 };

bool sparse_find(int fd, const struct stat *status, struct sparse *sparse)
{
    uint64_t size = (uint64_t)status->st_size, used = (uint64_t)status->st_blocks * 512;
    *sparse = (struct sparse){0};
    if (size < WORTH || used > size - WORTH) return false;
    sparse->segments = calloc(SEGMENTS_MAX, sizeof *sparse->segments);
    if (sparse->segments == NULL) die(FAILED, "out of memory");
    for (off_t at = 0, end; (at = lseek(fd, at, SEEK_DATA)) >= 0 && (uint64_t)at < size; at = end) {
        end = lseek(fd, at, SEEK_HOLE);
        if (end <= at || (uint64_t)end > size || sparse->count == SEGMENTS_MAX - 1) end = (off_t)size;
        sparse->segments[sparse->count++] = (struct segment){(uint64_t)at, (uint64_t)(end - at)};
        sparse->data += (uint64_t)(end - at);
    }
    if (sparse->data <= size - WORTH) return true;
    free(sparse->segments);
    sparse->segments = NULL;
    return false;
}

char *sparse_map(const struct sparse *sparse, uint64_t size, size_t *length)
{
    size_t room = (sparse->count + 2) * LINE_MAX_BYTES + TAR_BLOCK, used;
    char *text = calloc(1, room);
    if (text == NULL) die(FAILED, "out of memory");
    /* The last entry, of no length, says where a hole at the end stops. */
    used = (size_t)sprintf(text, "%zu\n", sparse->count + 1);
    for (size_t i = 0; i < sparse->count; i++)
        used += (size_t)sprintf(text + used, "%" PRIu64 "\n%" PRIu64 "\n", sparse->segments[i].at, sparse->segments[i].length);
    used += (size_t)sprintf(text + used, "%" PRIu64 "\n0\n", size);
    *length = (used + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
    return text;
}
