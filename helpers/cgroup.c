#include "cgroup.h"
#include "scope.h"
#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TREE "/sys/fs/cgroup"

enum { FILE_LIMIT = 65536, MOVE_MS = 20000, REMOVE_MS = 2000 };

char *cgroup_path_in(const char *text)
{
    const char *line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
    if (!line)
        return NULL;
    line += *line == '\n' ? 4 : 3;
    int length = (int)strcspn(line, "\n");
    /* In the root of the tree the path is a single slash. */
    return length == 1 ? xasprintf("%s", TREE) : xasprintf("%s%.*s", TREE, length, line);
}

char *cgroup_own_path(void)
{
    autofree char *text = read_file(AT_FDCWD, "/proc/self/cgroup", FILE_LIMIT, NULL);
    char *path = text ? cgroup_path_in(text) : NULL;
    if (!path)
        die("cannot find out which cgroup this is");
    return path;
}

static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return xasprintf("%.*s", (int)(slash - path), path);
}

static bool ends_with(const char *path, const char *name)
{
    size_t length = strlen(path), tail = strlen(name);
    return length > tail && path[length - tail - 1] == '/' && strcmp(path + length - tail, name) == 0;
}

/* Systemd answers before it has moved the process. */
static char *await_scope(const char *unit)
{
    for (int waited = 0; waited < MOVE_MS; waited++) {
        autofree char *path = cgroup_own_path();
        if (ends_with(path, unit))
            return xasprintf("%s", path);
        usleep(1000);
    }
    die("your systemd user manager has not moved this process into %s; 'journalctl --user' may say why", unit);
}

static void make_directory(const char *path)
{
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        die_errno("cannot make the cgroup %s", path);
}

static int write_in(const char *directory, const char *file, const char *text)
{
    autofree char *path = xasprintf("%s/%s", directory, file);
    return write_file(AT_FDCWD, path, text);
}

static void enter(const char *path)
{
    if (write_in(path, "cgroup.procs", "0") < 0)
        die_errno("cannot enter the cgroup %s", path);
}

/* All that there are, so that a later `skiff update` can set any limit. One that cannot be had is missed only by whoever sets its limits. */
static void enable_controllers(const char *path)
{
    autofree char *file = xasprintf("%s/cgroup.controllers", path), *names = read_file(AT_FDCWD, file, FILE_LIMIT, NULL);
    char *rest = NULL;
    for (char *name = names ? strtok_r(names, " \n", &rest) : NULL; name; name = strtok_r(NULL, " \n", &rest)) {
        autofree char *word = xasprintf("+%s", name);
        (void)write_in(path, "cgroup.subtree_control", word);
    }
}

/* One record: pairs of file and value, of which the first whose file is there is written. */
static void set_limit(const char *container, const struct record *record)
{
    bool must = strcmp(record->fields[0], "cgroup-set") == 0;
    for (size_t i = 1; i + 1 < record->count; i += 2) {
        if (write_in(container, record->fields[i], record->fields[i + 1]) == 0)
            return;
        if (errno != ENOENT)
            die_errno("cannot set %s to %s in the container's cgroup", record->fields[i], record->fields[i + 1]);
    }
    if (must)
        die("this kernel has no %s in the container's cgroup", record->fields[1]);
}

static void set_limits(const struct plan *plan, const char *container)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct record *record = &plan->records[i];
        if (record->count >= 3 && (strcmp(record->fields[0], "cgroup-set") == 0 || strcmp(record->fields[0], "cgroup-try") == 0))
            set_limit(container, record);
    }
}

void cgroup_make(const struct plan *plan, pid_t pid, char **container)
{
    const struct record *record = plan_find(plan, "cgroup", 3);
    char **f = record->fields, *top;
    if (strcmp(f[1], "direct") == 0) {
        enable_controllers(f[2]);
        top = xasprintf("%s/%s", f[2], f[3]);
    } else {
        record = plan_find(plan, "cgroup", 5);
        scope_start(f[2], f[3], f[4], f[5], pid);
        top = await_scope(f[3]);
    }
    autofree char *owned = top, *supervisor = xasprintf("%s/supervisor", top);
    *container = xasprintf("%s/container", top);
    make_directory(top);
    make_directory(supervisor);
    make_directory(*container);
    enter(supervisor);
    enable_controllers(owned);
    set_limits(plan, *container);
}

