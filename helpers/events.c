#include "events.h"
#include "util.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

char *event_line(const struct event_subject *subject, const char *action, const char *extra)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return xasprintf("{\"status\":\"%s\",\"id\":\"%s\",\"from\":\"%s\",\"Type\":\"container\",\"Action\":\"%s\",\"Actor\":{\"ID\":\"%s\",\"Attributes\":{%s%s%s\"image\":\"%s\",\"name\":\"%s\"}},"
                     "\"scope\":\"local\",\"time\":%lld,\"timeNano\":%lld}\n",
                     action, subject->id, subject->image, action, subject->id, subject->attributes, extra ? extra : "", extra ? "," : "", subject->image, subject->name,
                     (long long)now.tv_sec, now.tv_sec * 1000000000LL + now.tv_nsec);
}

/* Its time is that of the last event in it, or of the last that came late. After the clock was set back it says nothing. */
static bool is_fresh(const char *full)
{
    struct stat status;
    long long age = stat(full, &status) == 0 ? (long long)time(NULL) - status.st_mtime : EVENTS_APART;
    return age >= 0 && age < EVENTS_APART;
}

/* Of several that find it full one moves it away: the others see by its inode that it is gone, or is another file. */
static void rotate(const char *path, int fd)
{
    struct stat mine, named;
    autofree char *full = xasprintf("%s.1", path);
    if (fstat(fd, &mine) < 0 || mine.st_size < EVENTS_MAXIMUM || flock(fd, LOCK_EX | LOCK_NB) < 0)
        return;
    if (lstat(path, &named) == 0 && mine.st_ino == named.st_ino && mine.st_dev == named.st_dev && !is_fresh(full))
        rename(path, full);
}

/* Between opening and writing it may have been moved away, and another one over it: then nobody reads it any more. */
static bool is_lost(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && status.st_nlink == 0;
}

static int open_events(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int event_append(const char *path, const char *line)
{
    size_t size = strlen(line);
    for (int attempt = 0; attempt < 2; attempt++) {
        autoclose int fd = open_events(path);
        if (fd < 0 || write(fd, line, size) != (ssize_t)size)
            return -1;
        if (is_lost(fd))
            continue;
        rotate(path, fd);
        break;
    }
    return 0;
}

void event_rotate(const char *path)
{
    autoclose int fd = open_events(path);
    if (fd >= 0)
        rotate(path, fd);
}
