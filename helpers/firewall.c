#include "firewall.h"
#include "firewall-rules.h"
#include "netlink.h"
#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static char *refused(const char *what, int error)
{
    if (error == -EPROTONOSUPPORT || error == -EAFNOSUPPORT || error == -EOPNOTSUPP)
        return xasprintf("the firewall of networks cannot be loaded: this kernel has no nf_tables (%s: %s); have its module loaded, or use --network slirp4netns",
                         what, errno_words(-error));
    if (error == -ENOENT)
        return xasprintf("the firewall of networks cannot be loaded: this kernel's nf_tables lacks what %s needs (modules nft_fib_inet, nft_socket, nft_masq, nft_reject_inet, nft_ct); "
                         "use --network slirp4netns", what);
    return xasprintf("the firewall of networks cannot be loaded: the kernel refuses %s: %s; --network slirp4netns does without it", what, errno_words(-error));
}

/* "10.0.0.1/8" or without prefix; the prefix is then that of one address. False when it is none. */
static bool parse_address(const char *text, int *family, unsigned char *address, unsigned *prefix)
{
    char plain[INET6_ADDRSTRLEN];
    size_t length = strcspn(text, "/");
    if (length >= sizeof plain)
        return false;
    memcpy(plain, text, length);
    plain[length] = '\0';
    *family = strchr(plain, ':') ? AF_INET6 : AF_INET;
    unsigned most = *family == AF_INET6 ? 128 : 32;
    *prefix = most;
    if (text[length] == '/') {
        char *end;
        unsigned long value = strtoul(text + length + 1, &end, 10);
        if (end == text + length + 1 || *end != '\0' || value > most)
            return false;
        *prefix = value;
    }
    return inet_pton(*family, plain, address) == 1;
}

static bool parse_mac(const char *text, unsigned char *mac)
{
    unsigned bytes[6];
    int end = 0;
    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", bytes, bytes + 1, bytes + 2, bytes + 3, bytes + 4, bytes + 5, &end) != 6 || text[end] != '\0')
        return false;
    for (int i = 0; i < 6; i++)
        mac[i] = bytes[i];
    return true;
}

static char *parse_egress(struct firewall_egress *egress, const char *cidr, const char *dns, const char *cidr6, const char *dns6)
{
    const struct {
        const char *text;
        int family;
        unsigned char *to;
        unsigned *prefix;
    } parts[] = { { cidr, AF_INET, egress->network4, &egress->prefix4 }, { dns, AF_INET, egress->dns4, NULL },
                  { cidr6, AF_INET6, egress->network6, &egress->prefix6 }, { dns6, AF_INET6, egress->dns6, NULL } };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        unsigned char address[16];
        unsigned prefix;
        int family;
        if (!parse_address(parts[i].text, &family, address, &prefix) || family != parts[i].family)
            return xasprintf("the firewall of networks cannot be loaded: %s is no address of IPv%d", parts[i].text, parts[i].family == AF_INET ? 4 : 6);
        memcpy(parts[i].to, address, family == AF_INET ? 4 : 16);
        if (parts[i].prefix)
            *parts[i].prefix = prefix;
    }
    return NULL;
}

/* What is marked is local: `ip rule add fwmark 1 lookup 100`, `ip route add local default dev lo table 100`. */
static int add_policy_routes(int fd, unsigned char family, unsigned loopback)
{
    struct fib_rule_hdr rule = { .family = family, .action = FR_ACT_TO_TBL, .table = FIREWALL_ROUTES };
    struct rtmsg route = { .rtm_family = family, .rtm_table = FIREWALL_ROUTES, .rtm_protocol = RTPROT_STATIC, .rtm_scope = RT_SCOPE_HOST, .rtm_type = RTN_LOCAL };
    autonetlink struct netlink rules = { 0 }, routes = { 0 };
    netlink_start(&rules, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &rule, sizeof rule);
    netlink_put_u32(&rules, FRA_FWMARK, FIREWALL_MARK);
    netlink_put_u32(&rules, FRA_TABLE, FIREWALL_ROUTES);
    netlink_put_u32(&rules, FRA_PRIORITY, FIREWALL_ROUTES);
    int result = netlink_talk(fd, &rules, NULL);
    /* A kernel without IPv6 needs none of it. */
    if (family == AF_INET6 && (result == -EAFNOSUPPORT || result == -EOPNOTSUPP))
        return 0;
    if (result < 0 && result != -EEXIST)
        return result;
    netlink_start(&routes, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK, &route, sizeof route);
    netlink_put_u32(&routes, RTA_OIF, loopback);
    result = netlink_talk(fd, &routes, NULL);
    return result == -EEXIST ? 0 : result;
}

