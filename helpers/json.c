#include "json.h"
#include "util.h"

#include <stdbool.h>
#include <string.h>

/* Bytes that stand for themselves. */
static const bool plain[256] = {
    [0x20 ... 0x21] = true, ['#' ... '%'] = true, ['\'' ... ';'] = true, ['='] = true, ['?' ... '['] = true, [']' ... 0x7f] = true,
};

/* The length of the UTF-8 sequence at `text`, 0 when it is none (RFC 3629: no surrogates, no overlong forms). */
static size_t utf8_length(const unsigned char *text, size_t size)
{
    unsigned char first = text[0];
    size_t length = first < 0x80 ? 1 : first >= 0xc2 && first <= 0xdf ? 2 : (first & 0xf0) == 0xe0 ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0;
    if (length == 0 || length > size)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) || (first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

static size_t escape_one(char *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef", named[] = "\"\\\n\r\t";
    const char *found = strchr(named, c);
    if (c && found) {
        out[0] = '\\';
        out[1] = "\"\\nrt"[found - named];
        return 2;
    }
    memcpy(out, "\\u00", 4);
    out[4] = hex[c >> 4];
    out[5] = hex[c & 15];
    return 6;
}

/* One character that is not plain; returns how many bytes of `at` it had. */
static size_t escape_other(char **out, const unsigned char *at, size_t size)
{
    size_t length = utf8_length(at, size);
    if (length == 0) {
        memcpy(*out, "\\ufffd", 6);
        *out += 6;
        return 1;
    }
    if (length == 3 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] & 0xfe) == 0xa8) {
        /* U+2028 and U+2029 end lines in JavaScript. */
        memcpy(*out, at[2] == 0xa8 ? "\\u2028" : "\\u2029", 6);
        *out += 6;
    } else if (length == 1) {
        *out += escape_one(*out, *at);
    } else {
        memcpy(*out, at, length);
        *out += length;
    }
    return length;
}

enum { SHORT_RUN = 48 };

/* This is done with every byte that a container prints, so runs of plain text are copied as they are. */
size_t json_escape(char *out, const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + size;
    char *to = out;
    while (at < end) {
        const unsigned char *start = at;
        /* Byte by byte while it may be a word, which is most of the time: a call for a few bytes costs more than they do. */
        while (at < end && at - start < SHORT_RUN && plain[*at])
            *to++ = (char)*at++;
        start = at;
        while (at < end && plain[*at])
            at++;
        if (at > start)
            to = (char *)memcpy(to, start, (size_t)(at - start)) + (at - start);
        if (at < end)
            at += escape_other(&to, at, (size_t)(end - at));
    }
    return (size_t)(to - out);
}

char *json_text(const char *text)
{
    size_t size = strlen(text);
    char *out = xmalloc(6 * size + 1);
    out[json_escape(out, text, size)] = 0;
    return out;
}
