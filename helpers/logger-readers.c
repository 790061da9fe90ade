#include "logger-readers.h"
#include "util.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static long long seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* PID.START.ANYTHING. */
static bool is_alive(const char *name)
{
    char *end = NULL;
    long pid = strtol(name, &end, 10);
    if (pid <= 0 || *end != '.')
        return false;
    unsigned long long start = strtoull(end + 1, &end, 10);
    return *end == '.' && start != 0 && process_start_time((pid_t)pid) == start;
}

/* Opens `name` below `at` for readdir(3); NULL when it is no directory. */
static DIR *open_directory(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (fd >= 0 && !stream)
        close(fd);
    return stream;
}

static bool is_hidden(const struct dirent *entry)
{
    return entry->d_name[0] == '.';
}

static void clear(int at, const char *name)
{
    DIR *stream = open_directory(at, name);
    if (!stream)
        return;
    for (struct dirent *entry; (entry = readdir(stream));)
        if (!is_hidden(entry))
            unlinkat(dirfd(stream), entry->d_name, 0);
    closedir(stream);
    unlinkat(at, name, AT_REMOVEDIR);
}

/* Bytes in the files that a reader has not taken away yet. */
static long long bytes_waiting(int reader)
{
    long long sum = 0;
    DIR *stream = open_directory(reader, ".");
    struct stat status;
    if (!stream)
        return 0;
    for (struct dirent *entry; (entry = readdir(stream));)
        if (!is_hidden(entry) && fstatat(reader, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
            sum += status.st_size;
    closedir(stream);
    return sum;
}

static struct log_reader *known(struct log_readers *readers, const char *name)
{
    struct log_reader *place = NULL;
    if (!readers->list) {
        readers->list = xmalloc(MAXIMUM_READERS * sizeof *readers->list);
        memset(readers->list, 0, MAXIMUM_READERS * sizeof *readers->list);
    }
    for (int i = 0; i < MAXIMUM_READERS; i++) {
        if (strcmp(readers->list[i].name, name) == 0)
            return &readers->list[i];
        if (!place && !readers->list[i].name[0])
            place = &readers->list[i];
    }
    if (place)
        strcpy(place->name, name); /* it is shorter than READER_NAME: whoever calls has looked */
    return place;
}

static void forget(struct log_readers *readers, const char *name)
{
    for (int i = 0; readers->list && i < MAXIMUM_READERS; i++)
        if (strcmp(readers->list[i].name, name) == 0)
            readers->list[i] = (struct log_reader){ 0 };
}

/* Counting costs a look at each file, so it is done once a second at most. */
static bool is_too_far(struct log_reader *reader, int fd, long long size)
{
    if (reader->bytes + size <= READER_LIMIT)
        return false;
    if (reader->counted != seconds_now()) {
        reader->counted = seconds_now();
        reader->bytes = bytes_waiting(fd);
    }
    return reader->bytes + size > READER_LIMIT;
}

/*
 * Names sort in the order of the files: nanoseconds since the boot, which no clock of people changes and a later monitor goes on with.
 * A name ending with "-lost" stands for files that are not there.
 */
static void link_for(struct log_reader *reader, int fd, int directory, const char *name, long long size)
{
    char link[64];
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    int length = snprintf(link, sizeof link, "%020lld", now.tv_sec * 1000000000LL + now.tv_nsec);
    if (!is_too_far(reader, fd, size) && linkat(directory, name, fd, link, 0) == 0) {
        reader->bytes += size;
        reader->lost = false;
        return;
    }
    if (reader->lost)
        return;
    snprintf(link + length, sizeof link - (size_t)length, "-lost");
    int mark = openat(fd, link, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    reader->lost = mark >= 0;
    close_fd(&mark);
}

static void each_reader(struct log_readers *readers, int directory, const char *file, long long size)
{
    DIR *stream = readers->path ? open_directory(AT_FDCWD, readers->path) : NULL;
    if (!stream)
        return;
    for (struct dirent *entry; (entry = readdir(stream));) {
        const char *name = entry->d_name;
        if (is_hidden(entry) || strlen(name) >= READER_NAME)
            continue;
        struct log_reader *reader = NULL;
        if (!is_alive(name)) {
            forget(readers, name);
            clear(dirfd(stream), name);
            rmdir(readers->path); /* stays while somebody reads */
        } else if (file && (reader = known(readers, name))) {
            autoclose int fd = openat(dirfd(stream), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
            if (fd >= 0)
                link_for(reader, fd, directory, file, size);
        }
    }
    closedir(stream);
}

void log_readers_link(struct log_readers *readers, int directory, const char *name, long long size)
{
    each_reader(readers, directory, name, size);
}

void log_readers_sweep(struct log_readers *readers)
{
    each_reader(readers, -1, NULL, 0);
}
