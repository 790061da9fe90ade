/* Endpoints between real network namespaces: a holder's, and containers'. What they can reach is tried with UDP, which the kernel answers at once or never. */
#include "check.h"
#include "net-space.h"
#include "endpoint.h"
#include "firewall.h"
#include "link.h"
#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static int holder;

static int new_network(void)
{
    check(unshare(CLONE_NEWNET) == 0);
    int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    check(fd >= 0);
    return fd;
}

/* A file of records, each a line with blanks between its fields; `-` is an empty field. */
static struct plan *records(const char *format, ...) __attribute__((format(printf, 1, 2)));
static struct plan *records(const char *format, ...)
{
    /* A plan points into its text. */
    static char text[4096], all[64 * 1024], *bytes = all;
    va_list list;
    va_start(list, format);
    check(vsnprintf(text, sizeof text, format, list) < (int)sizeof text);
    va_end(list);
    size_t used = 0;
    used += (size_t)sprintf(bytes, "1%cskiff-plan-1", 0) + 1;
    for (char *line = text, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = 0;
        size_t count = 1;
        for (char *c = line; *c; c++)
            count += *c == ' ';
        used += (size_t)sprintf(bytes + used, "%zu", count) + 1;
        for (char *save = NULL, *word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save))
            used += (size_t)sprintf(bytes + used, "%s", strcmp(word, "-") == 0 ? "" : word) + 1;
    }
    struct plan *plan = plan_parse(bytes, used);
    bytes += used;
    check(plan && bytes < all + sizeof all - sizeof text);
    return plan;
}

static size_t place(const struct plan *file)
{
    size_t at = 0;
    while (strcmp(file->records[at].fields[0], "endpoint") != 0)
        at++;
    return at;
}

static char *attach(const struct plan *file, int container)
{
    return endpoint_attach(file, place(file), holder, container);
}

static char *detach(const struct plan *file, int container)
{
    return endpoint_detach(file, place(file), holder, container);
}

static void done(char *problem)
{
    if (problem)
        fprintf(stderr, "%s\n", problem);
    check(!problem);
}

static void fails(char *problem, const char *part)
{
    check(problem && strstr(problem, part));
    free(problem);
}

static const char *const red = "bridge br-red 1 1500 172.18.0.1/16 fd01::1/64\n";
static const char *const one = "endpoint a1 n1 veth veth0a br-red - eth0 02:42:ac:12:00:02 1500\naddress 172.18.0.2/16\naddress fd01::2/64\ndefault-route 172.18.0.1 eth0\n";
static const char *const two = "endpoint a2 n1 veth veth0b br-red - eth0 02:42:ac:12:00:03 1500\naddress 172.18.0.3/16\naddress fd01::3/64\n";

static int udp(int netns, const char *address, bool to)
{
    struct sockaddr_storage name = { 0 };
    struct sockaddr_in *v4 = (void *)&name;
    struct sockaddr_in6 *v6 = (void *)&name;
    check(setns(netns, CLONE_NEWNET) == 0);
    bool six = strchr(address, ':');
    if (six) {
        *v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(7777) };
        check(inet_pton(AF_INET6, address, &v6->sin6_addr) == 1);
    } else {
        *v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(7777) };
        check(inet_pton(AF_INET, address, &v4->sin_addr) == 1);
    }
    int fd = socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = six ? sizeof *v6 : sizeof *v4;
    check(fd >= 0);
    if ((to ? connect(fd, (void *)&name, size) : bind(fd, (void *)&name, size)) < 0)
        close_fd(&fd);
    check(setns(holder, CLONE_NEWNET) == 0);
    return fd;
}

/* Whether a datagram from one namespace reaches an address of the other. */
static bool reaches(int from, int to, const char *address)
{
    autoclose int server = udp(to, address, false), client = udp(from, address, true);
    struct pollfd wait = { .fd = server, .events = POLLIN };
    check(server >= 0);
    /* An ARP request that is lost is sent again after a second, which this must not need; IPv6 has more to do before it begins. */
    return client >= 0 && send(client, "x", 1, 0) == 1 && poll(&wait, 1, strchr(address, ':') ? 10000 : 900) == 1;
}

static struct link find(int netns, const char *name)
{
    struct link link;
    autoclose int fd = netlink_open(netns, NETLINK_ROUTE);
    if (link_find(fd, name, &link) < 0)
        link = (struct link){ 0 };
    return link;
}

