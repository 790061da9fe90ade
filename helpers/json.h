/* Text as the inside of a JSON string. */
#ifndef SKIFF_JSON_H
#define SKIFF_JSON_H

#include <stddef.h>

/* Appends `text` as Go's encoder does: bytes that are no UTF-8 become U+FFFD. At most 6 bytes each; no NUL is added. Returns what it has written. */
size_t json_escape(char *out, const char *text, size_t size);
/* The same as a string of its own, to be freed. */
char *json_text(const char *text);

#endif
