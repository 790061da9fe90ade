#include "link.h"
#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A bridge's limit to what it learns of ports, since Linux 6.7 (`IFLA_BR_FDB_MAX_LEARNED`); earlier ones do not look at it. */
enum { BRIDGE_FDB_MAX_LEARNED = IFLA_BR_MCAST_QUERIER_STATE + 2, MOST_LEARNED = 4096 };

static void put_mac(struct netlink *out, uint16_t type, const char *text)
{
    unsigned char mac[6];
    if (text[0] == 0)
        return;
    if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) != 6)
        die("%s is no MAC address", text);
    netlink_put(out, type, mac, sizeof mac);
}

static int talk_and_free(int fd, struct netlink *out)
{
    int result = netlink_talk(fd, out, NULL);
    netlink_free(out);
    return result;
}

static struct netlink link_request(uint16_t type, uint16_t flags, struct ifinfomsg information)
{
    struct netlink out = { 0 };
    netlink_start(&out, type, flags | NLM_F_ACK, &information, sizeof information);
    return out;
}

static bool is_forwarding(const unsigned char *attributes, size_t size)
{
    size_t length;
    const void *information = netlink_find(attributes, size, IFLA_LINKINFO, &length);
    const void *port = information ? netlink_find(information, length, IFLA_INFO_SLAVE_DATA, &length) : NULL;
    const unsigned char *state = port ? netlink_find(port, length, IFLA_BRPORT_STATE, &length) : NULL;
    return state && length == 1 && *state == BR_STATE_FORWARDING;
}

static bool take_link(const struct nlmsghdr *message, void *context)
{
    struct link *link = context;
    const struct ifinfomsg *information = NLMSG_DATA(message);
    if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_LENGTH(sizeof *information))
        return true;
    const unsigned char *attributes = (const unsigned char *)information + NLMSG_ALIGN(sizeof *information);
    size_t size = message->nlmsg_len - NLMSG_SPACE(sizeof *information), length;
    const void *group = netlink_find(attributes, size, IFLA_GROUP, &length);
    if (group && length == sizeof link->group)
        memcpy(&link->group, group, sizeof link->group);
    const void *mtu = netlink_find(attributes, size, IFLA_MTU, &length);
    if (mtu && length == sizeof link->mtu)
        memcpy(&link->mtu, mtu, sizeof link->mtu);
    const unsigned char *state = netlink_find(attributes, size, IFLA_OPERSTATE, &length);
    link->carries = state && length == 1 && *state == IF_OPER_UP;
    link->forwarding = is_forwarding(attributes, size);
    link->index = (unsigned)information->ifi_index;
    link->flags = information->ifi_flags;
    return true;
}

int link_find(int fd, const char *name, struct link *link)
{
    struct ifinfomsg information = { .ifi_family = AF_UNSPEC };
    autonetlink struct netlink out = { 0 };
    *link = (struct link){ 0 };
    netlink_start(&out, RTM_GETLINK, 0, &information, sizeof information);
    netlink_put_text(&out, IFLA_IFNAME, name);
    int result = netlink_ask(fd, &out, take_link, link);
    return result < 0 ? result : link->index ? 0 : -ENODEV;
}

int link_delete(int fd, const char *name)
{
    struct netlink out = link_request(RTM_DELLINK, 0, (struct ifinfomsg){ 0 });
    netlink_put_text(&out, IFLA_IFNAME, name);
    return talk_and_free(fd, &out);
}

int link_up(int fd, unsigned index, bool up)
{
    struct ifinfomsg information = { .ifi_index = (int)index, .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP };
    struct netlink out = link_request(RTM_NEWLINK, 0, information);
    return talk_and_free(fd, &out);
}

void link_without_ipv6(int fd, unsigned index)
{
    struct netlink out = link_request(RTM_NEWLINK, 0, (struct ifinfomsg){ .ifi_index = (int)index });
    uint8_t none = IN6_ADDR_GEN_MODE_NONE;
    size_t specific = netlink_nest(&out, IFLA_AF_SPEC), family = netlink_nest(&out, AF_INET6);
    netlink_put(&out, IFLA_INET6_ADDR_GEN_MODE, &none, sizeof none);
    netlink_end(&out, family);
    netlink_end(&out, specific);
    talk_and_free(fd, &out);
}

/* A new device's message, up to its kind, whose data may follow; both nests are returned. */
static struct netlink new_link(const char *name, const char *mac, unsigned mtu)
{
    struct netlink out = link_request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, (struct ifinfomsg){ 0 });
    netlink_put_text(&out, IFLA_IFNAME, name);
    netlink_put_u32(&out, IFLA_MTU, mtu);
    put_mac(&out, IFLA_ADDRESS, mac);
    return out;
}

