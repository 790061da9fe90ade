#include "logger.h"
#include "util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct logger logger_open(int fd)
{
    return (struct logger){ .fd = fd, .streams = { { .name = "stdout" }, { .name = "stderr" } } };
}

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
    static const char hex[] = "0123456789abcdef";
    const char *found = strchr("\"\\\n\r\t", c);
    if (c && found) {
        out[0] = '\\';
        out[1] = "\"\\nrt"[found - (const char *)"\"\\\n\r\t"];
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

static void flush(struct logger *logger)
{
    /* A full disk must not stop the container: the lines are lost, as with Docker. */
    if (logger->length && write_all(logger->fd, logger->buffer, logger->length) < 0)
        logger->length = 0;
    logger->length = 0;
    free(logger->buffer);
    logger->buffer = NULL;
    logger->capacity = 0;
}

static void append_line(struct logger *logger, struct log_stream *stream, const char *data, size_t size, int whole)
{
    char time[32];
    size_t need = logger->length + 6 * size + 128;
    if (need > logger->capacity) {
        logger->capacity = need * 2;
        if (!(logger->buffer = realloc(logger->buffer, logger->capacity)))
            die("out of memory");
    }
    char *to = logger->buffer + logger->length;
    format_now(time);
    to += sprintf(to, "{\"log\":\"");
    to += json_escape(to, data, size);
    to += sprintf(to, "%s\",\"stream\":\"%s\",\"time\":\"%s\"}\n", whole ? "\\n" : "", stream->name, time);
    logger->length = (size_t)(to - logger->buffer);
}

/* Takes bytes that hold no newline; what does not complete a part waits. */
static void keep_part(struct logger *logger, struct log_stream *stream, const char *data, size_t size)
{
    if (size && !stream->part)
        stream->part = xmalloc(LOG_PART);
    while (size) {
        size_t room = LOG_PART - stream->length, take = size < room ? size : room;
        memcpy(stream->part + stream->length, data, take);
        stream->length += take;
        data += take;
        size -= take;
        if (stream->length == LOG_PART && size) {
            append_line(logger, stream, stream->part, LOG_PART, 0);
            stream->length = 0;
        }
    }
}

static void end_line(struct logger *logger, struct log_stream *stream)
{
    append_line(logger, stream, stream->part, stream->length, 1);
    free(stream->part);
    stream->part = NULL;
    stream->length = 0;
}

void logger_write(struct logger *logger, int number, const char *data, size_t size)
{
    struct log_stream *stream = &logger->streams[number];
    const char *newline;
    if (logger->fd < 0)
        return;
    while ((newline = memchr(data, '\n', size))) {
        size_t length = (size_t)(newline - data);
        keep_part(logger, stream, data, length);
        end_line(logger, stream);
        data = newline + 1;
        size -= length + 1;
    }
    keep_part(logger, stream, data, size);
    flush(logger);
}

void logger_finish(struct logger *logger)
{
    for (int i = 0; logger->fd >= 0 && i < 2; i++)
        if (logger->streams[i].length)
            append_line(logger, &logger->streams[i], logger->streams[i].part, logger->streams[i].length, 0);
    if (logger->fd >= 0)
        flush(logger);
}
