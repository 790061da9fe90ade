/*
 * skiff-helper launch PLAN: what the skiff command becomes once everything is decided. Starts the monitor (and the keeper,
 * if none lives), then either waits until the container runs or stays as the user's terminal.
 */
#include "attach.h"
#include "frames.h"
#include "guard.h"
#include "holder.h"
#include "keeper.h"
#include "leases.h"
#include "monitor.h"
#include "plan.h"
#include "plan-events.h"
#include "roles.h"
#include "teardown.h"
#include "util.h"
#include "volume.h"
#include "volume-end.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct plan *launched;

/* Before there is a monitor, what the skiff command has made is cleared away here. */
static void clear_away(const struct plan *plan)
{
    leases_down(plan, true);
    teardown_files(plan, true, true);
    volumes_remove(plan, getpid(), process_start_time(getpid()));
    if (plan_find(plan, "remove", 1))
        plan_event(plan, "destroy", NULL);
}

static void die_in_launch(int code, const char *text)
{
    (void)code;
    clear_away(launched);
    dprintf(2, "skiff: %s\n", text);
}

/* What the monitor keeps open, from fd 3 on; -1 where it has none of the kind. */
struct lifelines {
    int launch, keeper, holder, netns, ready;
    const int *volumes; /* as many as the plan has */
};

/* In the child: only the socket, the lifelines of keeper and network holder, and the namespace of that one, or where it comes from, stay open. */
static _Noreturn void become_monitor(const struct plan *plan, const char *path, const struct lifelines *lines)
{
    /* Nobody else may get the number of a namespace that is yet to come. */
    const int given[] = { lines->launch, lines->keeper, lines->holder, lines->ready < 0 ? lines->netns : 0, lines->ready };
    enum { FIRST = 3, COUNT = sizeof given / sizeof *given };
    const int volumes = (int)volumes_count(plan), all = COUNT + volumes;
    autofree int *high = xmalloc((size_t)all * sizeof *high);
    null_stdio(7);
    for (int i = 0; i < all; i++) {
        int fd = i < COUNT ? given[i] : lines->volumes[i - COUNT];
        high[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FIRST + 2 * all + 20);
    }
    for (int i = 0; i < all; i++)
        if (high[i] >= 0)
            dup3(high[i], FIRST + i, O_CLOEXEC);
        else
            close(FIRST + i);
    close_from(FIRST + all);
    if (chdir("/") < 0)
        die_errno("cannot leave the current directory");
    monitor_run(plan, path, FIRST, lines->ready >= 0);
}

/* Between launch and monitor: leaves the session, enters the user's namespace, and makes the pid namespace of which the monitor is init. */
static _Noreturn void become_parent(const struct plan *plan, const char *path, const struct lifelines *lines, const struct keeper *keeper)
{
    die_hook = NULL;
    setsid();
    if (keeper)
        keeper_enter(keeper);
    if (plan_flag(plan, "outer-pid") && unshare(CLONE_NEWPID) < 0)
        die_errno("cannot make a pid namespace");
    pid_t monitor = fork();
    if (monitor < 0)
        die_errno("cannot start the monitor");
    if (monitor == 0) {
        if (plan_flag(plan, "guard"))
            guard_fork();
        become_monitor(plan, path, lines);
    }
    _exit(0);
}

static void start_monitor(const struct plan *plan, const char *path, int launch)
{
    const struct record *record = plan_find(plan, "keeper", KEEPER_FIELDS);
    struct keeper keeper = { -1, -1 };
    struct holder holder = { -1, -1, -1 };
    int status = 0;
    if (record) {
        struct keeper_settings settings = keeper_settings_from(record->fields + 1);
        keeper = keeper_acquire(&settings);
        holder = holder_acquire(plan, &settings, &keeper);
    }
    autofree int *volumes = record ? volumes_acquire(plan, &keeper) : NULL;
    struct lifelines lines = { launch, keeper.alive, holder.alive, holder.netns, holder.ready, volumes };
    pid_t child = fork();
    if (child < 0)
        die_errno("cannot start the monitor");
    if (child == 0)
        become_parent(plan, path, &lines, record ? &keeper : NULL);
    for (size_t i = 0; volumes && i < volumes_count(plan); i++)
        close(volumes[i]);
    close_fd(&holder.alive);
    close_fd(&holder.netns);
    close_fd(&holder.ready);
    close_fd(&keeper.alive);
    close_fd(&keeper.userns);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        clear_away(plan);
        _exit(EXIT_SKIFF); /* it has said why */
    }
}

/* For --detach: until it is known whether the container runs. */
static int wait_started(int socket, const struct plan *plan)
{
    static char payload[FRAME_MAXIMUM];
    uint8_t type;
    const char *id = plan_text(plan, "id", NULL);
    for (;;) {
        ssize_t length = frame_receive(socket, &type, payload);
        if (length < 0 || type == 0)
            die("the monitor ended before the container ran");
        if (type == FRAME_FAILED)
            return attach_report_failure(payload, (size_t)length);
        if (type == FRAME_STARTED || type == FRAME_EXIT)
            break;
    }
    if (id)
        dprintf(1, "%s\n", id);
    return 0;
}

int role_launch(int argc, char **argv)
{
    int ends[2];
    if (argc != 2)
        die("usage: launch PLAN");
    close_from(3);
    struct plan *plan = plan_read(argv[1]);
    launched = plan;
    die_hook = die_in_launch;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        die_errno("cannot make a socket");
    attach_announce(ends[0], plan);
    start_monitor(plan, argv[1], ends[1]);
    close(ends[1]);
    die_hook = NULL;
    attach_tie_to_parent();
    return plan_flag(plan, "detach") ? wait_started(ends[0], plan) : attach_run(ends[0], plan);
}
