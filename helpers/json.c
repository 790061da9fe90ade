#include "json.h"
#include "util.h"

#include <string.h>

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

size_t json_escape(char *out, const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    char *to = out;
    while (size) {
        size_t length = utf8_length(at, size);
        if (length == 0) {
            memcpy(to, "\\ufffd", 6);
            to += 6;
            length = 1;
        } else if (length == 3 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] & 0xfe) == 0xa8) {
            /* U+2028 and U+2029 end lines in JavaScript. */
            memcpy(to, at[2] == 0xa8 ? "\\u2028" : "\\u2029", 6);
            to += 6;
        } else if (length == 1 && (*at < 0x20 || *at == '"' || *at == '\\' || *at == '<' || *at == '>' || *at == '&')) {
            to += escape_one(to, *at);
        } else {
            memcpy(to, at, length);
            to += length;
        }
        at += length;
        size -= length;
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