static void two_containers_reach_each_other(void)
{
    int a = new_network(), b = new_network();
    check(setns(holder, CLONE_NEWNET) == 0);
    autofree struct plan *first = records("%s%s", red, one), *second = records("%s%s", red, two);
    done(attach(first, a));
    done(attach(second, b));
    done(endpoint_routes(first, a));
    check(reaches(a, b, "172.18.0.3"));
    check(reaches(b, a, "172.18.0.2"));
    check(reaches(a, b, "fd01::3"));
    check(find(holder, "br-red").group == 1 && find(holder, "br-red").mtu == 1500 && find(a, "eth0").flags & IFF_UP);
    autoclose int fd = netlink_open(a, NETLINK_ROUTE), bare = netlink_open(b, NETLINK_ROUTE);
    check(link_has_default_route(fd) && !link_has_default_route(bare));
    /* Once more over the same names, as after a restart whose old devices are still there. */
    int again = new_network();
    check(setns(holder, CLONE_NEWNET) == 0);
    done(attach(first, again));
    check(find(a, "eth0").index == 0);
    check(reaches(again, b, "172.18.0.3"));
    endpoint_silence(second, place(second), holder);
    check(!reaches(again, b, "172.18.0.3"));
    done(detach(first, again));
    done(detach(first, again));
    check(find(again, "eth0").index == 0 && find(holder, "veth0a").index == 0);
    autofree struct plan *none = records("%s", red);
    done(endpoint_routes(none, b));
    close(a);
    close(b);
    close(again);
}

/* How many entries of the bridge match a pattern of grep(1). */
static size_t known(const char *pattern)
{
    autofree char *command = xasprintf("bridge fdb show br br-red | grep -c '%s'", pattern);
    size_t count = 0;
    check(setns(holder, CLONE_NEWNET) == 0);
    FILE *pipe = popen(command, "r");
    check(pipe && fscanf(pipe, "%zu", &count) == 1);
    pclose(pipe);
    return count;
}

/* Frames from as many addresses as there are, as a container with CAP_NET_RAW can send them. */
static void flood(int netns, unsigned count)
{
    check(setns(netns, CLONE_NEWNET) == 0);
    autoclose int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    struct sockaddr_ll device = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("eth0") };
    check(fd >= 0 && device.sll_ifindex > 0);
    for (unsigned i = 0; i < count; i++) {
        unsigned char frame[60] = { 0x02, 0x42, 0xac, 0x12, 0x00, 0x03, 0x0a, 0, 0, (unsigned char)(i >> 16), (unsigned char)(i >> 8), (unsigned char)i, 0x88, 0xb5 };
        check(sendto(fd, frame, sizeof frame, 0, (struct sockaddr *)&device, sizeof device) == sizeof frame);
    }
}

static bool kernel_bounds_what_bridges_learn(void)
{
    struct utsname name;
    int major = 0, minor = 0;
    check(uname(&name) == 0 && sscanf(name.release, "%d.%d", &major, &minor) == 2);
    return major > 6 || (major == 6 && minor >= 7);
}

/* A container that poses as many neither fills memory nor makes the bridge forget where the others are, and show him what is theirs. */
static void a_hostile_one_is_not_learnt(void)
{
    enum { FLOOD = 6000, MOST = 4096 };
    int first = new_network(), second = new_network();
    autofree struct plan *a = records("%s%s", red, one), *b = records("%s%s", red, two);
    done(attach(a, first));
    done(attach(b, second));
    check(known("^02:42:ac:12:00:02 dev veth0a .*sticky.*static") == 1 && known("^02:42:ac:12:00:03 dev veth0b .*sticky.*static") == 1);
    flood(first, FLOOD);
    size_t learnt = known("^0a:00:00");
    check(kernel_bounds_what_bridges_learn() ? learnt <= MOST && learnt > MOST - 10 : learnt == FLOOD);
    check(known("^02:42:ac:12:00:0[23] .*static") == 2);
    done(detach(a, first));
    done(detach(b, second));
    check(known("^02:42:ac:12:00:0[23]") == 0);
    close(first);
    close(second);
}

