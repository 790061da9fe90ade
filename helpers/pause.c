#include "pause.h"
#include "guard.h"
#include "util.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Whoever looks through /proc may miss a process that a parent behind its back has just made with a smaller pid. A second clean
 * look finds it, because by then the parent stands still.
 */
enum { LIMIT_MS = 2000, CLEAN_LOOKS = 2 };

enum place { ELSEWHERE, COMPANION, INSIDE };

/* As init of a pid namespace of our own, -1 means what is in it, and nothing else. */
static bool has_own_namespace(void)
{
    return getpid() == 1;
}

static bool same_file(int fd, const struct stat *status)
{
    struct stat other;
    return fstat(fd, &other) == 0 && other.st_ino == status->st_ino && other.st_dev == status->st_dev;
}

/* By pid namespace: in our own there are our companions, below it there is the container, however often nested. */
static enum place place_of(pid_t pid)
{
    char path[64];
    struct stat ours;
    snprintf(path, sizeof path, "/proc/%d/ns/pid", pid);
    if (!has_own_namespace())
        return guard_owns(pid) ? INSIDE : ELSEWHERE;
    autoclose int namespace = open(path, O_RDONLY | O_CLOEXEC);
    if (namespace < 0 || stat("/proc/self/ns/pid", &ours) < 0)
        return ELSEWHERE;
    if (same_file(namespace, &ours))
        return COMPANION;
    for (;;) {
        int parent = ioctl(namespace, NS_GET_PARENT);
        if (parent < 0)
            return ELSEWHERE; /* EPERM: beyond our own namespace, or never below it */
        close_fd(&namespace);
        namespace = parent;
        if (same_file(namespace, &ours))
            return INSIDE;
    }
}

/* The pid in the innermost namespace of a process: the last number of its line NSpid, proc_pid_status(5). 0 where it is gone. */
static pid_t innermost_pid(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    autofree char *text = read_file(AT_FDCWD, path, 65536, NULL);
    char *line = text ? strstr(text, "\nNSpid:") : NULL;
    if (!line)
        return 0;
    line[1 + strcspn(line + 1, "\n")] = 0;
    const char *last = strrchr(line, '\t');
    return last ? (pid_t)strtol(last + 1, NULL, 10) : 0;
}

static void wake_companion(pid_t pid, pid_t command)
{
    pid_t own = innermost_pid(pid);
    if (own > 1 && own != command)
        kill(own, SIGCONT);
}

/* Looks at every process once, and sees to those that are not as they should be. Whether one of the container still ran. */
static bool look(bool stop, pid_t command)
{
    bool any = false;
    DIR *processes = opendir("/proc");
    struct dirent *entry;
    while (processes && (entry = readdir(processes))) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        enum place place = pid > 0 ? place_of(pid) : ELSEWHERE;
        if (place == COMPANION && process_state(pid) == 'T')
            wake_companion(pid, command);
        if (place != INSIDE)
            continue;
        if (!has_own_namespace())
            guard_signal(pid, stop ? SIGSTOP : SIGCONT);
        any |= strchr("RS", process_state(pid)) != NULL;
    }
    if (processes)
        closedir(processes);
    return any;
}

bool pause_processes(pid_t command)
{
    int clean = 0;
    for (int waited = 0; clean < CLEAN_LOOKS; waited++) {
        if (waited == LIMIT_MS)
            return false;
        /* The kernel holds up fork(2) meanwhile, so nobody slips through; companions are woken at the next look. */
        if (has_own_namespace() && clean == 0)
            kill(-1, SIGSTOP);
        clean = look(true, command) ? 0 : clean + 1;
        if (clean == 0)
            usleep(1000);
    }
    return true;
}

void unpause_processes(void)
{
    if (has_own_namespace())
        kill(-1, SIGCONT);
    else
        look(false, 0);
}
