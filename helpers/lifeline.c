#include "lifeline.h"
#include "survivors.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_end(int runtime, const char *name, int direction)
{
    return openat(runtime, name, direction | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
}

int lifeline_living(int runtime, const char *name, const char *kind)
{
    int pid = 0;
    unsigned long long start = 0;
    autofree char *file = xasprintf("%s.pid", name), *text = read_file(runtime, file, 4096, NULL);
    if (!text || sscanf(text, "%d %llu", &pid, &start) != 2 || pid <= 0)
        return -1;
    autofree char *path = xasprintf("/proc/%d/ns/%s", pid, kind);
    autoclose int namespace = open(path, O_RDONLY | O_CLOEXEC);
    /* Looked at behind the opening: the namespace is that of the process that was meant. */
    if (process_start_time(pid) != start)
        return -1;
    int found = namespace;
    namespace = -1;
    return found;
}

bool lifeline_remove(int runtime, const char *name, int fifo)
{
    struct stat named, mine;
    autofree char *file = xasprintf("%s.pid", name), *fresh = xasprintf("%s.pid.new", name);
    if (fifo >= 0 && (fstatat(runtime, name, &named, AT_SYMLINK_NOFOLLOW) < 0 || fstat(fifo, &mine) < 0 || named.st_ino != mine.st_ino || named.st_dev != mine.st_dev))
        return false;
    unlinkat(runtime, name, 0);
    unlinkat(runtime, file, 0);
    unlinkat(runtime, fresh, 0);
    return true;
}

void lifeline_write_pid(int runtime, const char *name, pid_t pid)
{
    char text[64];
    autofree char *file = xasprintf("%s.pid", name), *fresh = xasprintf("%s.pid.new", name);
    autoclose int fd = openat(runtime, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int length = snprintf(text, sizeof text, "%d %llu\n", pid, process_start_time(pid));
    if (fd < 0 || write_all(fd, text, (size_t)length) < 0 || renameat(runtime, fresh, runtime, file) < 0)
        die_errno("cannot write %s in the runtime directory", file);
}

bool lifeline_is_broken(int runtime, const char *name)
{
    autoclose int end = open_end(runtime, name, O_WRONLY);
    return end < 0 && errno == ENXIO;
}

bool lifeline_is_needed(int runtime, const char *name)
{
    char byte;
    autoclose int fifo = open_end(runtime, name, O_RDONLY);
    return fifo >= 0 && read(fifo, &byte, 1) != 0;
}

static int make_fifo(int runtime, const char *name)
{
    if (mkfifoat(runtime, name, 0600) < 0 && errno != EEXIST)
        die_errno("cannot make the FIFO %s in the runtime directory", name);
    int fifo = open_end(runtime, name, O_RDONLY);
    if (fifo < 0)
        die_errno("cannot open the FIFO %s in the runtime directory", name);
    return fifo;
}

struct lifeline lifeline_find(int runtime, const char *name, const char *kind)
{
    struct lifeline line = { .alive = open_end(runtime, name, O_WRONLY), .namespace = -1, .fifo = -1 };
    if (line.alive >= 0 && (line.namespace = lifeline_living(runtime, name, kind)) >= 0)
        return line;
    close_fd(&line.alive); /* who is asked below shall not find us */
    line.fifo = make_fifo(runtime, name);
    line.namespace = survivors_ask(runtime, line.fifo, &line.abandoned);
    if (line.abandoned) {
        dprintf(2, "skiff: warning: a process that containers need (skiff-%s) was killed, and the monitors of those that run do not answer; what starts now does not see them, "
                "until they are stopped\n", name);
        lifeline_remove(runtime, name, line.fifo);
        close_fd(&line.fifo);
        line.fifo = make_fifo(runtime, name);
    }
    line.alive = open_end(runtime, name, O_WRONLY);
    if (line.alive < 0)
        die_errno("cannot open the FIFO %s in the runtime directory", name);
    return line;
}
