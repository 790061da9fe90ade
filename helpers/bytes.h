/* Bytes that grow: what is encoded and not yet written or sent. */
#ifndef SKIFF_BYTES_H
#define SKIFF_BYTES_H

#include <stddef.h>
#include <string.h>

/* All zero is empty and owns nothing. */
struct bytes {
    char *data;
    size_t length, capacity;
};

/* Makes room for `size` more bytes and returns where they go; the length stays. Dies without memory. */
char *bytes_room(struct bytes *bytes, size_t size);
void bytes_add(struct bytes *bytes, const void *data, size_t size);
void bytes_text(struct bytes *bytes, const char *text);
void bytes_format(struct bytes *bytes, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Gives the memory back. */
void bytes_free(struct bytes *bytes);

/* Copies a literal without its NUL; returns what is behind it. */
#define put_literal(to, literal) ((char *)memcpy(to, literal, sizeof literal - 1) + sizeof literal - 1)

#endif
