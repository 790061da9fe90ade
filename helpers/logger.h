/* Docker's json-file log: one JSON object per line with log, stream and time. */
#ifndef SKIFF_LOGGER_H
#define SKIFF_LOGGER_H

#include <stddef.h>

/* Docker splits longer lines into parts of this many bytes, each without a newline but the last. */
enum { LOG_PART = 16384 };

struct log_stream {
    const char *name; /* "stdout" or "stderr" */
    char *part;       /* the unfinished line; allocated with its first byte */
    size_t length;
};

struct logger {
    int fd; /* -1: no log is kept */
    char *buffer; /* encoded lines not yet written */
    size_t length, capacity;
    struct log_stream streams[2];
};

/* Logs to `fd`, which the logger does not close; -1 for no log. */
struct logger logger_open(int fd);
/* Takes bytes of stream 0 (stdout) or 1 (stderr) and writes out every line that they complete. */
void logger_write(struct logger *logger, int stream, const char *data, size_t size);
/* Writes out unfinished lines. */
void logger_finish(struct logger *logger);

/* Appends `text` as the inside of a JSON string, as Go's encoder does: bytes that are no UTF-8 become U+FFFD. At most 6 bytes each. */
size_t json_escape(char *out, const char *text, size_t size);

#endif
