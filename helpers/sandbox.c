/*
 * skiff-helper sandbox PLAN: makes one container and becomes its command. Started by the monitor from a sealed copy of
 * this program in memory, with the container's stdio on fds 0-2 and a packet socket on fd 3.
 *
 * Two processes in turn. The outer one is root of the user's namespace: it mounts the image in a mount namespace of its
 * own, so that the mount disappears with the container however that ends, clones the inner one and leaves. The inner one
 * is in the container's namespaces; nothing it does after the clone can reach the keeper or another container.
 */
#include "sandbox.h"
#include "cgroup.h"
#include "foreign.h"
#include "frames.h"
#include "image-mount.h"
#include "mounts.h"
#include "namespaces.h"
#include "owntree.h"
#include "plan.h"
#include "process.h"
#include "roles.h"
#include "rootfs.h"
#include "rootpath.h"
#include "user.h"
#include "util.h"
#include "volume.h"
#include "volume-data.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void sandbox_report_failure(int code, const char *text)
{
    char message[2200];
    int length = snprintf(message, sizeof message, "%d %s", code, text);
    if (length > 0)
        packet_send(SANDBOX_FD, message, (size_t)length < sizeof message ? (size_t)length : sizeof message - 1, -1);
}

void sandbox_report_pid(pid_t pid, int32_t host_pid, int namespace)
{
    struct pid_packet packet = { .type = PACKET_PID, .pid = pid, .host_pid = host_pid };
    if (packet_send(SANDBOX_FD, &packet, sizeof packet, namespace) < 0)
        die_errno("cannot report to the monitor");
}

/* Waits for an answer of the monitor. That the network is there may come before it is asked for. */
static void wait_for(uint8_t wanted)
{
    static bool network;
    uint8_t type = 0;
    int fd;
    while (type != wanted && !(network && wanted == PACKET_NETWORK)) {
        if (packet_receive(SANDBOX_FD, &type, 1, &fd) != 1)
            _exit(EXIT_SKIFF); /* the monitor has said why */
        network |= type == PACKET_NETWORK;
    }
}

void sandbox_report_terminal(int master)
{
    uint8_t type = PACKET_TERMINAL;
    if (packet_send(SANDBOX_FD, &type, 1, master) < 0)
        die_errno("cannot hand the terminal to the monitor");
    close(master);
    wait_for(PACKET_TERMINAL); /* a command that looks at once sees the right size */
}

static void set_loopback_up(void)
{
    struct ifreq request = { .ifr_name = "lo" };
    autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
        die_errno("cannot look at the loopback interface");
    request.ifr_flags |= IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        die_errno("cannot bring up the loopback interface");
}

static void set_sysctl(int root, const char *path, const char *value)
{
    autoclose int fd = root_open(root, path, O_WRONLY, false);
    if (fd < 0 || write_all(fd, value, strlen(value)) < 0)
        die_errno("cannot set --sysctl %s=%s", path + strlen("/proc/sys/"), value);
}

static void open_console(int root)
{
    int master = process_open_terminal(root);
    autoclose int target = root_make_file(root, "/dev/console", false);
    if (target < 0 || mount_on_fd("/proc/self/fd/0", target, NULL, MS_BIND, NULL) < 0)
        die_errno("cannot bind the terminal onto /dev/console");
    sandbox_report_terminal(master);
}

#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4
#define MOVE_MOUNT_T_EMPTY_PATH 0x40
#endif

