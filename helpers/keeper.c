/*
 * One keeper per user and runtime directory. It is a process that does nothing but exist, so that its user namespace
 * does; it lives as long as somebody holds a write end of its FIFO, so it needs no registry of who that is and cannot
 * be left behind by a killed monitor. Starting and ending are decided under one flock.
 */
#include "keeper.h"
#include "lifeline.h"
#include "roles.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

struct keeper_settings keeper_settings_from(char **fields)
{
    return (struct keeper_settings){ fields[0], fields[1], fields[2], fields[3], fields[4] };
}

/* The lock file goes with the keeper, so a lock counts only while the file still has its name. */
int keeper_lock(int runtime)
{
    for (;;) {
        int fd = openat(runtime, "keeper.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            die_errno("cannot open the keeper's lock in the runtime directory");
        while (flock(fd, LOCK_EX) < 0)
            if (errno != EINTR)
                die_errno("cannot lock the keeper");
        struct stat mine, named;
        if (fstat(fd, &mine) == 0 && fstatat(runtime, "keeper.lock", &named, AT_SYMLINK_NOFOLLOW) == 0 &&
            mine.st_ino == named.st_ino && mine.st_dev == named.st_dev)
            return fd;
        close(fd);
    }
}

/* The keeper's own life: wait until nobody holds a write end, then go, taking its files along. */
static _Noreturn void keep(int runtime, int fifo)
{
    prctl(PR_SET_NAME, "skiff-keeper");
    for (;;) {
        char byte[64];
        struct pollfd wait = { .fd = fifo, .events = POLLIN };
        if (poll(&wait, 1, -1) < 0 || read(fifo, byte, sizeof byte) != 0)
            continue;
        autoclose int lock = keeper_lock(runtime);
        if (read(fifo, byte, sizeof byte) != 0)
            continue; /* somebody came while we waited for the lock */
        if (lifeline_remove(runtime, "keeper", fifo))
            unlinkat(runtime, "keeper.lock", 0);
        _exit(0);
    }
}

/* Splits "0 1000 1\n1 100000 65536\n" into the words that newuidmap takes after the pid. */
static char **mapper_arguments(const char *program, pid_t pid, const char *map)
{
    size_t capacity = strlen(map) / 2 + 4, count = 0;
    char **arguments = xmalloc(capacity * sizeof *arguments), *save = NULL;
    char *words = xasprintf("%s", map);
    arguments[count++] = xasprintf("%s", program);
    arguments[count++] = xasprintf("%d", pid);
    for (char *word = strtok_r(words, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
        arguments[count++] = word;
    arguments[count] = NULL;
    return arguments;
}

struct mapper {
    pid_t pid;
    int words; /* its stderr */
};

static struct mapper start_mapper(const char *program, pid_t pid, const char *map)
{
    int words[2];
    char **arguments = mapper_arguments(program, pid, map);
    if (pipe2(words, O_CLOEXEC) < 0)
        die_errno("cannot make a pipe");
    struct mapper mapper = { vfork(), words[0] };
    if (mapper.pid < 0)
        die_errno("cannot start %s", program);
    if (mapper.pid == 0) {
        dup2(words[1], 2);
        execv(program, arguments);
        _exit(127);
    }
    close(words[1]);
    return mapper;
}

/* What is likely wrong when newuidmap or newgidmap fails: packing and copying programs loses what gives them their right. */
static const char *mapper_advice(const char *program, const char *check_file)
{
    struct stat status;
    bool powerless = stat(program, &status) == 0 && !(status.st_mode & S_ISUID) && getxattr(program, "security.capability", NULL, 0) < 0;
    return powerless ? "it has lost its set-user-id bit; ask an administrator to run: apt-get install --reinstall uidmap" : check_file;
}

static void finish_mapper(struct mapper mapper, const char *program, const char *check_file)
{
    char words[512];
    int status = 0;
    ssize_t length = read_all(mapper.words, words, sizeof words - 1);
    close(mapper.words);
    while (waitpid(mapper.pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    words[length > 0 ? length : 0] = 0;
    words[strcspn(words, "\n")] = 0;
    die("%s could not map your ids (%s); %s", program, words[0] ? words : "it gave no reason", mapper_advice(program, check_file));
}

static void map_ranges(const struct keeper_settings *settings, pid_t pid)
{
    struct mapper uids = start_mapper(settings->newuidmap, pid, settings->uid_map);
    struct mapper gids = start_mapper(settings->newgidmap, pid, settings->gid_map);
    finish_mapper(uids, settings->newuidmap, "check your line in /etc/subuid");
    finish_mapper(gids, settings->newgidmap, "check your line in /etc/subgid");
}

void write_maps(pid_t pid, const char *uid_map, const char *gid_map, bool single)
{
    autofree char *directory = xasprintf("/proc/%d", pid);
    autoclose int process = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    /* Without privilege over the ids the kernel wants setgroups(2) given up first; in a child that holds already (EPERM). */
    if (single && write_file(process, "setgroups", "deny") < 0 && errno != EPERM)
        die_errno("cannot give up setgroups");
    if (write_file(process, "uid_map", uid_map) < 0 || write_file(process, "gid_map", gid_map) < 0)
        die_errno("cannot map your ids into a user namespace");
}

/* Into `former`, the namespace of a keeper that was killed, or with -1 into a new one. */
static _Noreturn void keeper_main(int runtime, int fifo, int former, int ready, int go)
{
    char byte = 0;
    die_hook = NULL;
    die_fd = ready;
    setsid();
    if (former >= 0 && setns(former, CLONE_NEWUSER) < 0)
        die_errno("cannot enter the user namespace of your containers, whose keeper was killed");
    if (former < 0 && unshare(CLONE_NEWUSER) < 0)
        die("cannot make a user namespace: %s; the administrator allows them with: sysctl -w %s", strerror(errno),
            access("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", F_OK) == 0
                ? "kernel.apparmor_restrict_unprivileged_userns=0"
                : "kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000");
    if (write_all(ready, "", 1) < 0 || read(go, &byte, 1) != 1)
        _exit(1);
    null_stdio(7);
    if (chdir("/") < 0)
        _exit(1);
    /* Keep just the two fds it needs: the caller's may be pipes that somebody waits on. */
    int low = dup2(runtime, 3), high = dup2(fifo, 4);
    close_from(5);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    keep(low, high);
}

/* Starts a keeper under the lock, with `former` >= 0 in that namespace, which has its ids. The fds that it is to inherit are moved high, out of the way of dup2. */
static pid_t start_keeper(const struct keeper_settings *settings, int runtime, int fifo, int former)
{
    int ready[2], go[2];
    char words[1024];
    if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(go, O_CLOEXEC) < 0)
        die_errno("cannot make a pipe");
    pid_t pid = fork();
    if (pid < 0)
        die_errno("cannot start the keeper");
    if (pid == 0) {
        int high_runtime = fcntl(runtime, F_DUPFD_CLOEXEC, 10), high_fifo = fcntl(fifo, F_DUPFD_CLOEXEC, 10);
        close(ready[0]);
        close(go[1]);
        keeper_main(high_runtime, high_fifo, former, ready[1], go[0]);
    }
    close(ready[1]);
    close(go[0]);
    ssize_t length = read(ready[0], words, sizeof words - 1);
    if (length <= 0)
        die("the keeper ended before it had a namespace");
    words[length] = 0;
    if (words[0])
        die("%s", strchr(words, ' ') ? strchr(words, ' ') + 1 : words);
    if (former < 0 && settings->newuidmap[0])
        map_ranges(settings, pid);
    else if (former < 0)
        write_maps(pid, settings->uid_map, settings->gid_map, true);
    lifeline_write_pid(runtime, "keeper", pid);
    if (write_all(go[1], "", 1) < 0)
        die_errno("cannot let the keeper go on");
    close(ready[0]);
    close(go[1]);
    return pid;
}

static int open_namespace(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static int started_in = -1;
static void (*hook_before)(int code, const char *text);

/* A keeper that cannot be started leaves no FIFO that nobody reads. */
static void die_without_keeper(int code, const char *text)
{
    lifeline_remove(started_in, "keeper", -1);
    die_hook = hook_before;
    die_code(code, "%s", text);
}

struct keeper keeper_acquire(const struct keeper_settings *settings)
{
    autoclose int runtime = open(settings->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (runtime < 0)
        die_errno("cannot open the runtime directory %s", settings->runtime);
    autoclose int lock = keeper_lock(runtime);
    struct lifeline line = lifeline_find(runtime, "keeper", "user");
    struct keeper keeper = { line.namespace, line.alive };
    if (line.fifo < 0)
        return keeper;
    autoclose int fifo = line.fifo;
    if (keeper.userns >= 0) {
        start_keeper(settings, runtime, fifo, keeper.userns);
        return keeper;
    }
    if (line.abandoned)
        lifeline_remove(runtime, "network", -1); /* its holder is in a namespace that nobody new can enter */
    started_in = runtime;
    hook_before = die_hook;
    die_hook = die_without_keeper;
    keeper.userns = open_namespace(start_keeper(settings, runtime, fifo, -1));
    die_hook = hook_before;
    if (keeper.userns < 0)
        die_errno("cannot open the keeper's user namespace");
    return keeper;
}

/* Not being uid 0 here, a program would lose its capabilities at execve(2) if they were not ambient: capabilities(7). */
static void keep_capabilities(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0)
        die_errno("cannot read capabilities");
    data[0].inheritable = data[0].permitted;
    data[1].inheritable = data[1].permitted;
    if (syscall(SYS_capset, &header, data) < 0)
        die_errno("cannot make capabilities inheritable");
    for (unsigned long cap = 0; cap < 64 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) == 0; cap++)
        ;
}

void keeper_enter(const struct keeper *keeper)
{
    if (setns(keeper->userns, CLONE_NEWUSER) < 0)
        die_errno("cannot enter the keeper's user namespace");
    keep_capabilities();
}

static void become_root(void)
{
    if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
        die_errno("cannot become root of the user namespace");
}

void join_child_namespace(int userns, bool single)
{
    if (setns(userns, CLONE_NEWUSER) < 0)
        die_errno("cannot enter the user namespace of a process that was killed");
    if (!single)
        become_root();
}

/* The maps of a namespace can only be written from its parent, so a child that stayed behind does it. */
void enter_child_namespace(const char *uid_map, const char *gid_map, bool single)
{
    int go[2], status = 0;
    char byte;
    char own[32] = "";
    /* Our pid as /proc has it, which in a pid namespace is not what getpid(2) says. */
    pid_t self = readlink("/proc/self", own, sizeof own - 1) > 0 ? (pid_t)strtol(own, NULL, 10) : getpid();
    if (pipe2(go, O_CLOEXEC) < 0)
        die_errno("cannot make a pipe");
    pid_t writer = fork();
    if (writer == 0) {
        /* Its own copy would keep it waiting for a parent that was killed, with the caller's pipes open. */
        close(go[1]);
        if (read(go[0], &byte, 1) != 1)
            _exit(1);
        write_maps(self, uid_map, gid_map, single);
        _exit(0);
    }
    if (writer < 0 || unshare(CLONE_NEWUSER) < 0 || write_all(go[1], "", 1) < 0)
        die_errno("cannot make a user namespace");
    while (waitpid(writer, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        _exit(EXIT_SKIFF);
    close(go[0]);
    close(go[1]);
    if (!single)
        become_root();
}

/* Whether whoever reads `fd`, a pipe or socket, is gone: of a caller that ended before we first asked for it getppid(2) does not tell. */
static bool is_deserted(int fd)
{
    struct pollfd output = { .fd = fd };
    return poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

/* skiff-helper userns RUNTIME NEWUIDMAP NEWGIDMAP KEEPER-UIDS KEEPER-GIDS UIDS GIDS COMMAND [ARGUMENT...] */
int role_userns(int argc, char **argv)
{
    char **command = argv + 1 + KEEPER_FIELDS + 2;
    pid_t caller = getppid();
    if (argc < 2 + KEEPER_FIELDS + 2)
        die("usage: userns RUNTIME NEWUIDMAP NEWGIDMAP KEEPER-UIDS KEEPER-GIDS UIDS GIDS COMMAND...");
    struct keeper_settings settings = keeper_settings_from(argv + 1);
    struct keeper keeper = keeper_acquire(&settings);
    keeper_enter(&keeper);
    enter_child_namespace(command[-2], command[-1], !settings.newuidmap[0]);
    set_cloexec(keeper.alive, false);
    /* A killed skiff command wants nothing more. Changes of identity clear this, so it comes after them; prctl(2). */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != caller || is_deserted(STDOUT_FILENO))
        _exit(EXIT_SKIFF);
    execv(command[0], command);
    die_errno("cannot run %s", command[0]);
}