/* Settings are those of the opener's namespace. What the kernel does not have need not be set. */
static void change_settings(int netns)
{
    static const struct {
        const char *path, *value;
    } settings[] = {
        /* br_netfilter would show every bridged frame to the rules of forwarding, and cost as much. */
        { "bridge/bridge-nf-call-iptables", "0" },
        { "bridge/bridge-nf-call-ip6tables", "0" },
        { "bridge/bridge-nf-call-arptables", "0" },
        /* A client of a published port that comes back from the port that it had is let in, though the connection before is not forgotten for a minute. */
        { "ipv4/tcp_tw_reuse", "1" },
        /* What the sockets of published ports send stays on this machine: the pacing of the host's choice (BBR) halves their throughput for nothing. */
        { "ipv4/tcp_congestion_control", "reno" },
    };
    autoclose int own = netns < 0 ? -1 : open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (netns >= 0 && (own < 0 || setns(netns, CLONE_NEWNET) < 0))
        return;
    autoclose int directory = open("/proc/sys/net", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; directory >= 0 && i < sizeof settings / sizeof *settings; i++)
        write_file(directory, settings[i].path, settings[i].value);
    if (own >= 0 && setns(own, CLONE_NEWNET) < 0)
        die_errno("cannot return to the network namespace");
}

char *firewall_load(int netns, const char *cidr, const char *dns, const char *cidr6, const char *dns6)
{
    struct firewall_egress egress;
    char *wrong = parse_egress(&egress, cidr, dns, cidr6, dns6);
    if (wrong)
        return wrong;
    autoclose int fd = netlink_open(netns, NETLINK_NETFILTER);
    if (fd < 0)
        return refused("a netlink socket", -errno);
    autonft struct nft nft = { 0 };
    const char *place;
    nft_begin(&nft, 0);
    firewall_rules(&nft, &egress);
    int result = nft_commit(&nft, fd, &place);
    if (result < 0)
        return refused(place, result);
    autoclose int routes = netlink_open(netns, NETLINK_ROUTE);
    /* lo is the first link of every network namespace. */
    if (routes < 0 || (result = add_policy_routes(routes, AF_INET, 1)) < 0 || (result = add_policy_routes(routes, AF_INET6, 1)) < 0)
        return xasprintf("the routes of published ports cannot be set: %s; use --network slirp4netns", errno_words(routes < 0 ? errno : -result));
    change_settings(netns);
    firewall_sweep(netns, 0);
    return NULL;
}

/* A key of the sets of what is owned: all of it, or the first 12 bytes. */
struct owner {
    unsigned ifindex;
    unsigned char mac[8], address[16];
};
enum { OWNER_MAC = 12 };

static void own(struct nft *nft, bool add, const struct owner *owner, size_t size)
{
    nft_element(nft, add, size == 4 ? FIREWALL_OWNED4 : size == 16 ? FIREWALL_OWNED6 : FIREWALL_OWNED, owner, OWNER_MAC + size);
}

static void lease(struct nft *nft, bool add, const struct owner *owner, size_t size)
{
    nft_element(nft, add, size == 4 ? FIREWALL_LEASED4 : size == 16 ? FIREWALL_LEASED6 : FIREWALL_LEASED, size == 0 ? owner->mac : owner->address, size == 0 ? 6 : size);
}

static void own_and_lease(struct nft *nft, const struct owner *owner, size_t size)
{
    own(nft, true, owner, size);
    lease(nft, true, owner, size);
}

static void link_local(struct owner *owner)
{
    const unsigned char *mac = owner->mac;
    const unsigned char address[16] = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5] };
    memcpy(owner->address, address, sizeof address);
}

