/*
 * The skiff command cannot be started at a container's end: the monitor is inside the user's namespace and in a pid namespace of its own. So what must be known here,
 * whether another container names a volume, is asked of the records as text: an anonymous volume's name is 64 hex digits, and a record that has them anywhere keeps it.
 */
#include "volume-end.h"
#include "events.h"
#include "rmtree.h"
#include "roles.h"
#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { MAXIMUM_RECORD = 16 << 20 };

static void tell(const struct plan *plan, const char *action, const char *name, const char *attributes)
{
    const struct record *events = plan_find(plan, "events", 1);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    autofree char *line = xasprintf("{\"Type\":\"volume\",\"Action\":\"%s\",\"Actor\":{\"ID\":\"%s\",\"Attributes\":{%s}},\"scope\":\"local\",\"time\":%lld,\"timeNano\":%lld%09ld}\n",
                                    action, name, attributes, (long long)now.tv_sec, (long long)now.tv_sec, now.tv_nsec);
    if (events)
        (void)event_append(events->fields[1], line);
}

void volumes_tell(const struct plan *plan, const char *action)
{
    for (size_t i = 0; i < plan->count; i++) {
        char **f = plan->records[i].fields;
        if (strcmp(f[0], "volume-event") == 0 && plan->records[i].count == 4)
            tell(plan, action, f[1], strcmp(action, "mount") == 0 ? f[2] : f[3]);
    }
}

/* Whether the record in directory `name` has these digits; one that cannot be read may have them. A record that is just being made looks for its volumes when it is whole. */
static bool record_names(int containers, const char *name, const char *volume)
{
    autofree char *path = xasprintf("%s/spec.json", name);
    size_t size;
    autofree char *text = read_file(containers, path, MAXIMUM_RECORD, &size);
    if (text)
        return memmem(text, size, volume, strlen(volume)) != NULL;
    return errno != ENOENT && errno != ENOTDIR;
}

static DIR *open_entries(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries)
        close_fd(&fd);
    return entries;
}

static bool host_names(int hosts, const char *host, const char *volume)
{
    autofree char *path = xasprintf("%s/containers", host);
    DIR *entries = open_entries(hosts, path);
    bool named = false;
    if (!entries)
        return errno != ENOENT && errno != ENOTDIR;
    for (struct dirent *entry; !named && (entry = readdir(entries));)
        /* Those on their way out begin with a dot, those that are being made too: they are asked for later, by themselves. */
        named = (entry->d_name[0] != '.' || strncmp(entry->d_name, ".making-", 8) == 0) && record_names(dirfd(entries), entry->d_name, volume);
    closedir(entries);
    return named;
}

/* Whether any container of any host that shares the home directory names the volume. */
static bool is_named(const char *path, const char *volume)
{
    DIR *hosts = open_entries(AT_FDCWD, path);
    bool named = hosts == NULL;
    for (struct dirent *entry; !named && (entry = readdir(hosts));)
        named = entry->d_name[0] != '.' && host_names(dirfd(hosts), entry->d_name, volume);
    if (hosts)
        closedir(hosts);
    return named;
}

/* Under the lock: its name is taken away, and given back should somebody have named it meanwhile. Whether it is to go. */
static bool take_away(int volumes, const char *name, const char *hosts, const char *taken)
{
    if (is_named(hosts, name) || renameat(volumes, name, volumes, taken) < 0)
        return false;
    if (!is_named(hosts, name))
        return true;
    renameat(volumes, taken, volumes, name);
    return false;
}

static bool take_locked(int volumes, const char *name, const char *hosts, const char *taken)
{
    autoclose int lock = openat(volumes, ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0)
        return false;
    while (flock(lock, LOCK_EX) < 0)
        if (errno != EINTR)
            return false;
    return take_away(volumes, name, hosts, taken);
}

/* volume-remove VOLUMES NAME HOSTS ATTRIBUTES */
void volumes_remove(const struct plan *plan, pid_t pid, unsigned long long start)
{
    for (size_t i = 0; i < plan->count; i++) {
        char **f = plan->records[i].fields;
        if (strcmp(f[0], "volume-remove") != 0 || plan->records[i].count != 5)
            continue;
        autoclose int volumes = open(f[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        autofree char *taken = xasprintf(".removing-%d-%llu-%.12s", pid, start, f[2]);
        if (volumes < 0 || !take_locked(volumes, f[2], f[3], taken))
            continue;
        tell(plan, "destroy", f[2], f[4]);
        rmtree(volumes, taken);
    }
}

/* skiff-helper drop-volumes PID START PLAN...: what the end of these containers means for their anonymous volumes. PID: the skiff command, as the host's /proc has it. Inside `userns`. */
int role_drop_volumes(int argc, char **argv)
{
    if (argc < 3)
        die("usage: drop-volumes PID START PLAN...");
    for (int i = 3; i < argc; i++)
        if (access(argv[i], R_OK) == 0)
            volumes_remove(plan_read(argv[i]), (pid_t)parse_number(argv[1], 1, 1 << 30, "pid"), strtoull(argv[2], NULL, 10));
    return 0;
}
