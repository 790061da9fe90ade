#include "net-space.h"
#include "check.h"
#include "util.h"

#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

static int this_space(void)
{
    int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    check(fd >= 0);
    return fd;
}

void space_go(int netns)
{
    check(setns(netns, CLONE_NEWNET) == 0);
}

void space_run(int netns, const char *format, ...)
{
    char command[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    space_go(netns);
    if (system(command) != 0) {
        fprintf(stderr, "failed: %s\n", command);
        exit(1);
    }
}

void space_root(void)
{
    char uids[32], gids[32];
    snprintf(uids, sizeof uids, "0 %u 1", geteuid());
    snprintf(gids, sizeof gids, "0 %u 1", getegid());
    check(unshare(CLONE_NEWUSER) == 0);
    check(write_file(AT_FDCWD, "/proc/self/setgroups", "deny") == 0);
    check(write_file(AT_FDCWD, "/proc/self/uid_map", uids) == 0);
    check(write_file(AT_FDCWD, "/proc/self/gid_map", gids) == 0);
}

int space_enter(void)
{
    space_root();
    check(unshare(CLONE_NEWNET) == 0);
    int fd = this_space();
    space_run(fd, "ip link set lo up");
    return fd;
}

int space_new(void)
{
    int home = this_space();
    check(unshare(CLONE_NEWNET) == 0);
    int fd = this_space();
    space_run(fd, "ip link set lo up");
    space_go(home);
    close(home);
    return fd;
}

int space_socket(int home, int netns, int family, int type, int protocol)
{
    space_go(netns);
    int fd = socket(family, type | SOCK_CLOEXEC, protocol);
    check(fd >= 0);
    space_go(home);
    return fd;
}
