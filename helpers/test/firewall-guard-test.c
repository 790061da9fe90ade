/*
 * The guard of bridge ports, with real frames. An attacker, a victim and a third one are on one bridge. Each frame of the attacker is sent
 * twice, without the guard and with it: without, every one must arrive, else its absence would show nothing.
 */
#include "check.h"
#include "firewall.h"
#include "link.h"
#include "net-space.h"
#include "util.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#define OWN_MAC "\x02\0\0\0\0\x0a"
#define VICTIM_MAC "\x02\0\0\0\0\x0b"
#define GATEWAY_MAC "\x02\0\0\0\0\x01"
#define FREE_MAC "\x02\0\0\0\0\x77"
#define OWN "\x0a\x09\0\x0a"
#define VICTIM "\x0a\x09\0\x0b"
#define GATEWAY "\x0a\x09\0\x01"
#define FREE "\x0a\x09\0\x4d"
#define NOBODY "\0\0\0\0"
#define NET6 "\xfd\x09\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define OWN6 NET6 "\x0a"
#define VICTIM6 NET6 "\x0b"
#define GATEWAY6 NET6 "\x01"
#define FREE6 NET6 "\x4d"
#define NOBODY6 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define LINK6 "\xfe\x80\0\0\0\0\0\0\0\0\0\xff\xfe\0\0"
#define OWN_LINK6 LINK6 "\x0a"
#define VICTIM_LINK6 LINK6 "\x0b"
#define GATEWAY_LINK6 LINK6 "\x01"

static int home, attacker, victim, third, from, at_victim, at_attacker;

struct frame {
    unsigned char bytes[160];
    size_t size;
};

static void add(struct frame *frame, const void *bytes, size_t size)
{
    memcpy(frame->bytes + frame->size, bytes, size);
    frame->size += size;
}
#define put(frame, literal) add(frame, literal, sizeof literal - 1)

static struct frame ethernet(const char *mac, const char *type)
{
    struct frame frame = { .size = 0 };
    put(&frame, "\xff\xff\xff\xff\xff\xff");
    add(&frame, mac, 6);
    add(&frame, type, 2);
    return frame;
}

static struct frame ip4(const char *mac, const char *source)
{
    struct frame frame = ethernet(mac, "\x08\0");
    put(&frame, "\x45\0\0\x1c\0\1\0\0\x40\x11\0\0");
    add(&frame, source, 4);
    put(&frame, VICTIM "\0\x09\0\x09\0\x08\0\0");
    return frame;
}

static struct frame arp(const char *mac, const char *sender_mac, const char *sender, const char *target)
{
    struct frame frame = ethernet(mac, "\x08\x06");
    put(&frame, "\0\1\x08\0\6\4\0\2");
    add(&frame, sender_mac, 6);
    add(&frame, sender, 4);
    put(&frame, "\0\0\0\0\0\0");
    add(&frame, target, 4);
    return frame;
}

