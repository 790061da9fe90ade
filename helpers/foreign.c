#include "foreign.h"
#include "keeper.h"
#include "json.h"
#include "sandbox.h"
#include "user.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

static char **collect_groups(const struct plan *plan, size_t *count)
{
    char **groups = xmalloc((plan->count + 1) * sizeof *groups);
    *count = 0;
    for (size_t i = 0; i < plan->count; i++)
        if (strcmp(plan->records[i].fields[0], "group-add") == 0 && plan->records[i].count == 2)
            groups[(*count)++] = plan->records[i].fields[1];
    return groups;
}

static void write_user(int fd, const struct user *user)
{
    dprintf(fd, "{\"uid\":%u,\"gid\":%u,\"additionalGids\":[", user->uid, user->gid);
    for (size_t i = 0; i < user->group_count; i++)
        dprintf(fd, "%s%u", i ? "," : "", user->groups[i]);
    dprintf(fd, "]}");
}

static void write_config(const struct plan *plan, const char *rootfs)
{
    const struct record *bundle = plan_find(plan, "bundle", 4);
    size_t group_count;
    if (!bundle)
        die("the launch plan has no record 'bundle'");
    autoclose int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        die_errno("cannot open the image's root");
    char **groups = collect_groups(plan, &group_count);
    struct user *user = user_load(root, plan_text(plan, "user", ""), groups, group_count);
    autofree char *home = xmalloc(6 * strlen(user->home) + 1);
    size_t length = json_escape(home, user->home, strlen(user->home));
    autoclose int fd = open(bundle->fields[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || write_all(fd, bundle->fields[2], strlen(bundle->fields[2])) < 0)
        die_errno("cannot write %s", bundle->fields[1]);
    write_user(fd, user);
    if (!bundle->fields[4][0])
        length = 0; /* HOME is set already */
    if (write_all(fd, bundle->fields[3], strlen(bundle->fields[3])) < 0 || write_all(fd, home, length) < 0 ||
        write_all(fd, bundle->fields[4], strlen(bundle->fields[4])) < 0)
        die_errno("cannot write %s", bundle->fields[1]);
}

/* OCI runtimes make the container's terminal themselves and carry it over to the one they find on their stdin. */
static void open_host_terminal(void)
{
    char path[64];
    int number = 0, unlock = 0, master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0 || ioctl(master, TIOCGPTN, &number) < 0)
        die_errno("cannot open a pseudoterminal");
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    autoclose int slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    setsid();
    if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
        die_errno("cannot use the terminal %s", path);
    for (int fd = 0; fd < 3; fd++)
        dup2(slave, fd);
    sandbox_report_terminal(master);
}

/* The runtime looks its children up in /proc, by the numbers that they have in our pid namespace; the host's /proc shows others. */
static void mount_own_proc(void)
{
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        die_errno("cannot mount a /proc for the OCI runtime");
}

void foreign_run(const struct plan *plan, const char *rootfs)
{
    const struct record *runtime = plan_find(plan, "runtime", 1), *maps = plan_find(plan, "child-map", 2);
    char *environment[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL };
    if (!maps)
        die("the launch plan has no record 'child-map'");
    write_config(plan, rootfs);
    if (plan_flag(plan, "tty"))
        open_host_terminal();
    if (plan_flag(plan, "outer-pid"))
        mount_own_proc();
    enter_child_namespace(maps->fields[1], maps->fields[2], plan_flag(plan, "single-uid"));
    char **arguments = xmalloc(runtime->count * sizeof *arguments);
    memcpy(arguments, runtime->fields + 1, (runtime->count - 1) * sizeof *arguments);
    arguments[runtime->count - 1] = NULL;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        die_errno("cannot tie the runtime to the monitor");
    execve(arguments[0], arguments, environment);
    die_errno("cannot run the OCI runtime %s", arguments[0]);
}