/* Mounts the /dev/shm of another container here. Its user namespace is ours by now. */
static void share_memory(int root, pid_t pid, unsigned long long start)
{
    autoclose int copy = namespace_copy_mount(pid, start, "/dev/shm", false);
    autoclose int target = root_make_directory(root, "/dev/shm", false);
    if (target < 0 || syscall(SYS_move_mount, copy, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        die_errno("cannot mount the other container's /dev/shm");
}

/* The detached old root goes away with everything that was mounted in it: pivot_root(2), "new_root and put_old may be the same". */
static void pivot(int root)
{
    if (fchdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
        die_errno("cannot make the image the root file system");
    if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        die_errno("cannot leave the host's file system");
    /* Not the ones below: binds keep the propagation that was asked for. */
    if (mount(NULL, "/", NULL, MS_PRIVATE, NULL) < 0)
        die_errno("cannot make the container's root mount its own");
}

/* `U`: what is mounted there is given to the user that the command runs as. */
static void give_to_user(const struct plan *plan, int root, const char *path)
{
    struct user *user = user_load(root, plan_text(plan, "user", ""), NULL, 0);
    autoclose int fd = root_open(root, path, O_PATH, true);
    if (fd < 0 || owntree(fd, user->uid, user->gid) < 0)
        die_errno("cannot give %s to the container's user (U)", path);
}

static void run_record(const struct plan *plan, int root, const struct record *record)
{
    char **f = record->fields;
    const char *name = f[0];
    if (mount_record(root, record))
        return;
    if (strcmp(name, "loopback-up") == 0)
        set_loopback_up();
    else if (strcmp(name, "sysctl") == 0 && record->count == 3)
        set_sysctl(root, f[1], f[2]);
    else if (strcmp(name, "hostname") == 0 && record->count == 2) {
        if (sethostname(f[1], strlen(f[1])) < 0)
            die_errno("cannot set the host name %s", f[1]);
    } else if (strcmp(name, "domainname") == 0 && record->count == 2) {
        if (setdomainname(f[1], strlen(f[1])) < 0)
            die_errno("cannot set the domain name %s", f[1]);
    } else if (strcmp(name, "console") == 0)
        open_console(root);
    else if (strcmp(name, "wait-network") == 0)
        wait_for(PACKET_NETWORK);
    else if (strcmp(name, "shm-of") == 0 && record->count == 3)
        share_memory(root, (pid_t)parse_number(f[1], 1, 1 << 30, "pid"), strtoull(f[2], NULL, 10));
    else if (strcmp(name, "own") == 0 && record->count == 2)
        give_to_user(plan, root, f[1]);
    else if (strcmp(name, "pivot") == 0)
        pivot(root);
    else
        die("unknown record '%s' in the launch plan", name);
}

/* The rootfs must be a mount of this namespace: those that came along from the outer one are locked, mount_namespaces(7). */
static int open_root(const char *path)
{
    if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0)
        die_errno("cannot take over the image's mount");
    int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        die_errno("cannot open the image's root");
    return root;
}

static _Noreturn void run_inner(const struct process *process, const char *rootfs)
{
    const struct plan *plan = process->plan;
    namespaces_become_root(plan);
    int root = open_root(rootfs);
    umask(022); /* the caller's may be 077, which would close what is made below to the container's other users */
    size_t i = 0;
    while (i < plan->count && strcmp(plan->records[i].fields[0], "begin") != 0)
        i++;
    for (i++; i < plan->count && strcmp(plan->records[i].fields[0], "end") != 0; i++)
        run_record(plan, root, &plan->records[i]);
    process_run(process, root, !plan_flag(plan, "outer-pid"));
}

/* The raw call, because libc's wrapper wants a function and a stack. */
pid_t clone_like_fork(int flags)
{
    return (pid_t)syscall(SYS_clone, flags, 0, NULL, NULL, 0);
}

/* readlink(2) of /proc/self tells our pid as the host sees it: this /proc is still the host's. */
static int32_t own_host_pid(void)
{
    char text[32];
    ssize_t length = readlink("/proc/self", text, sizeof text - 1);
    if (length <= 0)
        die_errno("cannot read /proc/self");
    text[length] = 0;
    return (int32_t)strtol(text, NULL, 10);
}

/* fuse-overlayfs lives in this mount namespace and keeps it alive: the monitor must come back to unmount. */
static void report_pid(const struct plan *plan, pid_t pid, int32_t host_pid)
{
    autoclose int mounts = plan_find(plan, "fuse-overlayfs", 6) ? open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC) : -1;
    sandbox_report_pid(pid, host_pid, mounts);
}

int role_sandbox(int argc, char **argv)
{
    int up[2], down[2];
    int32_t host_pid = -1;
    char go;
    if (argc != 2)
        die("usage: sandbox PLAN");
    die_hook = sandbox_report_failure;
    set_cloexec(SANDBOX_FD, true);
    struct plan *plan = plan_read(argv[1]);
    struct process process = process_load(plan);
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        die_errno("cannot make a mount namespace");
    volumes_mount(plan, SANDBOX_FD);
    const char *rootfs = rootfs_mount(plan, ROOTFS_WRITE);
    volumes_prepare(plan, rootfs);
    images_mount(plan);
    /* Behind fuse-overlayfs, which serves the container and is none of it; before the cgroup namespace, whose root this will be. */
    if (plan_find(plan, "cgroup", 3))
        cgroup_enter_sibling(plan_find(plan, "runtime", 1) != NULL);
    if (plan_find(plan, "runtime", 1)) {
        report_pid(plan, getpid(), own_host_pid());
        foreign_run(plan, rootfs);
    }
    if (pipe2(up, O_CLOEXEC) < 0 || pipe2(down, O_CLOEXEC) < 0)
        die_errno("cannot make a pipe");
    int flags = namespaces_new(plan);
    process_precede(plan, plan_find(plan, "join", 3) != NULL);
    namespaces_join(plan);
    /* CLONE_PARENT: the monitor shall be the command's parent. */
    pid_t pid = clone_like_fork(flags | CLONE_PARENT | SIGCHLD);
    if (pid < 0)
        die("cannot make the container's namespaces: %s; see the limits in /proc/sys/user", strerror(errno));
    if (pid == 0) {
        close(up[0]);
        close(down[1]);
        host_pid = own_host_pid();
        if (write_all(up[1], &host_pid, sizeof host_pid) < 0 || read_all(down[0], &go, 1) != 1)
            _exit(EXIT_SKIFF);
        close(up[1]);
        close(down[0]);
        run_inner(&process, rootfs);
    }
    close(up[1]);
    if (read_all(up[0], &host_pid, sizeof host_pid) != sizeof host_pid)
        die("the container's first process ended before it began");
    if (flags & CLONE_NEWUSER)
        namespaces_map(plan, host_pid);
    report_pid(plan, pid, host_pid);
    if (write_all(down[1], "", 1) < 0)
        die_errno("cannot let the container go on");
    return 0;
}