int link_add(int fd, const char *name, const char *kind, const char *mac, unsigned group, unsigned mtu)
{
    struct netlink out = new_link(name, mac, mtu);
    netlink_put_u32(&out, IFLA_GROUP, group);
    size_t information = netlink_nest(&out, IFLA_LINKINFO);
    netlink_put_text(&out, IFLA_INFO_KIND, kind);
    if (strcmp(kind, "bridge") == 0) {
        /* Frames to 01:80:c2:00:00:0X pass no hook of netfilter: a container could have itself learnt as the owner of another one's MAC by them. */
        struct br_boolopt_multi deaf = { .optval = 1u << BR_BOOLOPT_NO_LL_LEARN, .optmask = 1u << BR_BOOLOPT_NO_LL_LEARN };
        size_t data = netlink_nest(&out, IFLA_INFO_DATA);
        netlink_put(&out, IFLA_BR_MULTI_BOOLOPT, &deaf, sizeof deaf);
        netlink_put_u32(&out, BRIDGE_FDB_MAX_LEARNED, MOST_LEARNED);
        netlink_end(&out, data);
    }
    netlink_end(&out, information);
    return talk_and_free(fd, &out);
}

int link_change(int fd, unsigned index, unsigned group, unsigned mtu)
{
    struct netlink out = link_request(RTM_NEWLINK, 0, (struct ifinfomsg){ .ifi_index = (int)index });
    netlink_put_u32(&out, IFLA_GROUP, group);
    netlink_put_u32(&out, IFLA_MTU, mtu);
    return talk_and_free(fd, &out);
}

int link_add_veth(int fd, const struct veth *veth)
{
    struct netlink out = new_link(veth->outer, "", veth->mtu);
    struct ifinfomsg peer = { 0 };
    netlink_put_u32(&out, IFLA_MASTER, veth->master);
    size_t information = netlink_nest(&out, IFLA_LINKINFO);
    netlink_put_text(&out, IFLA_INFO_KIND, "veth");
    size_t data = netlink_nest(&out, IFLA_INFO_DATA), inner = netlink_nest_with(&out, VETH_INFO_PEER, &peer, sizeof peer);
    netlink_put_text(&out, IFLA_IFNAME, veth->inner);
    netlink_put_u32(&out, IFLA_MTU, veth->mtu);
    put_mac(&out, IFLA_ADDRESS, veth->mac);
    netlink_put_u32(&out, IFLA_NET_NS_FD, (uint32_t)veth->inside);
    netlink_end(&out, inner);
    netlink_end(&out, data);
    netlink_end(&out, information);
    return talk_and_free(fd, &out);
}

int link_own_mac(int fd, unsigned port, const char *mac)
{
    struct ndmsg neighbour = { .ndm_family = AF_BRIDGE, .ndm_ifindex = (int)port, .ndm_state = NUD_NOARP, .ndm_flags = NTF_MASTER | NTF_STICKY };
    struct netlink out = { 0 };
    netlink_start(&out, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK, &neighbour, sizeof neighbour);
    put_mac(&out, NDA_LLADDR, mac);
    return talk_and_free(fd, &out);
}

struct mode {
    const char *name;
    uint32_t value;
};

static const struct mode macvlan_modes[] = { { "private", MACVLAN_MODE_PRIVATE }, { "vepa", MACVLAN_MODE_VEPA }, { "bridge", MACVLAN_MODE_BRIDGE },
                                             { "passthru", MACVLAN_MODE_PASSTHRU }, { NULL, 0 } };
static const struct mode ipvlan_modes[] = { { "l2", IPVLAN_MODE_L2 }, { "l3", IPVLAN_MODE_L3 }, { "l3s", IPVLAN_MODE_L3S }, { NULL, 0 } };

int link_add_child(int fd, const struct child *child)
{
    bool macvlan = strcmp(child->kind, "macvlan") == 0;
    const struct mode *mode = macvlan ? macvlan_modes : ipvlan_modes;
    while (mode->name && strcmp(mode->name, child->mode) != 0)
        mode++;
    if (!mode->name)
        return -EINVAL;
    /* An ipvlan has its parent's MAC. */
    struct netlink out = new_link(child->name, macvlan ? child->mac : "", child->mtu);
    uint16_t narrow = (uint16_t)mode->value;
    netlink_put_u32(&out, IFLA_LINK, child->parent);
    netlink_put_u32(&out, IFLA_NET_NS_FD, (uint32_t)child->inside);
    size_t information = netlink_nest(&out, IFLA_LINKINFO);
    netlink_put_text(&out, IFLA_INFO_KIND, child->kind);
    size_t data = netlink_nest(&out, IFLA_INFO_DATA);
    if (macvlan)
        netlink_put_u32(&out, IFLA_MACVLAN_MODE, mode->value);
    else
        netlink_put(&out, IFLA_IPVLAN_MODE, &narrow, sizeof narrow);
    netlink_end(&out, data);
    netlink_end(&out, information);
    return talk_and_free(fd, &out);
}

