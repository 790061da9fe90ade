#include "slirp.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In the child: the fds get the numbers that the plan's arguments speak of. */
static _Noreturn void exec_slirp(const struct record *record, const int given[3], int userns, int words)
{
    int high[3];
    char **arguments = xmalloc(record->count * sizeof *arguments), *environment[] = { NULL };
    memcpy(arguments, record->fields + 1, (record->count - 1) * sizeof *arguments);
    arguments[record->count - 1] = NULL;
    dup2(words, 2);
    null_stdio(3);
    for (int i = 0; i < 3; i++)
        high[i] = fcntl(given[i], F_DUPFD_CLOEXEC, 10);
    for (int i = 0; i < 3; i++)
        dup2(high[i], SLIRP_READY_FD + i);
    /* It builds its sandbox only as root of a user namespace, and with a namespace's path it does not look for one itself. */
    if (setns(userns, CLONE_NEWUSER) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) {
        dprintf(2, "cannot enter the container's user namespace: %s\n", errno_words(errno));
        _exit(127);
    }
    execve(record->fields[1], arguments, environment);
    dprintf(2, "cannot run %s: %s\n", record->fields[1], errno_words(errno));
    _exit(127);
}

static int open_namespace(pid_t pid, const char *kind)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, kind);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die_errno("cannot open the container's %s namespace", kind);
    return fd;
}

struct slirp slirp_start(const struct plan *plan, pid_t host_pid)
{
    const struct record *record = plan_find(plan, "slirp4netns", 1);
    struct slirp slirp = { 0, -1, -1, -1 };
    int ready[2], exit[2], words[2];
    if (!record)
        return slirp;
    autoclose int netns = open_namespace(host_pid, "net"), userns = open_namespace(host_pid, "user");
    if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(exit, O_CLOEXEC) < 0 || pipe2(words, O_CLOEXEC) < 0)
        die_errno("cannot make a pipe");
    slirp.pid = fork();
    if (slirp.pid < 0)
        die_errno("cannot start slirp4netns");
    if (slirp.pid == 0)
        exec_slirp(record, (int[]){ ready[1], exit[0], netns }, userns, words[1]);
    close(ready[1]);
    close(exit[0]);
    close(words[1]);
    slirp.ready = ready[0];
    slirp.exit = exit[1];
    slirp.words = words[0];
    return slirp;
}
