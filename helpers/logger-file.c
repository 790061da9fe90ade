/* The files of a log: the one that is written, and those that were full. */
#include "logger-file.h"
#include "logger.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Group and others as Docker has it. */
enum { LOG_MODE = 0640 };

/* So much is written at once: a write(2) for each line would cost more than making it. */
enum { ENOUGH = 65536 };

struct log_file log_file_of(int fd)
{
    return (struct log_file){ .fd = fd, .directory = -1, .second = -1, .attributes = "" };
}

struct log_file log_file_open(int directory, long long maximum, int files, const char *attributes)
{
    struct log_file file = log_file_of(openat(directory, LOG_NAME, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, LOG_MODE));
    struct stat status;
    char last = '\n';
    if (file.fd < 0 || fstat(file.fd, &status) < 0)
        return file;
    file.directory = directory;
    file.maximum = maximum;
    file.files = files;
    file.attributes = attributes;
    file.size = status.st_size;
    /* Whoever wrote here before may have been killed in the middle of a line. */
    file.torn = status.st_size > 0 && pread(file.fd, &last, 1, status.st_size - 1) == 1 && last != '\n';
    return file;
}

/* Half a line, as a full disk leaves it, is ended before the next. */
static void write_out(struct log_file *file)
{
    const char *data = file->buffer.data;
    size_t left = file->buffer.length;
    if (left && file->torn && write(file->fd, "\n", 1) == 1) {
        file->torn = false;
        file->size++;
    }
    while (left && !file->torn) {
        ssize_t n = write(file->fd, data, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        data += n;
        left -= (size_t)n;
        file->size += n;
    }
    if (data > file->buffer.data)
        file->torn = data[-1] != '\n';
    file->buffer.length = 0;
}

void log_file_flush(struct log_file *file)
{
    write_out(file);
    bytes_free(&file->buffer);
}

/* Docker looks before each line: a file may be longer than the maximum by the line that made it so. */
static void make_way(struct log_file *file)
{
    if (!file->maximum || file->size + (long long)file->buffer.length < file->maximum)
        return;
    write_out(file);
    if (file->size >= file->maximum)
        log_file_rotate(file);
}

void log_file_add(struct log_file *file, const struct log_entry *entry)
{
    make_way(file);
    if (!file->buffer.data)
        bytes_room(&file->buffer, ENOUGH);
    if (file->buffer.length + json_line_size(file, entry) > file->buffer.capacity)
        write_out(file);
    json_line(file, entry);
}

const char *log_file_name(char *out, int number, const char *suffix)
{
    snprintf(out, LOG_NAME_SIZE, number ? LOG_NAME ".%d%s" : LOG_NAME, number, suffix);
    return out;
}

/* Every full file gets the next number. At no moment is more than one number free, so that a reader who goes through them misses none. */
static void renumber(struct log_file *file)
{
    char from[LOG_NAME_SIZE], to[LOG_NAME_SIZE];
    int last = file->files - 1;
    if (file->gzip && last > 0) {
        unlinkat(file->directory, log_file_name(to, last, ".gz"), 0);
        unlinkat(file->directory, log_file_name(to, last, ""), 0);
    }
    for (int i = last; i > 0; i--) {
        renameat(file->directory, log_file_name(from, i - 1, ""), file->directory, log_file_name(to, i, ""));
        if (file->gzip && i > 1)
            renameat(file->directory, log_file_name(from, i - 1, ".gz"), file->directory, log_file_name(to, i, ".gz"));
    }
}

void log_file_rotate(struct log_file *file)
{
    int fd = openat(file->directory, LOG_NAME ".new", O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, LOG_MODE);
    if (fd < 0)
        return;
    log_readers_link(&file->readers, file->directory, LOG_NAME, file->size);
    renumber(file);
    if (renameat(file->directory, LOG_NAME ".new", file->directory, LOG_NAME) < 0) {
        close(fd);
        return;
    }
    close_fd(&file->fd);
    file->fd = fd;
    file->size = 0;
    file->torn = false;
    log_gzip_renumber(file);
    log_gzip_start(file);
}