/* Address and prefix (that of one address where none is given) of `text`; dies for what is none, which the plan's writer has checked. */
static int parse_address(const char *text, unsigned char address[16], uint8_t *prefix)
{
    char plain[INET6_ADDRSTRLEN];
    size_t length = strcspn(text, "/");
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    if (length >= sizeof plain)
        die("%s is no address", text);
    memcpy(plain, text, length);
    plain[length] = 0;
    if (inet_pton(family, plain, address) != 1)
        die("%s is no address", text);
    *prefix = family == AF_INET ? 32 : 128;
    if (text[length] == '/')
        *prefix = (uint8_t)parse_number(text + length + 1, 0, *prefix, "prefix");
    return family;
}

static size_t size_of(int family)
{
    return family == AF_INET ? 4 : 16;
}

int link_address(int fd, unsigned index, const char *cidr)
{
    unsigned char address[16];
    struct ifaddrmsg information = { .ifa_index = index, .ifa_flags = IFA_F_NODAD };
    autonetlink struct netlink out = { 0 };
    int family = parse_address(cidr, address, &information.ifa_prefixlen);
    information.ifa_family = (uint8_t)family;
    netlink_start(&out, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &information, sizeof information);
    netlink_put(&out, IFA_LOCAL, address, size_of(family));
    netlink_put(&out, IFA_ADDRESS, address, size_of(family));
    if (family == AF_INET && information.ifa_prefixlen < 31) {
        uint32_t broadcast;
        memcpy(&broadcast, address, sizeof broadcast);
        broadcast |= htonl(UINT32_MAX >> information.ifa_prefixlen);
        netlink_put(&out, IFA_BROADCAST, &broadcast, sizeof broadcast);
    }
    int result = netlink_talk(fd, &out, NULL);
    return result == -EEXIST ? 0 : result;
}

static struct netlink route_request(uint16_t type, uint16_t flags, int family)
{
    struct rtmsg information = { .rtm_family = (uint8_t)family, .rtm_table = RT_TABLE_MAIN, .rtm_scope = type == RTM_DELROUTE ? RT_SCOPE_NOWHERE : RT_SCOPE_UNIVERSE };
    struct netlink out = { 0 };
    if (type == RTM_NEWROUTE) {
        information.rtm_protocol = RTPROT_STATIC;
        information.rtm_type = RTN_UNICAST;
    }
    netlink_start(&out, type, flags | NLM_F_ACK, &information, sizeof information);
    return out;
}

int link_default_route(int fd, int family, const char *gateway, unsigned index)
{
    /* A container with the right to do so may have made more of them. */
    for (int tries = 0; tries < 64; tries++) {
        struct netlink out = route_request(RTM_DELROUTE, 0, family);
        if (talk_and_free(fd, &out) < 0)
            break;
    }
    if (!gateway)
        return 0;
    unsigned char address[16];
    uint8_t prefix;
    if (parse_address(gateway, address, &prefix) != family)
        return -EAFNOSUPPORT;
    struct netlink out = route_request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, family);
    netlink_put(&out, RTA_GATEWAY, address, size_of(family));
    netlink_put_u32(&out, RTA_OIF, index);
    return talk_and_free(fd, &out);
}

static bool take_route(const struct nlmsghdr *message, void *context)
{
    const struct rtmsg *route = NLMSG_DATA(message);
    if (message->nlmsg_type == RTM_NEWROUTE && message->nlmsg_len >= NLMSG_LENGTH(sizeof *route) && route->rtm_family == AF_INET && route->rtm_dst_len == 0 &&
        route->rtm_table == RT_TABLE_MAIN && route->rtm_type == RTN_UNICAST)
        *(bool *)context = true;
    return true;
}

bool link_has_default_route(int fd)
{
    struct rtmsg information = { .rtm_family = AF_INET };
    autonetlink struct netlink out = { 0 };
    bool found = false;
    netlink_start(&out, RTM_GETROUTE, NLM_F_DUMP, &information, sizeof information);
    netlink_ask(fd, &out, take_route, &found);
    return found;
}
