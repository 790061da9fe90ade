/*
 * The firewall between networks, with real connections: two bridges with egress, an internal one, slirp4netns' side and the outside
 * played by another namespace behind tap0. And who owns what when many come and go at once.
 */
#include "check.h"
#include "firewall.h"
#include "firewall-rules.h"
#include "net-space.h"
#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int home, near, neighbour, far, internal, outside;

static struct sockaddr_storage place_of(const char *address, int port, socklen_t *size)
{
    struct sockaddr_storage place = { 0 };
    if (strchr(address, ':')) {
        struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
        check(inet_pton(AF_INET6, address, &six.sin6_addr) == 1);
        memcpy(&place, &six, *size = sizeof six);
    } else {
        struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
        check(inet_pton(AF_INET, address, &four.sin_addr) == 1);
        memcpy(&place, &four, *size = sizeof four);
    }
    return place;
}

static int listener(int netns, const char *address, int port)
{
    socklen_t size;
    struct sockaddr_storage place = place_of(address, port, &size);
    int fd = space_socket(home, netns, place.ss_family, SOCK_STREAM, 0), one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    check(bind(fd, (struct sockaddr *)&place, size) == 0 && listen(fd, 8) == 0);
    return fd;
}

/* A connection from `netns`; -1 with errno. `client` is what it comes from, by IP_TRANSPARENT, or NULL. */
static int dial(int netns, const char *client, const char *address, int port)
{
    socklen_t size;
    struct sockaddr_storage place = place_of(address, port, &size);
    int fd = space_socket(home, netns, place.ss_family, SOCK_STREAM, 0), one = 1;
    if (client) {
        socklen_t length;
        struct sockaddr_storage source = place_of(client, 40000, &length);
        bool v6 = source.ss_family == AF_INET6;
        check(setsockopt(fd, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, &one, sizeof one) == 0);
        check(bind(fd, (struct sockaddr *)&source, length) == 0);
    }
    if (connect(fd, (struct sockaddr *)&place, size) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* Connections that are to fail: the kernel sees a refusal only at its second try, after a second, so all are under way at once. */
static struct attempt {
    int fd, port, error;
    const char *address;
} attempts[16];
static size_t under_way;

static void refuses(int netns, const char *address, int port, int error)
{
    socklen_t size;
    struct sockaddr_storage place = place_of(address, port, &size);
    check(under_way < sizeof attempts / sizeof *attempts);
    int fd = space_socket(home, netns, place.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int result = connect(fd, (struct sockaddr *)&place, size);
    check(result < 0 && (errno == EINPROGRESS || errno == error));
    attempts[under_way++] = (struct attempt){ errno == EINPROGRESS ? fd : -1, port, error, address };
}

static void await_refusals(void)
{
    for (; under_way > 0; under_way--) {
        struct attempt *attempt = attempts + under_way - 1;
        struct pollfd ready = { attempt->fd, POLLOUT, 0 };
        int error = attempt->error;
        socklen_t size = sizeof error;
        if (attempt->fd >= 0)
            check(poll(&ready, 1, -1) == 1 && getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0);
        if (error != attempt->error) {
            fprintf(stderr, "%s port %d: %s, not %s\n", attempt->address, attempt->port, error == 0 ? "connected" : errno_words(error), errno_words(attempt->error));
            exit(1);
        }
        close_fd(&attempt->fd);
    }
}

/* Takes the connection at the other side, where it must seem to come from `source`, and says something in both directions. */
static void converse(int listening, int fd, const char *source)
{
    char text[INET6_ADDRSTRLEN], bytes[4];
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    check(fd >= 0);
    autoclose int other = accept(listening, (struct sockaddr *)&from, &size);
    check(other >= 0);
    const void *address = from.ss_family == AF_INET6 ? (void *)&((struct sockaddr_in6 *)&from)->sin6_addr : (void *)&((struct sockaddr_in *)&from)->sin_addr;
    check_text(inet_ntop(from.ss_family, address, text, sizeof text), source);
    check(write(fd, "ping", 4) == 4 && read(other, bytes, 4) == 4 && memcmp(bytes, "ping", 4) == 0);
    check(write(other, "pong", 4) == 4 && read(fd, bytes, 4) == 4 && memcmp(bytes, "pong", 4) == 0);
    close(fd);
}

static void plug(int netns, const char *bridge, int subnet, int host)
{
    space_run(home, "ip link add v%d.%d type veth peer name eth0 netns /proc/%d/fd/%d && ip link set v%d.%d master %s up", subnet, host, getpid(), netns, subnet, host, bridge);
    space_run(netns, "ip link set eth0 up && ip address add 10.%d.0.%d/16 dev eth0 && ip -6 address add fd0%d::%d/64 dev eth0 nodad && "
              "ip route add default via 10.%d.0.1 && ip -6 route add default via fd0%d::1", subnet, host, subnet, host, subnet, subnet);
    space_go(home);
}

static void build(void)
{
    home = space_enter();
    near = space_new(), neighbour = space_new(), far = space_new(), internal = space_new(), outside = space_new();
    space_run(home, "sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0");
    for (int i = 1; i <= 3; i++)
        space_run(home, "ip link add br%d type bridge && ip link set br%d group %d up && ip address add 10.%d.0.1/16 dev br%d && ip -6 address add fd0%d::1/64 dev br%d nodad",
                  i, i, i == 3 ? 2 : 1, i, i, i, i);
    plug(near, "br1", 1, 2);
    plug(neighbour, "br1", 1, 3);
    plug(far, "br2", 2, 2);
    plug(internal, "br3", 3, 2);
    space_run(home, "ip link add tap0 type veth peer name eth0 netns /proc/%d/fd/%d && ip link set tap0 up && ip address add 198.19.255.100/24 dev tap0 && "
              "ip -6 address add fd00::100/64 dev tap0 nodad", getpid(), outside);
    space_run(outside, "ip link set eth0 up && for i in 2 3; do ip address add 198.19.255.$i/24 dev eth0; ip -6 address add fd00::$i/64 dev eth0 nodad; done; "
              "ip address add 203.0.113.5/32 dev eth0; ip -6 address add 2001:db8::5/128 dev eth0 nodad; ip route add 10.0.0.0/8 via 198.19.255.100");
    space_run(home, "ip route add default via 198.19.255.2 && ip -6 route add default via fd00::2");
}

/* A bridge's port forwards only some time after its link is up. */
static void await(int netns, const char *address)
{
    while (dial(netns, NULL, address, 9) >= 0 || errno != ECONNREFUSED)
        ;
}

static void send_echo(int fd, const char *address)
{
    static const unsigned char request[8] = { 8, 0, 0xf7, 0xff };
    socklen_t size;
    struct sockaddr_storage place = place_of(address, 0, &size);
    check(sendto(fd, request, sizeof request, 0, (struct sockaddr *)&place, size) == sizeof request);
}

/* Of two addresses the second answers an echo, and until then the first has not. */
static void test_echo(const char *silent, const char *address)
{
    autoclose int fd = space_socket(home, near, AF_INET, SOCK_RAW, IPPROTO_ICMP);
    char text[INET_ADDRSTRLEN] = "";
    send_echo(fd, silent);
    send_echo(fd, address);
    while (strcmp(text, address) != 0) {
        unsigned char bytes[256];
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        check(recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size) > 20);
        if (bytes[20] == 0)
            inet_ntop(AF_INET, &from.sin_addr, text, sizeof text);
        check(strcmp(text, silent) != 0);
    }
}

static void test_networks(void)
{
    autoclose int at_far = listener(far, "0.0.0.0", 80), at_far6 = listener(far, "::", 81), at_neighbour = listener(neighbour, "0.0.0.0", 80), at_internal = listener(internal, "0.0.0.0", 80),
                  of_holder = listener(home, "0.0.0.0", 90), of_holder6 = listener(home, "::", 91);
    converse(at_neighbour, dial(near, NULL, "10.1.0.3", 80), "10.1.0.2");
    refuses(near, "10.2.0.2", 80, EHOSTUNREACH);
    refuses(near, "fd02::2", 81, EACCES);
    refuses(near, "10.3.0.2", 80, EHOSTUNREACH);
    refuses(internal, "10.1.0.2", 80, EHOSTUNREACH);
    /* What listens in the namespace itself: at its own gateway, at another network's, at slirp4netns' side. */
    refuses(near, "10.1.0.1", 90, ECONNREFUSED);
    refuses(near, "10.2.0.1", 90, ECONNREFUSED);
    refuses(near, "198.19.255.100", 90, ECONNREFUSED);
    refuses(near, "fd01::1", 91, ECONNREFUSED);
    refuses(internal, "10.3.0.1", 90, ECONNREFUSED);
    test_echo("10.2.0.1", "10.1.0.1");
    await_refusals();
}

static void test_egress(void)
{
    autoclose int web = listener(outside, "0.0.0.0", 80), web6 = listener(outside, "::", 81), dns = listener(outside, "198.19.255.3", 53), dns6 = listener(outside, "fd00::3", 53),
                  loopback = listener(outside, "198.19.255.2", 53), at_near = listener(near, "0.0.0.0", 80);
    converse(web, dial(near, NULL, "203.0.113.5", 80), "198.19.255.100");
    converse(web6, dial(near, NULL, "2001:db8::5", 81), "fd00::100");
    converse(dns, dial(near, NULL, "198.19.255.3", 53), "198.19.255.100");
    converse(dns6, dial(near, NULL, "fd00::3", 53), "fd00::100");
    refuses(near, "198.19.255.2", 53, EHOSTUNREACH);
    refuses(near, "198.19.255.2", 80, EHOSTUNREACH);
    refuses(near, "198.19.255.3", 80, EHOSTUNREACH);
    refuses(near, "fd00::2", 81, EACCES);
    refuses(near, "fd00::3", 81, EACCES);
    refuses(internal, "203.0.113.5", 80, EHOSTUNREACH);
    refuses(internal, "198.19.255.3", 53, EHOSTUNREACH);
    refuses(internal, "2001:db8::5", 81, EACCES);
    /* Nobody comes in from there, who does not answer. */
    refuses(outside, "10.1.0.2", 80, EHOSTUNREACH);
    await_refusals();
}

static void test_transparent(void)
{
    autoclose int web = listener(near, "0.0.0.0", 80), web6 = listener(near, "::", 81);
    converse(web, dial(home, "203.0.113.7", "10.1.0.2", 80), "203.0.113.7");
    converse(web6, dial(home, "2001:db8::7", "fd01::2", 81), "2001:db8::7");
}

struct tally {
    unsigned count, of_two;
};

static void count(const void *key, size_t size, void *context)
{
    struct tally *tally = context;
    unsigned ifindex;
    check(size >= 4);
    memcpy(&ifindex, key, sizeof ifindex);
    tally->count++;
    tally->of_two += ifindex == 2;
}

static struct tally tally(const char *set)
{
    struct tally tally = { 0 };
    autoclose int fd = netlink_open(-1, NETLINK_NETFILTER);
    check(nft_elements(fd, AF_BRIDGE, FIREWALL_TABLE, set, count, &tally) == 0);
    return tally;
}

static void admit(unsigned ifindex, int number)
{
    autofree char *mac = xasprintf("02:42:00:00:%02x:%02x", number >> 8, number & 0xff), *address = xasprintf("10.9.%d.%d/16", number >> 8, number & 0xff),
                  *wrong = firewall_admit(-1, ifindex, mac, (const char *const[]){ address }, 1);
    if (wrong)
        fprintf(stderr, "%s\n", wrong);
    check(!wrong);
}

static void test_reuse(void)
{
    /* Its address is another's before it is swept: that one stays protected. */
    admit(1000, 7);
    admit(1001, 7);
    firewall_sweep(-1, 1000);
    check(tally(FIREWALL_OWNED4).count == 1 && tally(FIREWALL_LEASED4).count == 1 && tally(FIREWALL_LEASED).count == 1);
    firewall_sweep(-1, 1000);
    check(tally(FIREWALL_OWNED).count == 1);
    admit(2, 8);
    firewall_sweep(-1, 0);
    check(tally(FIREWALL_OWNED4).count == 1 && tally(FIREWALL_OWNED4).of_two == 1 && tally(FIREWALL_LEASED4).count == 1);
    firewall_sweep(-1, 2);
    check(tally(FIREWALL_OWNED).count == 0 && tally(FIREWALL_OWNED6).count == 0 && tally(FIREWALL_LEASED).count == 0 && tally(FIREWALL_LEASED6).count == 0);
}

/* Several at once: each one's port of before is swept while others are admitted. */
static void test_crowd(void)
{
    enum { PROCESSES = 4, ROUNDS = 40 };
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        check(children[i] >= 0);
        if (children[i] > 0)
            continue;
        for (int round = 0; round < ROUNDS; round++) {
            admit(10000 + i * ROUNDS + round, i * ROUNDS + round);
            if (round % 2)
                firewall_sweep(-1, 10000 + i * ROUNDS + round - 1);
        }
        _exit(0);
    }
    for (int i = 0, status; i < PROCESSES; i++)
        check(waitpid(children[i], &status, 0) == children[i] && status == 0);
    check(tally(FIREWALL_OWNED).count == PROCESSES * ROUNDS / 2 && tally(FIREWALL_LEASED4).count == PROCESSES * ROUNDS / 2);
    firewall_sweep(-1, 0);
    check(tally(FIREWALL_OWNED6).count == 0 && tally(FIREWALL_LEASED6).count == 0);
}

static void test_mistakes(void)
{
    autofree char *address = firewall_admit(-1, 1, "02:42:00:00:00:01", (const char *const[]){ "10.0.0.300/8" }, 1), *mac = firewall_admit(-1, 1, "02:42:00:00:00", NULL, 0),
                  *cidr = firewall_load(-1, "fd00::/64", "198.19.255.3", "fd00::/64", "fd00::3");
    check_text(address, "10.0.0.300/8 is no address");
    check_text(mac, "02:42:00:00:00 is no MAC address");
    check_text(cidr, "the firewall of networks cannot be loaded: fd00::/64 is no address of IPv4");
    check(tally(FIREWALL_OWNED).count == 0);
}

/* A kernel without nf_tables, played by a filter that refuses the socket as such a kernel does. */
static void test_without_nf_tables(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NETLINK_NETFILTER, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPROTONOSUPPORT),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof code / sizeof *code, code };
    int status;
    pid_t child = fork();
    check(child >= 0);
    if (child == 0) {
        check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
        autofree char *wrong = firewall_load(-1, "198.19.255.0/24", "198.19.255.3", "fd00::/64", "fd00::3");
        check_text(wrong, "the firewall of networks cannot be loaded: this kernel has no nf_tables (a netlink socket: Protocol not supported); have its module loaded, or use --network slirp4netns");
        firewall_sweep(-1, 0);
        _exit(0);
    }
    check(waitpid(child, &status, 0) == child && status == 0);
}

int main(void)
{
    build();
    firewall_sweep(-1, 0);
    for (int i = 0; i < 2; i++) {
        autofree char *wrong = firewall_load(-1, "198.19.255.0/24", "198.19.255.3", "fd00::/64", "fd00::3");
        if (wrong)
            fprintf(stderr, "%s\n", wrong);
        check(!wrong);
    }
    await(near, "10.1.0.3");
    await(near, "10.1.0.1");
    await(far, "10.2.0.1");
    await(internal, "10.3.0.1");
    test_networks();
    test_egress();
    test_transparent();
    test_reuse();
    test_crowd();
    test_mistakes();
    test_without_nf_tables();
    return 0;
}
