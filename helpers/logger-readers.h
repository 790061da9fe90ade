/*
 * Those who follow a log (`skiff logs -f`). Each has a directory PID.START.ANYTHING (its pid and start time) below one of the container's.
 * Before a full file is renamed or removed it gets a hard link there, so nobody loses a line, however fast files become full.
 */
#ifndef SKIFF_LOGGER_READERS_H
#define SKIFF_LOGGER_READERS_H

#include <stdbool.h>

enum {
    MAXIMUM_READERS = 16,
    READER_NAME = 64, /* the longest name of a reader's directory, with its NUL */
};

/* How far a reader may be behind, in bytes: it may have been stopped, and the disk is not ours alone. */
#define READER_LIMIT (256LL << 20)

struct log_reader {
    char name[READER_NAME];
    long long bytes;   /* linked since they were last counted */
    long long counted; /* CLOCK_MONOTONIC seconds of that */
    bool lost;         /* it has been told that files are missing */
};

struct log_readers {
    const char *path; /* the container's directory for readers, which is there when somebody follows; NULL: there is none */
    struct log_reader *list; /* allocated with the first reader */
};

/* Links the file `name` of `directory` (`size` bytes) into every reader's directory; clears away those of readers that have ended. */
void log_readers_link(struct log_readers *readers, int directory, const char *name, long long size);
/* Removes what readers that have ended left behind. */
void log_readers_sweep(struct log_readers *readers);

#endif
