#include "fake-slirp.h"
#include "link.h"
#include "netlink.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

_Noreturn void fake_slirp(const char *mode, const char *log)
{
    int fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    struct link tap;
    if (fd < 0 || write(fd, "b", 1) != 1 || strcmp(mode, "dies") == 0)
        _exit(1);
    if (strcmp(mode, "slow") == 0)
        usleep(300000);
    if (strcmp(mode, "never") != 0) {
        if (setns(5, CLONE_NEWNET) < 0)
            _exit(2);
        int link = netlink_open(-1, NETLINK_ROUTE);
        (void)link_delete(link, "tap0"); /* of a former one: a tap would have gone with it */
        if (link < 0 || link_add(link, "tap0", "bridge", "02:42:00:00:00:01", 0, 1500) < 0 || link_find(link, "tap0", &tap) < 0 || link_address(link, tap.index, "198.19.255.100/24") < 0 ||
            link_up(link, tap.index, true) < 0 || link_default_route(link, AF_INET, "198.19.255.2", tap.index) < 0)
            _exit(3);
    }
    if (write(fd, "r", 1) != 1)
        _exit(4);
    struct pollfd end = { .fd = 4 };
    poll(&end, 1, -1); /* the exit-fd */
    if (write(fd, "e", 1) != 1)
        _exit(5);
    _exit(0);
}
