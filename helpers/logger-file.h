/* Docker's json-file log: one JSON object per line with log, stream and time, in files of a limited size. */
#ifndef SKIFF_LOGGER_FILE_H
#define SKIFF_LOGGER_FILE_H

#include "bytes.h"
#include "logger-readers.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#define LOG_NAME "container-json.log"

struct log_entry;

struct log_file {
    int fd; /* -1: no log is kept */
    struct bytes buffer; /* encoded lines not yet written */
    const char *attributes; /* what stands between stream and time: `"attrs":{…},` or nothing */
    int directory;          /* where the files are; -1: `fd` is all there is, and grows for ever */
    long long size;         /* bytes in the file */
    long long maximum;      /* a file that has so many is full; 0: none ever is */
    int files;              /* how many files there may be, the one that is written among them */
    bool torn;              /* the file does not end with a line's end */
    long long second;       /* of the last line, since 1970 */
    char stamp[32];         /* the same as a text, to the second */
    const char *gzip;       /* the program that compresses full files; NULL: they stay as they are */
    pid_t compressor;       /* it runs; 0: it does not */
    int compressing;        /* the number of the file that it reads */
    struct log_readers readers;
};

/* A file that is only `fd`, which stays the caller's. */
struct log_file log_file_of(int fd);
/*
 * LOG_NAME in `directory`, going on where it ends. A full file becomes LOG_NAME.1, that one .2, and the oldest of `files` goes.
 * `attributes` is not copied. The fd is -1, with errno, where the file cannot be opened.
 */
struct log_file log_file_open(int directory, long long maximum, int files, const char *attributes);
/* Adds an entry; it is written with the next flush, or when much has come together. */
void log_file_add(struct log_file *file, const struct log_entry *entry);
/* Writes out and gives the buffer back. A full disk must not stop the container: the lines are lost, as with Docker. */
void log_file_flush(struct log_file *file);
/* Begins a new file. Where it cannot be made, as on a full disk, the old one is gone on with. */
void log_file_rotate(struct log_file *file);
/* LOG_NAME.NUMBER with `suffix` into `out` of LOG_NAME_SIZE bytes; number 0 is the file that is written. Returns `out`. */
enum { LOG_NAME_SIZE = 64 };
const char *log_file_name(char *out, int number, const char *suffix);

/* logger-json.c */
/* Appends an entry to the buffer as a line of the log. */
void json_line(struct log_file *file, const struct log_entry *entry);
/* The most bytes that this takes. */
size_t json_line_size(const struct log_file *file, const struct log_entry *entry);

/* logger-gzip.c: full files become LOG_NAME.1.gz and so on, as Docker names them, by a program that runs beside us. */
/* Starts it on the newest full file that is not compressed, unless it runs. */
void log_gzip_start(struct log_file *file);
/* It has ended with `status`, as waitpid(2) says. */
void log_gzip_ended(struct log_file *file, int status);
/* A file has got the next number. */
void log_gzip_renumber(struct log_file *file);
/* At the end: waits for it, `patience` ms at most, and ends it. What is not compressed then is so after the next start. */
void log_gzip_finish(struct log_file *file, int patience);

#endif