char *firewall_admit(int netns, unsigned ifindex, const char *mac, const char *const *cidrs, size_t count)
{
    struct owner owner = { .ifindex = ifindex };
    autonft struct nft nft = { .family = AF_BRIDGE, .table = FIREWALL_TABLE };
    if (!parse_mac(mac, owner.mac))
        return xasprintf("%s is no MAC address", mac);
    nft_begin(&nft, 0);
    own_and_lease(&nft, &owner, 0);
    link_local(&owner);
    own_and_lease(&nft, &owner, 16);
    for (size_t i = 0; i < count; i++) {
        int family;
        unsigned prefix;
        if (!parse_address(cidrs[i], &family, owner.address, &prefix))
            return xasprintf("%s is no address", cidrs[i]);
        own_and_lease(&nft, &owner, family == AF_INET ? 4 : 16);
    }
    autoclose int fd = netlink_open(netns, NETLINK_NETFILTER);
    if (fd < 0)
        return refused("a netlink socket", -errno);
    const char *place;
    int result = nft_commit(&nft, fd, &place);
    return result < 0 ? xasprintf("the addresses of %s cannot be protected: set %s of the firewall: %s", mac, place, errno_words(-result)) : NULL;
}

/* What the sets of one size hold. */
struct owners {
    struct owner *list;
    size_t count, room, size;
};

static void take_owner(const void *key, size_t size, void *context)
{
    struct owners *owners = context;
    if (size != OWNER_MAC + owners->size)
        return;
    if (owners->count == owners->room) {
        owners->room = owners->room * 2 + 16;
        struct owner *list = realloc(owners->list, owners->room * sizeof *list);
        if (!list)
            die("out of memory");
        owners->list = list;
    }
    struct owner *owner = owners->list + owners->count++;
    memset(owner, 0, sizeof *owner);
    memcpy(owner, key, size);
}

static bool is_gone(int routes, unsigned ifindex)
{
    struct ifreq request = { .ifr_ifindex = (int)ifindex };
    return ioctl(routes, SIOCGIFNAME, &request) < 0 && errno == ENODEV;
}

static bool same_lease(const struct owner *one, const struct owner *other, size_t size)
{
    return size == 0 ? memcmp(one->mac, other->mac, 6) == 0 : memcmp(one->address, other->address, size) == 0;
}

/* Puts those that go to the front; how many they are. */
static size_t part(struct owners *owners, int routes, unsigned ifindex)
{
    size_t going = 0;
    for (size_t i = 0; i < owners->count; i++)
        if (ifindex != 0 ? owners->list[i].ifindex == ifindex : is_gone(routes, owners->list[i].ifindex)) {
            struct owner owner = owners->list[i];
            owners->list[i] = owners->list[going];
            owners->list[going++] = owner;
        }
    return going;
}

/* Takes one size's elements back. An address is free only when no port that stays has it: the next container may have it already. */
static size_t take_back(struct nft *nft, const struct owners *owners, size_t going)
{
    for (size_t i = 0; i < going; i++) {
        const struct owner *owner = owners->list + i;
        bool last = true;
        own(nft, false, owner, owners->size);
        for (size_t j = i + 1; j < owners->count && last; j++)
            last = !same_lease(owner, owners->list + j, owners->size);
        if (last)
            lease(nft, false, owner, owners->size);
    }
    return going;
}

/* One try: -ERESTART or -EINTR when somebody else has changed something meanwhile. */
static int sweep(int fd, int routes, unsigned ifindex)
{
    static const struct {
        const char *set;
        size_t size;
    } sets[] = { { FIREWALL_OWNED, 0 }, { FIREWALL_OWNED4, 4 }, { FIREWALL_OWNED6, 16 } };
    autonft struct nft nft = { .family = AF_BRIDGE, .table = FIREWALL_TABLE };
    uint32_t generation;
    size_t going = 0;
    int result = nft_generation(fd, &generation);
    if (result < 0)
        return result;
    nft_begin(&nft, generation);
    for (size_t i = 0; i < sizeof sets / sizeof *sets && result == 0; i++) {
        struct owners owners = { .size = sets[i].size };
        result = nft_elements(fd, AF_BRIDGE, FIREWALL_TABLE, sets[i].set, take_owner, &owners);
        if (result == 0)
            going += take_back(&nft, &owners, part(&owners, routes, ifindex));
        free(owners.list);
    }
    const char *place;
    return result < 0 || going == 0 ? result : nft_commit(&nft, fd, &place);
}

void firewall_sweep(int netns, unsigned ifindex)
{
    autoclose int fd = netlink_open(netns, NETLINK_NETFILTER), routes = netlink_open(netns, NETLINK_ROUTE);
    if (fd < 0 || routes < 0)
        return;
    /* Others change the rules between two looks at most as often as containers start. */
    for (int tries = 0; tries < 1000; tries++) {
        int result = sweep(fd, routes, ifindex);
        if (result != -ERESTART && result != -EINTR)
            return;
    }
}
