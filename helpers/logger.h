/*
 * A container's log: output is taken apart into lines once, and each line goes to the file that `skiff logs` reads (logger-file.h) and to
 * a receiver (logger-remote.h), where there is one.
 */
#ifndef SKIFF_LOGGER_H
#define SKIFF_LOGGER_H

#include "logger-file.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* Docker splits longer lines into parts of this many bytes, each without a newline but the last. */
enum { LOG_PART = 16384, LOG_PART_ID = 64 };

/* One line, or a part of one. */
struct log_entry {
    bool error;       /* from standard error */
    const char *text; /* any bytes but newlines */
    size_t size;
    bool whole;       /* a newline ended it */
    unsigned part;    /* which part of a line in several, from 1; 0: the line is in one piece */
    const char *id;   /* what such parts have in common: LOG_PART_ID hex digits */
    struct timespec time; /* of all parts that of the first */
};

struct log_stream {
    char *part; /* the unfinished line; allocated with its first byte */
    size_t length;
    unsigned parts; /* of this line that have been handed on */
    struct timespec time;
    char id[LOG_PART_ID + 1];
};

struct log_remote;

struct logger {
    struct log_file file;      /* fd -1: nothing is kept here */
    struct log_remote *remote; /* NULL: nothing is sent */
    struct log_stream streams[2];
};

/* Logs to `fd` alone, which the logger does not close; -1 for no log. */
struct logger logger_open(int fd);
/* Takes bytes of stream 0 (stdout) or 1 (stderr) and hands on every line that they complete. */
void logger_write(struct logger *logger, int stream, const char *data, size_t size);
/* Hands on unfinished lines; what is written next begins a new one. The files and the receiver are the caller's to close. */
void logger_finish(struct logger *logger);

#endif
