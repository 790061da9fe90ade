/* The input side: standard input, decompressed by a confined child of its own, and hashed before and after that. */
#ifndef SKIFF_TREE_STREAM_H
#define SKIFF_TREE_STREAM_H

#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { HEX_DIGEST = 64, REPORT_BYTES = 2304, STREAM_CHUNK = 1 << 20 };

struct stream_totals {
    char blob[HEX_DIGEST + 1]; /* sha256 of the bytes read */
    uint64_t read;
    const char *compression; /* "none", "gzip", "zstd", "bzip2", "xz" */
};

/* Copies `in` to its end, decompressed, to `out`; a file that is still growing ends after `expected` bytes, not before. With `totals`,
 * hashes what it reads. Dies on damage. */
void stream_copy(int in, int out, uint64_t expected, struct stream_totals *totals);

struct tally {
    struct sha256_ctx hash;
    uint64_t bytes;
};

struct stream {
    pid_t child;
    int plain;         /* the decompressed bytes */
    int report;        /* the child's last words */
    struct tally diff; /* of the plain bytes read so far */
};

/* Starts the child that reads standard input; `expected` as for stream_copy, 0 for a file or pipe that ends where it ends. */
struct stream stream_start(uint64_t expected);

/* The next plain bytes, counted and hashed; 0 at their end. Dies when they cannot be read. */
size_t stream_read(struct stream *stream, unsigned char *buffer, size_t room);

/* Reads what is left of the plain bytes and waits for the child; `report` becomes its result lines.
 * If the child found damage, or died, this dies with the reason. */
void stream_finish(struct stream *stream, char report[static REPORT_BYTES]);

#endif
