#include "process.h"
#include "rootpath.h"
#include "sandbox.h"
#include "user.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel takes at most BPF_MAXINSNS instructions, linux/bpf_common.h. */
enum { MAXIMUM_FILTER_BYTES = 4096 * sizeof(struct sock_filter), MAXIMUM_ENVIRONMENT = 65536 };

static void load_filter(struct process *process, const char *path)
{
    size_t size = 0;
    if (process->filter_count == MAXIMUM_FILTERS)
        die("the launch plan has more than %d seccomp programs", MAXIMUM_FILTERS);
    char *program = read_file(AT_FDCWD, path, MAXIMUM_FILTER_BYTES, &size);
    if (!program)
        die_errno("cannot read the seccomp program %s", path);
    if (size == 0 || size % sizeof(struct sock_filter))
        die("%s is not a seccomp program; remove it, it will be made again", path);
    process->filters[process->filter_count++] = (struct sock_fprog){
        .len = (unsigned short)(size / sizeof(struct sock_filter)),
        .filter = (struct sock_filter *)(void *)program,
    };
}

struct process process_load(const struct plan *plan)
{
    struct process process = { .plan = plan };
    for (size_t i = 0; i < plan->count; i++)
        if (strcmp(plan->records[i].fields[0], "seccomp") == 0 && plan->records[i].count == 2)
            load_filter(&process, plan->records[i].fields[1]);
    return process;
}

/* Every second field of the records called `name`, as a NULL-terminated vector with room for one more. */
static char **collect(const struct plan *plan, const char *name, size_t *count)
{
    char **out = xmalloc((plan->count + 2) * sizeof *out);
    *count = 0;
    for (size_t i = 0; i < plan->count; i++)
        if (strcmp(plan->records[i].fields[0], name) == 0 && plan->records[i].count == 2)
            out[(*count)++] = plan->records[i].fields[1];
    out[*count] = NULL;
    return out;
}

static void apply_limits(const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        char **f = plan->records[i].fields;
        if (strcmp(f[0], "rlimit") != 0 || plan->records[i].count != 4)
            continue;
        struct rlimit limit = { strtoull(f[2], NULL, 10), strtoull(f[3], NULL, 10) };
        if (setrlimit((int)parse_number(f[1], 0, RLIM_NLIMITS - 1, "rlimit"), &limit) < 0)
            die_errno("cannot set the limit --ulimit asks for (soft %s, hard %s): only root may raise a hard limit", f[2], f[3]);
    }
}

void process_precede(const struct plan *plan, bool hidden)
{
    const char *score = plan_text(plan, "oom-score-adj", NULL);
    if (score && write_file(AT_FDCWD, "/proc/self/oom_score_adj", score) < 0)
        die_errno("cannot set --oom-score-adj %s: without root it can only be raised", score);
    /* Last, for this takes the files of /proc/self away from us as well; proc(5). */
    if (hidden && prctl(PR_SET_DUMPABLE, 0) < 0)
        die_errno("cannot hide from the container");
}

static void join_keyring(const struct process *process)
{
    /* Keys are counted per user (key_users, 200 of them): with many containers none is left. Then the filter, which
       forbids keyctl(2), is what keeps the caller's keys out of reach; without one that is an error. */
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 || errno == ENOSYS || errno == EPERM)
        return;
    if (errno != EDQUOT || process->filter_count == 0)
        die_errno("cannot make a session keyring (see /proc/sys/kernel/keys/maxkeys)");
}

/* So that /dev/stdout can be opened by the container's user, whoever made the pipe or the terminal. */
static void own_stdio(uid_t uid)
{
    struct stat status, null;
    if (stat("/dev/null", &null) < 0)
        null.st_rdev = 0;
    for (int fd = 0; fd < 3; fd++)
        if (fstat(fd, &status) == 0 && status.st_rdev != null.st_rdev && status.st_uid != uid && fchown(fd, uid, (gid_t)-1) < 0)
            continue; /* a pipe from outside stays as it is */
}

static void enter_directory(const char *directory)
{
    char real[PATH_MAX];
    if (chdir(directory) < 0)
        die_errno("cannot enter the working directory %s", directory);
    /* A directory outside of the root would show as "(unreachable)": the escape of CVE-2024-21626. */
    if (syscall(SYS_getcwd, real, sizeof real) < 0 || real[0] != '/')
        die("the working directory %s lies outside of the container", directory);
}

static void drop_bounding(unsigned long long keep)
{
    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0 && cap < 64; cap++)
        if (!(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
            die_errno("cannot drop capability %lu", cap);
}

static void set_capabilities(unsigned long long effective, unsigned long long permitted, unsigned long long inheritable)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2] = {
        { (uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable },
        { (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32) },
    };
    if (syscall(SYS_capset, &header, data) < 0)
        die_errno("cannot set capabilities");
}

static void raise_ambient(unsigned long long ambient)
{
    for (unsigned long cap = 0; cap < 64; cap++)
        if ((ambient >> cap & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
            die_errno("cannot keep capability %lu", cap);
}

static void load_filters(const struct process *process)
{
    for (size_t i = 0; i < process->filter_count; i++)
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &process->filters[i]) < 0)
            die_errno("cannot load the seccomp filter");
}

