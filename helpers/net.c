/*
 * skiff-helper net RUNTIME delete NAME: removes a device, a network's bridge or parent, from the user's network namespace. Done where it is not there, and where
 * there is no such namespace: it is never made for that. The firewall forgets the device by itself (the holder is told by the kernel).
 */
#include "link.h"
#include "netlink.h"
#include "roles.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int open_of(pid_t pid, const char *kind)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, kind);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Enters user and network namespace of the holder, for good: there is no right to come back. False where no holder lives. */
static bool enter_holder(int runtime)
{
    int pid = 0;
    unsigned long long start = 0;
    autofree char *text = read_file(runtime, "network.pid", 64, NULL);
    if (!text || sscanf(text, "%d %llu", &pid, &start) != 2 || pid <= 0)
        return false;
    autoclose int user = open_of(pid, "user"), net = open_of(pid, "net");
    int error = errno;
    /* Looked at behind the opening: the namespaces are those of the process that was meant. */
    if (process_start_time(pid) != start)
        return false;
    errno = error;
    if (user < 0 || net < 0)
        die_errno("cannot open the namespaces of the network holder, process %d", pid);
    if (setns(user, CLONE_NEWUSER) < 0 || setns(net, CLONE_NEWNET) < 0)
        die_errno("cannot enter the namespaces of the network holder, process %d", pid);
    return true;
}

int role_net(int argc, char **argv)
{
    if (argc != 4 || strcmp(argv[2], "delete") != 0)
        die("usage: net RUNTIME delete NAME");
    const char *name = argv[3];
    if (*name == '\0' || strlen(name) >= IFNAMSIZ)
        die("'%s' is not the name of a network device", name);
    autoclose int runtime = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (runtime < 0 || !enter_holder(runtime))
        return 0;
    autoclose int fd = netlink_open(-1, NETLINK_ROUTE);
    if (fd < 0)
        die_errno("cannot open a netlink socket");
    int result = link_delete(fd, name);
    if (result < 0 && result != -ENODEV)
        die("cannot remove the network device %s: %s", name, errno_words(-result));
    return 0;
}
