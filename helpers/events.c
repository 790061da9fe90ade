#include "events.h"
#include "util.h"

#include <fcntl.h>
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

/* Of several that find it full one moves it away: the others see by its inode that it is gone, or is another file. */
static void rotate(const char *path, int fd)
{
    struct stat mine, named;
    autofree char *full = xasprintf("%s.1", path);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &mine) == 0 && lstat(path, &named) == 0 && mine.st_ino == named.st_ino && mine.st_dev == named.st_dev)
        rename(path, full);
}

int event_append(const char *path, const char *line)
{
    size_t size = strlen(line);
    struct stat status;
    autoclose int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || write(fd, line, size) != (ssize_t)size)
        return -1;
    if (fstat(fd, &status) == 0 && status.st_size >= EVENTS_MAXIMUM)
        rotate(path, fd);
    return 0;
}
