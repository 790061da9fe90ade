/* GELF over UDP: how a message becomes datagrams. Shared by skiff-helper and skiff-tree, which sends the compressed ones. */
#ifndef SKIFF_LOGGER_CHUNKS_H
#define SKIFF_LOGGER_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    GELF_CHUNK = 1420,       /* of a datagram, as Docker's writer has it: fits an Ethernet frame, so that no router takes it apart */
    GELF_CHUNK_MOST = 8192,  /* what every receiver takes; used where a message would need too many of the others */
    GELF_HEAD = 12,
    GELF_CHUNKS = 128,       /* a receiver drops messages in more */
};

/* One datagram: `head` (0 or GELF_HEAD bytes), then `data`. */
typedef void (*gelf_datagram)(void *to, const char *head, size_t head_size, const char *data, size_t size);

/* Hands `size` bytes to `send` as one datagram or as chunks with a random id in common; false, and nothing, when they are too many. */
bool gelf_chunks(const char *data, size_t size, gelf_datagram send, void *to);

#endif