static struct frame ip6(const char *mac, const char *source, char next)
{
    struct frame frame = ethernet(mac, "\x86\xdd");
    put(&frame, "\x60\0\0\0\0\0");
    add(&frame, &next, 1);
    put(&frame, "\xff");
    add(&frame, source, 16);
    put(&frame, "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
    return frame;
}

/* `options` are pairs of a type and a MAC, or a nonce (14). */
static struct frame discovery(const char *source, char type, const char *target, bool extended, const char *options[], size_t count)
{
    struct frame frame = ip6(OWN_MAC, source, extended ? 0 : 58);
    if (extended)
        put(&frame, "\x3a\0\5\2\0\0\1\0");
    add(&frame, &type, 1);
    put(&frame, "\0\0\0\x60\0\0\0");
    if (target)
        add(&frame, target, 16);
    for (size_t i = 0; i < count; i += 2) {
        add(&frame, options[i], 1);
        put(&frame, "\1");
        add(&frame, options[i + 1], 6);
    }
    /* The length of what follows the header: what says more than there is, nobody takes, nor looks into. */
    frame.bytes[14 + 5] = frame.size - 14 - 40;
    return frame;
}
#define nd(source, type, target, ...) discovery(source, (char)(type), target, false, (const char *[]){ __VA_ARGS__ }, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *))

static int listen_at(int netns)
{
    int fd = space_socket(home, netns, AF_PACKET, SOCK_RAW, htons(0x0003));
    space_go(netns);
    struct sockaddr_ll place = { .sll_family = AF_PACKET, .sll_protocol = htons(0x0003), .sll_ifindex = (int)if_nametoindex("eth0") };
    check(bind(fd, (struct sockaddr *)&place, sizeof place) == 0);
    space_go(home);
    return fd;
}

/* Whether `wanted` comes in before the frame with which the sender says that it is done. */
static bool arrives(int at, const struct frame *wanted, const struct frame *last)
{
    for (bool found = false;;) {
        unsigned char bytes[4096];
        struct sockaddr_ll place = { 0 };
        socklen_t length = sizeof place;
        ssize_t got = recvfrom(at, bytes, sizeof bytes, 0, (struct sockaddr *)&place, &length);
        check(got >= 0);
        if (place.sll_pkttype == PACKET_OUTGOING)
            continue;
        found |= (size_t)got == wanted->size && memcmp(bytes, wanted->bytes, wanted->size) == 0;
        if ((size_t)got == last->size && memcmp(bytes, last->bytes, last->size) == 0)
            return found;
    }
}

static void send_frame(int fd, const struct frame *frame)
{
    check(send(fd, frame->bytes, frame->size, 0) == (ssize_t)frame->size);
}

/* A frame that passes in any case, each time another one. */
static struct frame last_frame(void)
{
    static uint32_t number;
    struct frame frame = ip4(OWN_MAC, OWN);
    number++;
    add(&frame, &number, sizeof number);
    return frame;
}

/* A port forwards only some time after its link is up: until then, again and again. */
static void await_port(int sender, int receiver)
{
    struct frame frame = ethernet(FREE_MAC, "\x88\xb6");
    bool came = false;
    while (!came) {
        struct pollfd ready = { receiver, POLLIN, 0 };
        send_frame(sender, &frame);
        while (!came && poll(&ready, 1, 20) > 0) {
            unsigned char bytes[4096];
            struct sockaddr_ll place = { 0 };
            socklen_t length = sizeof place;
            ssize_t got = recvfrom(receiver, bytes, sizeof bytes, 0, (struct sockaddr *)&place, &length);
            came = place.sll_pkttype != PACKET_OUTGOING && got == (ssize_t)frame.size && memcmp(bytes, frame.bytes, frame.size) == 0;
        }
    }
}

static bool guarded;

static void expect(const char *what, bool passes, struct frame frame, struct frame seen)
{
    struct frame last = last_frame();
    send_frame(from, &frame);
    send_frame(from, &last);
    bool came = arrives(at_victim, &seen, &last);
    if (came != (passes || !guarded)) {
        fprintf(stderr, "%s: %s %s\n", what, guarded ? "with the guard it" : "without the guard it", came ? "arrives" : "does not arrive");
        exit(1);
    }
}

static void pass(const char *what, struct frame frame)
{
    expect(what, true, frame, frame);
}

static void stop(const char *what, struct frame frame)
{
    expect(what, false, frame, frame);
}

static void test_ip4(void)
{
    pass("own address", ip4(OWN_MAC, OWN));
    pass("an address that nobody has", ip4(OWN_MAC, FREE));
    pass("no address", ip4(OWN_MAC, NOBODY));
    pass("a MAC and an address that nobody has", ip4(FREE_MAC, FREE));
    stop("the victim's address", ip4(OWN_MAC, VICTIM));
    stop("the gateway's address", ip4(OWN_MAC, GATEWAY));
    stop("the victim's MAC", ip4(VICTIM_MAC, OWN));
    stop("the victim's MAC and address", ip4(VICTIM_MAC, VICTIM));
    stop("the gateway's MAC", ip4(GATEWAY_MAC, FREE));
    stop("the victim's address from a free MAC", ip4(FREE_MAC, VICTIM));
}

static void test_arp(void)
{
    pass("ARP, own", arp(OWN_MAC, OWN_MAC, OWN, VICTIM));
    pass("ARP, probe for an address", arp(OWN_MAC, OWN_MAC, NOBODY, VICTIM));
    pass("ARP, free address", arp(OWN_MAC, OWN_MAC, FREE, FREE));
    stop("ARP, victim's address", arp(OWN_MAC, OWN_MAC, VICTIM, VICTIM));
    stop("ARP, victim's address and MAC", arp(OWN_MAC, VICTIM_MAC, VICTIM, GATEWAY));
    stop("ARP, gateway's address", arp(OWN_MAC, OWN_MAC, GATEWAY, VICTIM));
    stop("ARP, victim's MAC", arp(OWN_MAC, VICTIM_MAC, FREE, VICTIM));
    stop("ARP, all the victim's", arp(VICTIM_MAC, VICTIM_MAC, VICTIM, VICTIM));
    stop("ARP, free MAC for the gateway", arp(FREE_MAC, FREE_MAC, GATEWAY, VICTIM));
}

static void test_ip6(void)
{
    pass("IPv6, own", ip6(OWN_MAC, OWN6, 59));
    pass("IPv6, own link-local", ip6(OWN_MAC, OWN_LINK6, 59));
    pass("IPv6, free", ip6(OWN_MAC, FREE6, 59));
    stop("IPv6, victim's", ip6(OWN_MAC, VICTIM6, 59));
    stop("IPv6, victim's link-local", ip6(OWN_MAC, VICTIM_LINK6, 59));
    stop("IPv6, gateway's", ip6(OWN_MAC, GATEWAY6, 59));
    stop("IPv6, gateway's link-local", ip6(OWN_MAC, GATEWAY_LINK6, 59));
    stop("IPv6, victim's MAC", ip6(VICTIM_MAC, OWN6, 59));
}

static void test_discovery(void)
{
    pass("advertisement, own", nd(OWN6, 136, OWN6, "\2", OWN_MAC));
    pass("advertisement, free", nd(OWN6, 136, FREE6, "\2", OWN_MAC));
    pass("solicitation", nd(OWN6, 135, VICTIM6, "\1", OWN_MAC));
    pass("detection, own", nd(NOBODY6, 135, OWN6, "\16", "\1\2\3\4\5\6"));
    pass("detection, free", nd(NOBODY6, 135, FREE6, "\16", "\1\2\3\4\5\6"));
    pass("router solicitation", nd(OWN_LINK6, 133, NULL, "\1", OWN_MAC));
    stop("advertisement, victim's target", nd(OWN6, 136, VICTIM6, "\2", OWN_MAC));
    stop("advertisement, gateway's target", nd(OWN6, 136, GATEWAY_LINK6, "\2", OWN_MAC));
    stop("advertisement, victim's sender", nd(VICTIM6, 136, VICTIM6, "\2", OWN_MAC));
    stop("advertisement, victim's MAC", nd(OWN6, 136, OWN6, "\2", VICTIM_MAC));
    stop("advertisement, an option before", nd(OWN6, 136, OWN6, "\16", "\1\2\3\4\5\6", "\2", VICTIM_MAC));
    stop("advertisement behind another header", discovery(OWN6, (char)136, VICTIM6, true, (const char *[]){ "\2", OWN_MAC }, 2));
    stop("solicitation, victim's sender", nd(VICTIM6, 135, GATEWAY6, "\1", OWN_MAC));
    stop("solicitation, victim's MAC", nd(OWN6, 135, GATEWAY6, "\1", VICTIM_MAC));
    stop("solicitation, an option before", nd(OWN6, 135, GATEWAY6, "\16", "\1\2\3\4\5\6", "\1", VICTIM_MAC));
    stop("detection, victim's", nd(NOBODY6, 135, VICTIM6, "\16", "\1\2\3\4\5\6"));
    stop("router solicitation, victim's MAC", nd(OWN_LINK6, 133, NULL, "\1", VICTIM_MAC));
    stop("router advertisement", nd(OWN_LINK6, 134, FREE6, "\1", OWN_MAC));
    stop("redirect", nd(OWN_LINK6, 137, FREE6, "\2", OWN_MAC));
}

/* A tagged frame arrives with the tag apart, so what is seen there has none. */
static struct frame tagged(const char *tag, struct frame frame)
{
    memmove(frame.bytes + 16, frame.bytes + 12, frame.size - 12);
    memcpy(frame.bytes + 12, tag, 2);
    memcpy(frame.bytes + 14, "\0", 2);
    frame.size += 4;
    return frame;
}

static void test_ethernet(void)
{
    struct frame other = ethernet(OWN_MAC, "\x88\xb5"), of_victim = ethernet(VICTIM_MAC, "\x88\xb5"), address = ip4(OWN_MAC, VICTIM);
    pass("another protocol", other);
    stop("another protocol, victim's MAC", of_victim);
    expect("a VLAN tag", false, tagged("\x81\0", address), address);
    expect("a service VLAN tag", false, tagged("\x88\xa8", address), address);
}

/* Frames for the bridge itself are learnt from as well: who gets what is then sent to the victim? */
static void test_stealing(void)
{
    struct frame reserved = ethernet(VICTIM_MAC, "\x88\xcc"), greeting = ethernet(VICTIM_MAC, "\x88\xb5"), word = ip4("\x02\0\0\0\0\x0c", "\x0a\x09\0\x0c");
    autoclose int by_victim = listen_at(victim), by_third = listen_at(third);
    send_frame(by_victim, &greeting);
    check(!arrives(by_third, &reserved, &greeting));
    memcpy(reserved.bytes, "\x01\x80\xc2\0\0\x0e", 6);
    send_frame(from, &reserved);
    memcpy(word.bytes, VICTIM_MAC, 6);
    send_frame(by_third, &word);
    check(!arrives(guarded ? at_victim : at_attacker, &reserved, &word));
}

static void test_all(void)
{
    test_ip4();
    test_arp();
    test_ip6();
    test_discovery();
    test_ethernet();
    test_stealing();
}

static int plug(const char *name, char last)
{
    int netns = space_new();
    space_run(home, "ip link add %s type veth peer name eth0 address 02:00:00:00:00:0%c netns /proc/%d/fd/%d", name, last, getpid(), netns);
    space_run(netns, "sysctl -q net.ipv6.conf.eth0.disable_ipv6=1; ip link set eth0 up");
    space_go(home);
    return netns;
}

static void admit(const char *name, const char *mac, const char *address, const char *address6)
{
    autofree char *wrong = firewall_admit(-1, if_nametoindex(name), mac, (const char *[]){ address, address6 }, 2);
    if (wrong)
        fprintf(stderr, "%s\n", wrong);
    check(!wrong);
}

/* Where br_netfilter is loaded it drops what has no checksum, and would do so with or without the guard. Loading the firewall turns it off. */
static void set_bridge_netfilter(const char *value)
{
    write_file(AT_FDCWD, "/proc/sys/net/bridge/bridge-nf-call-iptables", value);
    write_file(AT_FDCWD, "/proc/sys/net/bridge/bridge-nf-call-ip6tables", value);
}

/* Enslaves all ports anew and waits until they forward. */
static void connect_ports(void)
{
    autoclose int by_third = listen_at(third);
    space_run(home, "sysctl -q net.ipv6.conf.br1.disable_ipv6=1; ip link set br1 type bridge mcast_snooping 0 && ip link set br1 up && for port in va vb vc; do ip link set $port master br1 up; done");
    await_port(from, at_victim);
    await_port(at_victim, at_attacker);
    await_port(at_attacker, by_third);
}

static void load(void)
{
    autofree char *wrong = firewall_load(-1, "198.19.255.0/24", "198.19.255.3", "fd00::/64", "fd00::3");
    check(!wrong);
}

int main(void)
{
    home = space_enter();
    set_bridge_netfilter("0");
    attacker = plug("va", 'a');
    victim = plug("vb", 'b');
    third = plug("vc", 'c');
    from = listen_at(attacker);
    at_attacker = listen_at(attacker);
    at_victim = listen_at(victim);
    space_run(home, "ip link add br1 address 02:00:00:00:00:01 type bridge");
    connect_ports();
    test_all();
    /* And now as skiff does it. */
    autoclose int routes = netlink_open(-1, NETLINK_ROUTE);
    check(link_delete(routes, "br1") == 0 && link_add(routes, "br1", "bridge", "02:00:00:00:00:01", 1, 1500) == 0);
    connect_ports();
    set_bridge_netfilter("1");
    load();
    admit("br1", "02:00:00:00:00:01", "10.9.0.1/16", "fd09::1/64");
    admit("va", "02:00:00:00:00:0a", "10.9.0.10/16", "fd09::a/64");
    admit("vb", "02:00:00:00:00:0b", "10.9.0.11/16", "fd09::b/64");
    admit("vc", "02:00:00:00:00:0c", "10.9.0.12/16", "fd09::c/64");
    guarded = true;
    test_all();
    /* Loading again takes nobody's protection. */
    load();
    test_all();
    return 0;
}
