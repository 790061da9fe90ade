#include "logger.h"
#include "logger-remote.h"
#include "util.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct logger logger_open(int fd)
{
    return (struct logger){ .file = log_file_of(fd) };
}

static void hand_on(struct logger *logger, const struct log_entry *entry)
{
    if (logger->file.fd >= 0)
        log_file_add(&logger->file, entry);
    if (logger->remote)
        log_remote_add(logger->remote, entry);
}

/* Receivers put the parts of a line together by an id that no other line has. */
static void begin_parts(struct log_stream *stream)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char random[LOG_PART_ID / 2] = { 0 };
    if (getrandom(random, sizeof random, 0) < 0)
        memset(random, 0, sizeof random); /* before Linux 3.17 there is none: parts go together by time and order then */
    for (size_t i = 0; i < sizeof random; i++) {
        stream->id[2 * i] = hex[random[i] >> 4];
        stream->id[2 * i + 1] = hex[random[i] & 15];
    }
}

static void entry_of(struct logger *logger, struct log_stream *stream, const char *text, size_t size, bool whole)
{
    bool in_parts = stream->parts > 0 || !whole;
    if (stream->parts == 0)
        clock_gettime(CLOCK_REALTIME, &stream->time);
    if (in_parts && stream->parts == 0)
        begin_parts(stream);
    struct log_entry entry = { .error = stream == &logger->streams[1], .text = text, .size = size, .whole = whole, .time = stream->time };
    if (in_parts) {
        entry.part = ++stream->parts;
        entry.id = stream->id;
    }
    if (whole)
        stream->parts = 0;
    hand_on(logger, &entry);
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
            entry_of(logger, stream, stream->part, LOG_PART, false);
            stream->length = 0;
        }
    }
}

/* `data` ends a line that may have begun earlier. Most lines are here whole and are not copied. */
static void end_line(struct logger *logger, struct log_stream *stream, const char *data, size_t size)
{
    if (!stream->part && size <= LOG_PART) {
        entry_of(logger, stream, data, size, true);
        return;
    }
    keep_part(logger, stream, data, size);
    entry_of(logger, stream, stream->part, stream->length, true);
    free(stream->part);
    stream->part = NULL;
    stream->length = 0;
}

static void flush(struct logger *logger)
{
    if (logger->file.fd >= 0)
        log_file_flush(&logger->file);
    if (logger->remote)
        log_remote_flush(logger->remote);
}

void logger_write(struct logger *logger, int number, const char *data, size_t size)
{
    struct log_stream *stream = &logger->streams[number];
    const char *newline;
    if (logger->file.fd < 0 && !logger->remote)
        return;
    while ((newline = memchr(data, '\n', size))) {
        size_t length = (size_t)(newline - data);
        end_line(logger, stream, data, length);
        data = newline + 1;
        size -= length + 1;
    }
    keep_part(logger, stream, data, size);
    flush(logger);
}

void logger_finish(struct logger *logger)
{
    for (int i = 0; i < 2; i++) {
        struct log_stream *stream = &logger->streams[i];
        if (stream->length)
            entry_of(logger, stream, stream->part, stream->length, false);
        free(stream->part);
        *stream = (struct log_stream){ 0 };
    }
    flush(logger);
}
