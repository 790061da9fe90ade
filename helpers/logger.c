#include "logger.h"
#include "json.h"
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

/* What stays without an end of line; the next run of the command begins a line of its own. */
static void end_part(struct logger *logger, struct log_stream *stream)
{
    append_line(logger, stream, stream->part, stream->length, 0);
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
            end_part(logger, &logger->streams[i]);
    if (logger->fd >= 0)
        flush(logger);
}
