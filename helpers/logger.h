/* Docker's json-file log: one JSON object per line with log, stream and time. */
#ifndef SKIFF_LOGGER_H
#define SKIFF_LOGGER_H

#include <stdbool.h>
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
    const char *attributes; /* what stands between stream and time: `"attrs":{…},` or nothing */
    int directory;          /* where the files are; -1: `fd` is all there is, and grows for ever */
    long long size;         /* bytes in the file */
    long long maximum;      /* a file that has so many is full; 0: none ever is */
    int files;              /* how many files there may be, the one that is written among them */
    bool torn;              /* the file does not end with a line's end */
    long long second;       /* of the last line, since 1970 */
    char stamp[32];         /* the same as a text, to the second */
};

#define LOG_NAME "container-json.log"

/* Logs to `fd`, which the logger does not close; -1 for no log. */
struct logger logger_open(int fd);
/*
 * Logs to LOG_NAME in `directory`, going on where it ends. A full file becomes LOG_NAME.1, that one .2, and the oldest of `files` goes.
 * `attributes` is not copied. The fd is -1, with errno, where the file cannot be opened.
 */
struct logger logger_open_files(int directory, long long maximum, int files, const char *attributes);
/* Begins a new file (logger-file.c). Where it cannot be made, as on a full disk, the old one is gone on with. */
void logger_rotate(struct logger *logger);
/* Takes bytes of stream 0 (stdout) or 1 (stderr) and writes out every line that they complete. */
void logger_write(struct logger *logger, int stream, const char *data, size_t size);
/* Writes out unfinished lines. */
void logger_finish(struct logger *logger);

#endif