static void become(const struct plan *plan, const struct user *user)
{
    if (plan_flag(plan, "single-uid")) {
        if (user->uid != getuid() || user->gid != getgid())
            die("cannot run as user %u:%u: without subordinate ids the container has one user only, %u:%u; an administrator can give you some (/etc/subuid, /etc/subgid)",
                user->uid, user->gid, getuid(), getgid());
        return;
    }
    if (setgroups(user->group_count, user->groups) < 0)
        die("cannot take on the groups of user %u: %s; one of them lies beyond your subordinate ids (/etc/subgid)", user->uid, strerror(errno));
    if (setresgid(user->gid, user->gid, user->gid) < 0)
        die("cannot become group %u: it lies beyond your subordinate ids (/etc/subgid)", user->gid);
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setresuid(user->uid, user->uid, user->uid) < 0)
        die("cannot become user %u: it lies beyond your subordinate ids (/etc/subuid)", user->uid);
}

static void confine(const struct process *process, const struct user *user)
{
    const struct record *caps = plan_find(process->plan, "caps", 5);
    unsigned long long sets[5] = { 0 };
    bool no_new_privileges = plan_flag(process->plan, "no-new-privileges");
    for (int i = 0; caps && i < 5; i++)
        sets[i] = strtoull(caps->fields[i + 1], NULL, 16);
    drop_bounding(sets[0]);
    /* Without no_new_privs a filter needs CAP_SYS_ADMIN, so it must come before the capabilities go. */
    if (!no_new_privileges)
        load_filters(process);
    become(process->plan, user);
    set_capabilities(sets[1], sets[2], sets[3]);
    raise_ambient(sets[4]);
    if (no_new_privileges) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
            die_errno("cannot set no_new_privs");
        load_filters(process);
    }
}

static const char *environment_value(char *const *environment, const char *name)
{
    size_t length = strlen(name);
    const char *value = NULL;
    for (; *environment; environment++)
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            value = *environment + length + 1;
    return value;
}

static _Noreturn void die_exec(const char *name, const char *path, int error)
{
    struct stat status;
    if (error == EACCES && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        die_code(EXIT_CANNOT_EXECUTE, "exec: \"%s\": is a directory", name);
    die_code(error == ENOENT || error == ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE, "exec: \"%s\": %s", name,
             error == ENOEXEC ? "exec format error (a script without #!, or a program for another architecture)" : errno_words(error));
}

/* As Go's exec.LookPath, which Docker uses: a name without a slash is searched in the container's PATH. */
static _Noreturn void execute(char **arguments, char **environment)
{
    const char *name = arguments[0], *path = environment_value(environment, "PATH");
    if (strchr(name, '/')) {
        execve(name, arguments, environment);
        die_exec(name, name, errno);
    }
    int refused = 0;
    for (const char *at = path; at && *name; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
        struct stat status;
        autofree char *candidate = xasprintf("%.*s/%s", (int)strcspn(at, ":"), strcspn(at, ":") ? at : ".", name);
        if (stat(candidate, &status) < 0 || S_ISDIR(status.st_mode))
            continue;
        execve(candidate, arguments, environment);
        if (errno != EACCES)
            die_exec(name, candidate, errno);
        refused = EACCES;
    }
    if (refused)
        die_exec(name, name, refused);
    die_code(EXIT_NOT_FOUND, "exec: \"%s\": executable file not found in the container's PATH", name);
}

static void reset_signals(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A monitor that died before this was said cannot send the signal any more; then the socket to it has hung up. */
static void tie_to_monitor(void)
{
    struct pollfd monitor = { .fd = SANDBOX_FD };
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        die_errno("cannot tie the command to its monitor");
    if (poll(&monitor, 1, 0) > 0)
        _exit(EXIT_SKIFF);
}

void process_run(const struct process *process, int root, bool die_with_parent)
{
    const struct plan *plan = process->plan;
    size_t argument_count, environment_count, group_count;
    char **arguments = collect(plan, "arg", &argument_count), **environment = collect(plan, "env", &environment_count);
    char **groups = collect(plan, "group-add", &group_count);
    if (argument_count == 0 || environment_count > MAXIMUM_ENVIRONMENT)
        die("the launch plan has no command");
    struct user *user = user_load(root, plan_text(plan, "user", ""), groups, group_count);
    if (!environment_value(environment, "HOME"))
        environment[environment_count++] = xasprintf("HOME=%s", user->home);
    environment[environment_count] = NULL;
    umask(022);
    apply_limits(plan);
    join_keyring(process);
    if (!plan_flag(plan, "single-uid"))
        own_stdio(user->uid);
    enter_directory(plan_text(plan, "cwd", "/"));
    reset_signals();
    confine(process, user);
    /* Changes of identity clear this, so it is the last step; see prctl(2). */
    if (die_with_parent)
        tie_to_monitor();
    execute(arguments, environment);
}

int process_open_terminal(int root)
{
    char path[64];
    int number = 0, unlock = 0;
    int master = root_open(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, false);
    if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0 || ioctl(master, TIOCGPTN, &number) < 0)
        die_errno("cannot open a pseudoterminal in the container");
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    autoclose int slave = root_open(root, path, O_RDWR | O_NOCTTY, false);
    if (slave < 0)
        die_errno("cannot open the container's terminal %s", path);
    setsid();
    if (ioctl(slave, TIOCSCTTY, 0) < 0)
        die_errno("cannot make %s the controlling terminal", path);
    for (int fd = 0; fd < 3; fd++)
        if (dup2(slave, fd) < 0)
            die_errno("cannot use %s for standard input and output", path);
    return master;
}
