/* The files of a log: the one that is written, and those that were full. */
#include "logger.h"
#include "util.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Group and others as Docker has it. */
enum { LOG_MODE = 0640 };

struct logger logger_open_files(int directory, long long maximum, int files, const char *attributes)
{
    struct logger logger = logger_open(openat(directory, LOG_NAME, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, LOG_MODE));
    struct stat status;
    char last = '\n';
    if (logger.fd < 0 || fstat(logger.fd, &status) < 0)
        return logger;
    logger.directory = directory;
    logger.maximum = maximum;
    logger.files = files;
    logger.attributes = attributes;
    logger.size = status.st_size;
    /* Whoever wrote here before may have been killed in the middle of a line. */
    logger.torn = status.st_size > 0 && pread(logger.fd, &last, 1, status.st_size - 1) == 1 && last != '\n';
    return logger;
}

static const char *name_of(char *out, int number)
{
    sprintf(out, number ? LOG_NAME ".%d" : LOG_NAME, number);
    return out;
}

void logger_rotate(struct logger *logger)
{
    char from[64], to[64];
    int fd = openat(logger->directory, LOG_NAME ".new", O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, LOG_MODE);
    if (fd < 0)
        return;
    for (int i = logger->files - 1; i > 0; i--)
        renameat(logger->directory, name_of(from, i - 1), logger->directory, name_of(to, i));
    if (renameat(logger->directory, LOG_NAME ".new", logger->directory, LOG_NAME) < 0) {
        close(fd);
        return;
    }
    close_fd(&logger->fd);
    logger->fd = fd;
    logger->size = 0;
    logger->torn = false;
}