static void what_cannot_be_is_told(void)
{
    int a = new_network();
    check(setns(holder, CLONE_NEWNET) == 0);
    autofree struct plan *taken = records("%sendpoint a1 n1 veth veth0c br-red - lo 02:42:ac:12:00:09 1500\naddress 172.18.0.9/16\n", red);
    fails(attach(taken, a), "has a device called lo already");
    check(find(holder, "veth0c").index == 0);
    autofree struct plan *lost = records("endpoint a1 n1 veth veth0c br-blue - eth0 02:42:ac:12:00:09 1500\n");
    fails(attach(lost, a), "names a bridge that is not there: br-blue");
    autofree struct plan *orphan = records("endpoint a1 n1 macvlan - none0 bridge eth0 02:42:ac:12:00:09 1500\n");
    fails(attach(orphan, a), "there is no device none0");
    autofree struct plan *way = records("default-route 172.18.0.1 eth7\n");
    fails(endpoint_routes(way, a), "default route 172.18.0.1");
    close(a);
}

/* macvlan and ipvlan where the kernel has them; else the sentence names what is missing. */
static void children_of_a_parent(const char *kind, const char *mode)
{
    int a = new_network();
    check(setns(holder, CLONE_NEWNET) == 0);
    autofree struct plan *file = records("dummy d-%.3s 1500\nendpoint a1 n1 %s - d-%.3s %s eth0 02:42:ac:13:00:02 1500\naddress 172.19.0.2/16\n", kind, kind, kind, mode);
    char *problem = attach(file, a);
    if (problem) {
        check(strstr(problem, "this kernel has no devices of kind"));
        free(problem);
    } else {
        check(find(a, "eth0").flags & IFF_UP);
        done(detach(file, a));
        check(find(a, "eth0").index == 0);
    }
    close(a);
}

/* Many at once make one bridge, and nobody is left out. */
static void a_crowd(void)
{
    enum { CROWD = 200, AT_ONCE = 20 };
    static int inside[CROWD];
    for (int i = 0; i < CROWD; i++)
        inside[i] = new_network();
    check(setns(holder, CLONE_NEWNET) == 0);
    for (int part = 0; part < AT_ONCE; part++) {
        pid_t pid = fork();
        check(pid >= 0);
        for (int i = part; pid == 0 && i < CROWD; i += AT_ONCE) {
            autofree struct plan *file = records("bridge br-crowd 2 65520 10.7.0.1/16\nendpoint e n veth vethcrowd%d br-crowd - eth0 02:42:0a:07:01:%02x 65520\naddress 10.7.1.%d/16\n", i, i, i + 1);
            done(attach(file, inside[i]));
        }
        if (pid == 0)
            _exit(0);
    }
    for (int part = 0, status; part < AT_ONCE; part++)
        check(wait(&status) > 0 && status == 0);
    for (int i = 1; i < CROWD; i += 37) {
        autofree char *address = xasprintf("10.7.1.%d", i + 1);
        check(reaches(inside[0], inside[i], address));
    }
    check(find(holder, "br-crowd").group == 2 && find(holder, "br-crowd").mtu == 65520);
    for (int i = 0; i < CROWD; i++)
        close(inside[i]);
}

static void egress_is_seen(void)
{
    autoclose int watch = egress_watch(holder), fd = netlink_open(holder, NETLINK_ROUTE);
    check(watch >= 0 && !egress_is_up(watch));
    struct pollfd wait = { .fd = watch, .events = POLLIN };
    check(link_add(fd, "tap0", "bridge", "", 0, 1500) == 0);
    struct link tap = find(holder, "tap0");
    check(link_address(fd, tap.index, "198.19.255.100/24") == 0 && link_address(fd, tap.index, "198.19.255.100/24") == 0 && link_up(fd, tap.index, true) == 0);
    check(link_default_route(fd, AF_INET, "198.19.255.2", tap.index) == 0);
    check(poll(&wait, 1, 5000) == 1 && egress_is_up(watch) && poll(&wait, 1, 0) == 0);
    check(link_default_route(fd, AF_INET, NULL, 0) == 0 && poll(&wait, 1, 5000) == 1 && !egress_is_up(watch));
}

int main(void)
{
    space_root();
    holder = new_network();
    struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
    autoclose int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    check(ioctl(any, SIOCSIFFLAGS, &loopback) == 0);
    done(firewall_load(holder, "198.19.255.0/24", "198.19.255.3", "fd00::/64", "fd00::3"));
    two_containers_reach_each_other();
    a_hostile_one_is_not_learnt();
    what_cannot_be_is_told();
    children_of_a_parent("macvlan", "bridge");
    children_of_a_parent("ipvlan", "l2");
    a_crowd();
    egress_is_seen();
    return 0;
}
