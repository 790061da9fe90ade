#include "logger.h"
#include "util.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct logger logger_open(int fd)
{
    return (struct logger){ .fd = fd, .directory = -1, .second = -1, .attributes = "", .streams = { { .name = "stdout" }, { .name = "stderr" } } };
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

/* A full disk must not stop the container: the lines are lost, as with Docker. Half a line is ended before the next. */
static void write_out(struct logger *logger)
{
    const char *data = logger->buffer;
    size_t left = logger->length;
    if (left && logger->torn && write(logger->fd, "\n", 1) == 1) {
        logger->torn = false;
        logger->size++;
    }
    while (left && !logger->torn) {
        ssize_t n = write(logger->fd, data, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        data += n;
        left -= (size_t)n;
        logger->size += n;
    }
    if (data > logger->buffer)
        logger->torn = data[-1] != '\n';
    logger->length = 0;
}

static void flush(struct logger *logger)
{
    write_out(logger);
    free(logger->buffer);
    logger->buffer = NULL;
    logger->capacity = 0;
}

/* Docker looks before each line: a file may be longer than the maximum by the line that made it so. */
static void make_way(struct logger *logger)
{
    if (!logger->maximum || logger->size + (long long)logger->length < logger->maximum)
        return;
    write_out(logger);
    if (logger->size >= logger->maximum)
        logger_rotate(logger);
}

enum { STAMP = sizeof "2026-11-20T19:00:00" - 1, FRACTION = 9 };

/* Now, as Go writes a time: zeros at the end of the fraction are left out. What a second has in common is made once: this is a line's greatest cost. */
static char *append_time(struct logger *logger, char *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != logger->second) {
        struct tm parts;
        gmtime_r(&now.tv_sec, &parts);
        strftime(logger->stamp, sizeof logger->stamp, "%Y-%m-%dT%H:%M:%S", &parts);
        logger->second = now.tv_sec;
    }
    int digits = now.tv_nsec ? FRACTION : 0;
    long rest = now.tv_nsec;
    for (; digits && rest % 10 == 0; digits--)
        rest /= 10;
    memcpy(out, logger->stamp, STAMP);
    out[STAMP] = '.';
    for (int i = digits; i > 0; i--, rest /= 10)
        out[STAMP + i] = (char)('0' + rest % 10);
    return out + STAMP + (digits ? digits + 1 : 0);
}

static void append_line(struct logger *logger, struct log_stream *stream, const char *data, size_t size, int whole)
{
    make_way(logger);
    size_t need = logger->length + 6 * size + strlen(logger->attributes) + 128;
    if (need > logger->capacity) {
        logger->capacity = need * 2;
        if (!(logger->buffer = realloc(logger->buffer, logger->capacity)))
            die("out of memory");
    }
    char *to = logger->buffer + logger->length;
    to = stpcpy(to, "{\"log\":\"");
    to += json_escape(to, data, size);
    to = stpcpy(to, whole ? "\\n\",\"stream\":\"" : "\",\"stream\":\"");
    to = stpcpy(stpcpy(to, stream->name), "\",");
    to = stpcpy(stpcpy(to, logger->attributes), "\"time\":\"");
    to = stpcpy(append_time(logger, to), "Z\"}\n");
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
