#include "health-target.h"
#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MAXIMUM_CHILDREN = 65536 };

/* Until the runtime has changed its root, its child is still in the host's file system, and must not be joined. */
static bool has_own_root(pid_t pid)
{
    char path[64];
    struct stat ours, theirs;
    snprintf(path, sizeof path, "/proc/%d/root", pid);
    if (stat("/", &ours) < 0)
        return false;
    if (stat(path, &theirs) < 0)
        return errno == EACCES; /* a FUSE mount lets nobody in from outside its user namespace (fuse(4), allow_other); our own root does */
    return ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino;
}

static pid_t child_of(pid_t pid, const char *thread)
{
    autofree char *path = xasprintf("/proc/%d/task/%s/children", pid, thread), *text = read_file(AT_FDCWD, path, MAXIMUM_CHILDREN, NULL);
    for (char *at = text, *end; at && *at; at = end) {
        pid_t child = (pid_t)strtol(at, &end, 10);
        if (end == at)
            break;
        if (child > 0 && has_own_root(child))
            return child;
    }
    return 0;
}

static pid_t child_of_any_thread(pid_t pid)
{
    autofree char *path = xasprintf("/proc/%d/task", pid);
    DIR *threads = opendir(path);
    struct dirent *entry;
    pid_t child = 0;
    while (threads && !child && (entry = readdir(threads)))
        if (entry->d_name[0] != '.')
            child = child_of(pid, entry->d_name);
    if (threads)
        closedir(threads);
    return child;
}

struct target health_target(pid_t pid, unsigned long long start, bool foreign)
{
    if (!foreign)
        return (struct target){ pid, start };
    pid_t child = child_of_any_thread(pid);
    return (struct target){ child, child ? process_start_time(child) : 0 };
}
