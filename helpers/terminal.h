/* The user's terminal: raw mode that is always given back, its size, and the keys that detach. */
#ifndef SKIFF_TERMINAL_H
#define SKIFF_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Puts fd 0 into raw mode when it is a terminal, again if need be; undone by terminal_restore() and at every exit(). */
void terminal_raw(void);
void terminal_restore(void);

/* Rows and columns of the terminal on fd 0, 1 or 2; false when none of them is one. */
bool terminal_size(uint16_t size[2]);

enum { MAXIMUM_KEYS = 16 };
struct detach_keys {
    unsigned char keys[MAXIMUM_KEYS];
    size_t count, matched;
};

/* Parses Docker's notation: letters and ctrl-x, separated by commas; empty turns it off. Dies on anything else. */
struct detach_keys detach_keys_parse(const char *text);
/*
 * Looks for the keys in `data`, also across calls. Bytes that may belong to them are held back; what is to be passed on is
 * put into `out` (room for size + MAXIMUM_KEYS) and its length into *length. True when the keys were complete.
 */
bool detach_keys_filter(struct detach_keys *keys, const unsigned char *data, size_t size, unsigned char *out, size_t *length);

#endif