void cgroup_enter_sibling(bool deeper)
{
    autofree char *own = cgroup_own_path(), *top = parent_of(own), *container = xasprintf("%s/container%s", top, deeper ? "/runtime" : "");
    if (deeper)
        make_directory(container);
    enter(container);
}

static pid_t own_host_pid(void)
{
    char text[32] = "";
    if (readlink("/proc/self", text, sizeof text - 1) <= 0)
        die_errno("cannot read /proc/self");
    return (pid_t)strtol(text, NULL, 10);
}

/* The cgroup in which the container's own process is, where the container's has children with controllers and takes no process itself. */
static char *cgroup_to_join(const struct plan *plan, const char *container)
{
    autofree char *file = xasprintf("%s/cgroup.subtree_control", container), *controllers = read_file(AT_FDCWD, file, FILE_LIMIT, NULL);
    if (!controllers || strspn(controllers, "\n") == strlen(controllers))
        return xasprintf("%s", container);
    autofree char *of_target = xasprintf("/proc/%s/cgroup", plan_need(plan, "target")), *text = read_file(AT_FDCWD, of_target, FILE_LIMIT, NULL);
    char *path = text ? cgroup_path_in(text) : NULL;
    if (!path || strncmp(path, container, strlen(container)) != 0)
        die("the container's process is not in its cgroup %s any more", container);
    return path;
}

void cgroup_join(const struct plan *plan)
{
    const struct record *record = plan_find(plan, "cgroup-join", 3);
    if (!record)
        return;
    char **f = record->fields;
    autofree char *path = cgroup_to_join(plan, f[1]);
    if (write_in(path, "cgroup.procs", "0") == 0)
        return;
    /* EACCES: the cgroup above both ends is not ours, as it is from a login session to the user manager. Then systemd can. */
    const char *scope = errno == EACCES && f[3][0] ? strstr(path, f[3]) : NULL;
    if (!scope)
        die_errno("cannot enter the container's cgroup %s", path);
    scope_attach(f[2], f[3], scope + strlen(f[3]), own_host_pid());
}

unsigned long long cgroup_counter(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (strncmp(line, name, length) == 0 && line[length] == ' ')
            return strtoull(line + length, NULL, 10);
    return 0;
}

bool cgroup_freeze(const char *container, bool freeze, int limit_ms)
{
    if (write_in(container, "cgroup.freeze", freeze ? "1" : "0") < 0)
        return false;
    autofree char *path = xasprintf("%s/cgroup.events", container);
    autoclose int events = open(path, O_RDONLY | O_CLOEXEC);
    for (int waited = 0; events >= 0 && waited <= limit_ms; waited += 10) {
        char text[256] = "";
        struct pollfd slot = { .fd = events, .events = POLLPRI };
        if (pread(events, text, sizeof text - 1, 0) > 0 && (cgroup_counter(text, "frozen") == 1) == freeze)
            return true;
        poll(&slot, 1, 10);
    }
    return false;
}

static void kill_listed(const char *container)
{
    autofree char *path = xasprintf("%s/cgroup.procs", container), *text = read_file(AT_FDCWD, path, FILE_LIMIT, NULL);
    char *end;
    for (char *at = text; at && *at; at = *end ? end + 1 : end) {
        pid_t pid = (pid_t)strtol(at, &end, 10);
        if (end == at)
            return;
        /* 0: it is not in our pid namespace, and the kernel ends it with that. */
        if (pid > 1)
            kill(pid, SIGKILL);
    }
}

/* Processes in it may have made cgroups of their own, where they may. 0 or -1 with errno. */
static int remove_tree(const char *path)
{
    if (rmdir(path) == 0 || errno != EBUSY)
        return 0;
    DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        autofree char *child = xasprintf("%s/%s", path, entry->d_name);
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            remove_tree(child);
    }
    if (directory)
        closedir(directory);
    return rmdir(path);
}

void cgroup_remove(const char *container, const char *home)
{
    autofree char *top = parent_of(container), *supervisor = xasprintf("%s/supervisor", top);
    for (int waited = 0; remove_tree(container) < 0 && errno == EBUSY && waited < REMOVE_MS; waited++) {
        if (waited == 0 && write_in(container, "cgroup.kill", "1") < 0)
            kill_listed(container); /* before Linux 5.14 */
        usleep(1000);
    }
    if (!home)
        return;
    (void)write_in(home, "cgroup.procs", "0");
    (void)rmdir(supervisor);
    (void)rmdir(top);
}
