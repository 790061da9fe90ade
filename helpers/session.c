#include "session.h"
#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROUNDS = 50, MAXIMUM_STATUS = 65536 };

/* Numbers of a process: `host` and `parent` as /proc has them, `own` and `session` as our pid namespace does. */
struct member {
    pid_t host, parent, own, session;
    bool alive, ours;
};

struct members {
    size_t count, room;
    struct member *list;
};

/* The line of /proc/PID/status that begins with `name`, behind the colon; proc_pid_status(5). */
static const char *line_of(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            return line + length + 1;
    return NULL;
}

/* Such a line has a number for each pid namespace, from that of /proc inwards: the one at `level`, 0 where there are fewer. */
static pid_t number_at(const char *text, const char *name, int level)
{
    const char *at = line_of(text, name);
    pid_t number = 0;
    for (int i = 0; at && i <= level; i++) {
        char *end = NULL;
        at += strspn(at, " \t");
        number = *at == '\n' ? 0 : (pid_t)strtol(at, &end, 10);
        if (!end || end == at)
            return 0;
        at = end;
    }
    return number;
}

static char *status_of(const char *process)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/status", process);
    return read_file(AT_FDCWD, path, MAXIMUM_STATUS, NULL);
}

/* How deep our own pid namespace is below that of /proc. */
static int own_level(void)
{
    autofree char *text = status_of("self");
    int level = 0;
    while (text && number_at(text, "NSpid", level + 1) > 0)
        level++;
    return level;
}

static bool read_member(const char *process, int level, struct member *member)
{
    autofree char *text = status_of(process);
    const char *state = text ? line_of(text, "State") : NULL;
    if (!state)
        return false;
    state += strspn(state, " \t");
    *member = (struct member){
        .host = (pid_t)strtol(process, NULL, 10), .parent = number_at(text, "PPid", 0),
        .own = number_at(text, "NSpid", level), .session = number_at(text, "NSsid", level), .alive = *state != 'Z' && *state != 'X',
    };
    return member->own > 0;
}

static void read_all_members(struct members *members, int level)
{
    DIR *processes = opendir("/proc");
    struct dirent *entry;
    members->count = 0;
    while (processes && (entry = readdir(processes))) {
        struct member member;
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || !read_member(entry->d_name, level, &member))
            continue;
        if (members->count == members->room) {
            members->room = members->room ? 2 * members->room : 64;
            if (!(members->list = realloc(members->list, members->room * sizeof *members->list)))
                die("out of memory");
        }
        members->list[members->count++] = member;
    }
    if (processes)
        closedir(processes);
}

static bool has_parent_of_ours(const struct members *members, const struct member *member)
{
    for (size_t i = 0; i < members->count; i++)
        if (members->list[i].ours && members->list[i].host == member->parent)
            return true;
    return false;
}

/* The session, then whoever has a parent in it, until nobody more is found. */
static void mark(struct members *members, pid_t leader)
{
    bool more = false;
    for (size_t i = 0; i < members->count; i++)
        more |= members->list[i].ours = members->list[i].session == leader;
    while (more) {
        more = false;
        for (size_t i = 0; i < members->count; i++)
            if (!members->list[i].ours && has_parent_of_ours(members, &members->list[i]))
                more = members->list[i].ours = true;
    }
}

/* Through a pidfd, and looked at again behind it: a pid that is used again by somebody else is never signalled. */
static void kill_member(const struct member *member, int level)
{
    char process[32];
    struct member now;
    snprintf(process, sizeof process, "%d", member->host);
    autoclose int pidfd = pidfd_of(member->own);
    bool lacking = pidfd < 0 && errno == ENOSYS; /* before Linux 5.3 */
    if (!read_member(process, level, &now) || now.own != member->own || now.session != member->session)
        return;
    if (pidfd >= 0)
        syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
    else if (lacking)
        kill(member->own, SIGKILL);
}

void session_kill(pid_t leader)
{
    struct members members = { 0 };
    int level = own_level();
    bool any = leader > 1;
    for (int round = 0; any && round < ROUNDS; round++) {
        any = false;
        read_all_members(&members, level);
        mark(&members, leader);
        for (size_t i = 0; i < members.count; i++) {
            if (!members.list[i].ours || !members.list[i].alive)
                continue;
            kill_member(&members.list[i], level);
            any = true;
        }
        if (any)
            usleep(1000);
    }
    free(members.list);
}
