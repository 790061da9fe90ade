/*
 * skiff-helper probe-kernel DIR [PROGRAM...]: what this kernel lets an ordinary user do of all that containers need, by doing it; for `skiff doctor`.
 * A line each on stdout: `NAME ok` or `NAME no WHY`, `program PATH setuid|capability|nosuid|plain` for each PROGRAM, and
 * `quota USED LIMIT FILES FILE-LIMIT` (bytes; 0: no limit) where the user has a quota on DIR's file system. Everything is made in namespaces that end with it.
 */
#include "firewall.h"
#include "link.h"
#include "roles.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/quota.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Since Linux 5.14; musl's headers may not have it. */
#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif

/* Ethernet's, in bytes. */
enum { MTU = 1500 };

static void say_why(const char *name, const char *why)
{
    if (why)
        printf("%s no %s\n", name, why);
    else
        printf("%s ok\n", name);
}

/* With errno's words where it does not work. */
static void say(const char *name, bool works)
{
    say_why(name, works ? NULL : errno_words(errno));
}

/* `result` is 0 or a negative errno. */
static void say_link(const char *name, int result)
{
    say_why(name, result == 0 ? NULL : errno_words(-result));
}

static bool has_id_capability(const char *path)
{
    struct vfs_cap_data data;
    ssize_t size = getxattr(path, "security.capability", &data, sizeof data);
    return size >= (ssize_t)(sizeof data.magic_etc + sizeof data.data[0]) && (data.data[0].permitted & (1u << CAP_SETUID | 1u << CAP_SETGID)) != 0;
}

/* How newuidmap(1) gets the right to write id maps. A file system that is mounted with nosuid takes either away. */
static void say_program(const char *path)
{
    struct stat status;
    struct statvfs mounted;
    if (stat(path, &status) < 0 || statvfs(path, &mounted) < 0)
        return;
    bool setuid = (status.st_mode & S_ISUID) != 0 && status.st_uid == 0;
    const char *how = setuid ? "setuid" : has_id_capability(path) ? "capability" : "plain";
    printf("program %s %s\n", path, (mounted.f_flag & ST_NOSUID) != 0 ? "nosuid" : how);
}

/* Silent where there is no quota, or a kernel that cannot say. Limits are in units of 1024 bytes, quotactl(2). */
static void say_quota(const char *path)
{
    struct dqblk quota = { 0 };
    autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || syscall(SYS_quotactl_fd, fd, QCMD(Q_GETQUOTA, USRQUOTA), getuid(), &quota) < 0)
        return;
    unsigned long long blocks = quota.dqb_bhardlimit ? quota.dqb_bhardlimit : quota.dqb_bsoftlimit;
    unsigned long long files = quota.dqb_ihardlimit ? quota.dqb_ihardlimit : quota.dqb_isoftlimit;
    printf("quota %llu %llu %llu %llu\n", (unsigned long long)quota.dqb_curspace, blocks * 1024, (unsigned long long)quota.dqb_curinodes, files);
}

static void say_calls(void)
{
    struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
    autoclose int opened = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how);
    say("openat2", opened >= 0);
    autoclose int process = pidfd_of(getpid());
    say("pidfd", process >= 0);
    say_why("privileges", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? "this process, and all that it starts, may not gain privileges (no_new_privs)" : NULL);
}

/* A filter without a program is looked for at the address, once the kernel has found that it knows filters: EFAULT is a yes. */
static void say_seccomp(void)
{
    bool known = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) < 0 && errno == EFAULT;
    say("seccomp", known);
}

/* Root of a user namespace with one id; false where there is none to be had. */
static bool become_root(void)
{
    unsigned uid = getuid(), gid = getgid();
    autofree char *uids = xasprintf("0 %u 1", uid), *gids = xasprintf("0 %u 1", gid);
    bool works = unshare(CLONE_NEWUSER) == 0 && write_file(AT_FDCWD, "/proc/self/setgroups", "deny") == 0 &&
                 write_file(AT_FDCWD, "/proc/self/uid_map", uids) == 0 && write_file(AT_FDCWD, "/proc/self/gid_map", gids) == 0;
    say("user-namespace", works);
    return works;
}

static void say_namespaces(void)
{
    static const struct {
        const char *name;
        int flag;
    } kinds[] = { { "pid-namespace", CLONE_NEWPID }, { "ipc-namespace", CLONE_NEWIPC }, { "uts-namespace", CLONE_NEWUTS }, { "cgroup-namespace", CLONE_NEWCGROUP } };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        say(kinds[i].name, unshare(kinds[i].flag) == 0);
    say("mount-namespace", unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount("tmpfs", "/proc", "tmpfs", 0, "size=4k") == 0 &&
                               umount2("/proc", MNT_DETACH) == 0);
}

static bool make_tun(void)
{
    autoclose int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
    return fd >= 0 && ioctl(fd, TUNSETIFF, &request) == 0;
}

/* On a veth, because not every kernel has the dummy device. */
static void say_child(int fd, const char *kind, const char *mode, unsigned parent, int here)
{
    const struct child child = { .kind = kind, .mode = mode, .name = kind, .mac = "", .parent = parent, .mtu = MTU, .inside = here };
    say_link(kind, link_add_child(fd, &child));
    link_delete(fd, kind);
}

static void say_devices(int fd)
{
    autoclose int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    struct link bridge = { 0 }, outer = { 0 };
    int added = link_add(fd, "bridge0", "bridge", "", 0, MTU);
    say_link("bridge", added == 0 ? link_find(fd, "bridge0", &bridge) : added);
    const struct veth pair = { .outer = "outer0", .inner = "inner0", .mac = "", .mtu = MTU, .inside = here };
    added = link_add_veth(fd, &pair);
    say_link("veth", added == 0 ? link_find(fd, "outer0", &outer) : added);
    say_child(fd, "macvlan", "bridge", outer.index, here);
    say_child(fd, "ipvlan", "l2", outer.index, here);
}

/* The very rules that the user's network namespace gets, so that each expression of nf_tables is known to be there. */
static void say_firewall(void)
{
    autofree char *wrong = firewall_load(-1, "10.0.2.0/24", "10.0.2.3", "fd00::/64", "fd00::3");
    say_why("nftables", wrong);
}

static void say_networks(void)
{
    bool works = unshare(CLONE_NEWNET) == 0;
    say("network-namespace", works);
    autoclose int fd = works ? netlink_open(-1, NETLINK_ROUTE) : -1;
    if (fd < 0)
        return;
    /* lo is the first link of every network namespace. */
    link_up(fd, 1, true);
    say_devices(fd);
    say("tun", make_tun());
    say_firewall();
}

int role_probe_kernel(int argc, char **argv)
{
    if (argc < 2)
        die("usage: probe-kernel DIR [PROGRAM...]");
    for (int i = 2; i < argc; i++)
        say_program(argv[i]);
    say_quota(argv[1]);
    say_calls();
    if (become_root()) {
        say_namespaces();
        say_networks();
    }
    /* Last: it may want the right to gain none. */
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    say_seccomp();
    return fflush(stdout) == 0 ? 0 : EXIT_SKIFF;
}
