#include "bytes.h"
#include "util.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

char *bytes_room(struct bytes *bytes, size_t size)
{
    if (bytes->capacity - bytes->length < size) {
        size_t wanted = 2 * bytes->capacity;
        if (wanted < bytes->length + size)
            wanted = bytes->length + size;
        if (!(bytes->data = realloc(bytes->data, wanted)))
            die("out of memory");
        bytes->capacity = wanted;
    }
    return bytes->data + bytes->length;
}

void bytes_add(struct bytes *bytes, const void *data, size_t size)
{
    if (size)
        memcpy(bytes_room(bytes, size), data, size);
    bytes->length += size;
}

void bytes_text(struct bytes *bytes, const char *text)
{
    bytes_add(bytes, text, strlen(text));
}

void bytes_format(struct bytes *bytes, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0)
        bytes_add(bytes, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){ 0 };
}
