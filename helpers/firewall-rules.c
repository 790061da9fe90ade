#include "firewall-rules.h"

#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* The hooks of bridges have numbers of their own (linux/netfilter_bridge.h, which musl's headers do not bear). */
enum { BRIDGE_PRE_ROUTING = 0 };

/* Datatypes of nft(8), so that it shows the sets as they are meant. */
enum { TYPE_IPV4 = 7, TYPE_IPV6 = 8, TYPE_MAC = 9, TYPE_IFINDEX = 20 };

/* Bits of nft's "ct state": NF_CT_STATE_BIT(IP_CT_…), with 1 for invalid. */
enum { STATE_INVALID = 1, STATE_KNOWN = 2 | 4 };

/* Registers of 4 bytes behind register 1: where the parts of a key lie. */
enum { REG_IFINDEX = NFT_REG_1, REG_MAC = NFT_REG32_01, REG_ADDRESS = NFT_REG32_03 };

enum { ICMP6_ECHO = 128, ICMP4_ECHO = 8, ND_RS = 133, ND_RA = 134, ND_NS = 135, ND_NA = 136, ND_REDIRECT = 137, ND_SOURCE = 1, ND_TARGET = 2, ND_NONCE = 14 };

static void end_with(struct nft *nft, uint32_t code, const char *chain)
{
    nft_verdict(nft, code, chain);
    nft_rule_end(nft);
}

static void end_rejected(struct nft *nft, uint32_t type, uint8_t code)
{
    nft_reject(nft, type, code);
    nft_rule_end(nft);
}

static void family_is(struct nft *nft, uint8_t family)
{
    nft_meta(nft, NFT_META_NFPROTO, NFT_REG_1);
    nft_compare_u8(nft, NFT_CMP_EQ, family);
}

static void protocol_is(struct nft *nft, uint8_t protocol)
{
    nft_meta(nft, NFT_META_L4PROTO, NFT_REG_1);
    nft_compare_u8(nft, NFT_CMP_EQ, protocol);
}

static void device_is(struct nft *nft, uint32_t which, const char *name)
{
    char padded[16] = { 0 };
    memcpy(padded, name, strlen(name));
    nft_meta(nft, which, NFT_REG_1);
    nft_compare(nft, NFT_CMP_EQ, padded, sizeof padded);
}

/* From a bridge: no other link has a group. */
static void from_bridge(struct nft *nft)
{
    nft_meta(nft, NFT_META_IIFGROUP, NFT_REG_1);
    nft_compare_u32(nft, NFT_CMP_NEQ, 0);
}

static void route_is(struct nft *nft, uint32_t address, bool there)
{
    nft_fib(nft, address | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT, NFT_FIB_RESULT_OIF);
    nft_compare_u32(nft, NFT_CMP_EQ, there);
}

/* Packets for sockets that stand for a client of a published port: they are local, whatever address they go to. */
static void rules_of_clients(struct nft *nft)
{
    nft_hook(nft, "clients", "filter", NF_INET_PRE_ROUTING, -150, NF_ACCEPT);
    nft_rule(nft, "clients");
    nft_transparent(nft);
    /* A container of another network must not get in by the address of one that is gone from its own. */
    route_is(nft, NFTA_FIB_F_SADDR, true);
    nft_set_mark(nft, FIREWALL_MARK);
    end_with(nft, NF_ACCEPT, NULL);
}

static void name_server(struct nft *nft, uint8_t family, const unsigned char *address, uint8_t protocol)
{
    const unsigned char port[] = { 0, 53 };
    bool v4 = family == NFPROTO_IPV4;
    nft_rule(nft, "egress");
    family_is(nft, family);
    nft_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, v4 ? 16 : 24, v4 ? 4 : 16, NFT_REG_1);
    nft_compare(nft, NFT_CMP_EQ, address, v4 ? 4 : 16);
    protocol_is(nft, protocol);
    nft_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NFT_REG_1);
    nft_compare(nft, NFT_CMP_EQ, port, sizeof port);
    end_with(nft, NF_ACCEPT, NULL);
}

static void not_to(struct nft *nft, uint8_t family, const unsigned char *network, unsigned prefix)
{
    size_t size = family == NFPROTO_IPV4 ? 4 : 16;
    unsigned char mask[16] = { 0 }, masked[16];
    for (size_t i = 0; i < size; i++) {
        unsigned left = prefix > 8 * i ? prefix - 8 * i : 0;
        mask[i] = left >= 8 ? 0xff : (unsigned char)(0xff00 >> left);
        masked[i] = network[i] & mask[i];
    }
    nft_rule(nft, "egress");
    family_is(nft, family);
    nft_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, size == 4 ? 16 : 24, size, NFT_REG_1);
    nft_mask(nft, mask, size);
    nft_compare(nft, NFT_CMP_EQ, masked, size);
    end_rejected(nft, NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
}

/* What leaves for the outside: all but slirp4netns' own services, among them the host's loopback. */
static void rules_of_egress(struct nft *nft, const struct firewall_egress *egress)
{
    nft_chain(nft, "egress");
    name_server(nft, NFPROTO_IPV4, egress->dns4, IPPROTO_UDP);
    name_server(nft, NFPROTO_IPV4, egress->dns4, IPPROTO_TCP);
    name_server(nft, NFPROTO_IPV6, egress->dns6, IPPROTO_UDP);
    name_server(nft, NFPROTO_IPV6, egress->dns6, IPPROTO_TCP);
    not_to(nft, NFPROTO_IPV4, egress->network4, egress->prefix4);
    not_to(nft, NFPROTO_IPV6, egress->network6, egress->prefix6);
    nft_rule(nft, "egress");
    end_with(nft, NF_ACCEPT, NULL);
    nft_hook(nft, "outward", "nat", NF_INET_POST_ROUTING, 100, NF_ACCEPT);
    nft_rule(nft, "outward");
    device_is(nft, NFT_META_OIFNAME, "tap0");
    nft_masquerade(nft);
    nft_rule_end(nft);
}

static void rules_of_forward(struct nft *nft)
{
    nft_hook(nft, "forward", "filter", NF_INET_FORWARD, 0, NF_DROP);
    nft_rule(nft, "forward");
    nft_state(nft, STATE_KNOWN);
    end_with(nft, NF_ACCEPT, NULL);
    nft_rule(nft, "forward");
    nft_state(nft, STATE_INVALID);
    end_with(nft, NF_DROP, NULL);
    /* An address that answers would not reach by this bridge. */
    nft_rule(nft, "forward");
    from_bridge(nft);
    route_is(nft, NFTA_FIB_F_SADDR, false);
    end_with(nft, NF_DROP, NULL);
    nft_rule(nft, "forward");
    nft_meta(nft, NFT_META_IIFGROUP, NFT_REG_1);
    nft_compare_u32(nft, NFT_CMP_EQ, 1);
    device_is(nft, NFT_META_OIFNAME, "tap0");
    end_with(nft, NFT_GOTO, "egress");
    /* Back to where it came from: that is one network, and br_netfilter shows what is bridged like this. */
    nft_rule(nft, "forward");
    from_bridge(nft);
    route_is(nft, NFTA_FIB_F_DADDR, true);
    end_with(nft, NF_ACCEPT, NULL);
    nft_rule(nft, "forward");
    end_rejected(nft, NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
}

static void echo_of(struct nft *nft, uint8_t family, uint8_t protocol, uint8_t type)
{
    nft_rule(nft, "input");
    family_is(nft, family);
    protocol_is(nft, protocol);
    nft_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1);
    nft_compare_u8(nft, NFT_CMP_EQ, type);
    nft_fib(nft, NFTA_FIB_F_DADDR | NFTA_FIB_F_IIF, NFT_FIB_RESULT_ADDRTYPE);
    nft_compare_u32(nft, NFT_CMP_EQ, RTN_LOCAL);
    end_with(nft, NF_ACCEPT, NULL);
}

static void discovery(struct nft *nft, uint8_t type)
{
    nft_rule(nft, "input");
    family_is(nft, NFPROTO_IPV6);
    protocol_is(nft, IPPROTO_ICMPV6);
    nft_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1);
    nft_compare_u8(nft, NFT_CMP_EQ, type);
    end_with(nft, NF_ACCEPT, NULL);
}

/* The namespace itself offers nothing but an echo; what a container asks for there is refused at once. */
static void rules_of_input(struct nft *nft)
{
    nft_hook(nft, "input", "filter", NF_INET_LOCAL_IN, 0, NF_DROP);
    nft_rule(nft, "input");
    device_is(nft, NFT_META_IIFNAME, "lo");
    end_with(nft, NF_ACCEPT, NULL);
    nft_rule(nft, "input");
    nft_state(nft, STATE_KNOWN);
    end_with(nft, NF_ACCEPT, NULL);
    nft_rule(nft, "input");
    nft_meta(nft, NFT_META_MARK, NFT_REG_1);
    nft_compare_u32(nft, NFT_CMP_EQ, FIREWALL_MARK);
    end_with(nft, NF_ACCEPT, NULL);
    discovery(nft, ND_NS);
    discovery(nft, ND_NA);
    echo_of(nft, NFPROTO_IPV4, IPPROTO_ICMP, ICMP4_ECHO);
    echo_of(nft, NFPROTO_IPV6, IPPROTO_ICMPV6, ICMP6_ECHO);
    nft_rule(nft, "input");
    from_bridge(nft);
    protocol_is(nft, IPPROTO_TCP);
    end_rejected(nft, NFT_REJECT_TCP_RST, 0);
    nft_rule(nft, "input");
    from_bridge(nft);
    end_rejected(nft, NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_PORT_UNREACH);
}

static void type_is(struct nft *nft, uint16_t type)
{
    const unsigned char bytes[] = { type >> 8, type & 0xff };
    nft_payload(nft, NFT_PAYLOAD_LL_HEADER, 12, 2, NFT_REG_1);
    nft_compare(nft, NFT_CMP_EQ, bytes, sizeof bytes);
}

static void type_goes(struct nft *nft, uint16_t type, uint32_t code, const char *chain)
{
    nft_rule(nft, "guard");
    type_is(nft, type);
    end_with(nft, code, chain);
}

/* Matches where (port, MAC in the header, address at `offset`) is owned. */
static void owned(struct nft *nft, const char *set, uint32_t base, uint32_t offset, uint32_t size)
{
    nft_meta(nft, NFT_META_IIF, REG_IFINDEX);
    nft_payload(nft, NFT_PAYLOAD_LL_HEADER, 6, 6, REG_MAC);
    nft_payload(nft, base, offset, size, REG_ADDRESS);
    nft_lookup(nft, set, NFT_REG_1, false);
}

/* Drops what has at `offset` an address that somebody has. */
static void drop_leased(struct nft *nft, const char *chain, const char *set, uint32_t base, uint32_t offset, uint32_t size)
{
    nft_rule(nft, chain);
    nft_payload(nft, base, offset, size, NFT_REG_1);
    nft_lookup(nft, set, NFT_REG_1, false);
    end_with(nft, NF_DROP, NULL);
}

/* Drops what has at `offset` a MAC that another port has. */
static void drop_foreign_mac(struct nft *nft, const char *chain, uint32_t base, uint32_t offset)
{
    nft_rule(nft, chain);
    nft_payload(nft, base, offset, 6, NFT_REG_1);
    nft_lookup(nft, FIREWALL_LEASED, NFT_REG_1, false);
    nft_meta(nft, NFT_META_IIF, REG_IFINDEX);
    nft_payload(nft, base, offset, 6, REG_MAC);
    nft_lookup(nft, FIREWALL_OWNED, NFT_REG_1, true);
    end_with(nft, NF_DROP, NULL);
}

static void rules_of_arp(struct nft *nft)
{
    enum { SENDER_MAC = 8, SENDER = 14 };
    drop_foreign_mac(nft, "claims4", NFT_PAYLOAD_NETWORK_HEADER, SENDER_MAC);
    nft_rule(nft, "claims4");
    nft_meta(nft, NFT_META_IIF, REG_IFINDEX);
    nft_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, SENDER_MAC, 6, REG_MAC);
    nft_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, SENDER, 4, REG_ADDRESS);
    nft_lookup(nft, FIREWALL_OWNED4, NFT_REG_1, false);
    end_with(nft, NF_ACCEPT, NULL);
    drop_leased(nft, "claims4", FIREWALL_LEASED4, NFT_PAYLOAD_NETWORK_HEADER, SENDER, 4);
}

static void discovery_is(struct nft *nft, const char *chain, uint8_t type)
{
    nft_rule(nft, chain);
    nft_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1);
    nft_compare_u8(nft, NFT_CMP_EQ, type);
}

/* An option other than the link-layer address that `known` names: nothing sends one first, and what comes later would not be looked at. */
static void drop_options(struct nft *nft, const char *chain, uint32_t offset, uint8_t known, bool nonce)
{
    nft_rule(nft, chain);
    nft_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, offset, 1, NFT_REG_1);
    nft_compare_u8(nft, NFT_CMP_NEQ, known);
    if (nonce)
        nft_compare_u8(nft, NFT_CMP_NEQ, ND_NONCE);
    end_with(nft, NF_DROP, NULL);
    if (nonce) {
        nft_rule(nft, chain);
        nft_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, offset, 1, NFT_REG_1);
        nft_compare_u8(nft, NFT_CMP_EQ, ND_NONCE);
        nft_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, offset + 8, 1, NFT_REG_1);
        end_with(nft, NF_DROP, NULL);
    }
}

static void rules_of_discovery(struct nft *nft)
{
    enum { TARGET = 8, OPTIONS = 24, SOLICIT_OPTIONS = 8, MAC = 2 };
    discovery_is(nft, "discovery", ND_RA);
    end_with(nft, NF_DROP, NULL);
    discovery_is(nft, "discovery", ND_REDIRECT);
    end_with(nft, NF_DROP, NULL);
    discovery_is(nft, "discovery", ND_NA);
    end_with(nft, NFT_JUMP, "advertised");
    discovery_is(nft, "discovery", ND_NS);
    end_with(nft, NFT_JUMP, "solicited");
    drop_options(nft, "advertised", OPTIONS, ND_TARGET, false);
    drop_foreign_mac(nft, "advertised", NFT_PAYLOAD_TRANSPORT_HEADER, OPTIONS + MAC);
    nft_rule(nft, "advertised");
    owned(nft, FIREWALL_OWNED6, NFT_PAYLOAD_TRANSPORT_HEADER, TARGET, 16);
    end_with(nft, NFT_RETURN, NULL);
    drop_leased(nft, "advertised", FIREWALL_LEASED6, NFT_PAYLOAD_TRANSPORT_HEADER, TARGET, 16);
    drop_options(nft, "solicited", OPTIONS, ND_SOURCE, true);
    drop_foreign_mac(nft, "solicited", NFT_PAYLOAD_TRANSPORT_HEADER, OPTIONS + MAC);
    /* Without a sender it is duplicate address detection, and as good as a claim. */
    nft_rule(nft, "solicited");
    nft_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, 8, 16, NFT_REG_1);
    nft_compare(nft, NFT_CMP_NEQ, (const unsigned char[16]){ 0 }, 16);
    end_with(nft, NFT_RETURN, NULL);
    nft_rule(nft, "solicited");
    owned(nft, FIREWALL_OWNED6, NFT_PAYLOAD_TRANSPORT_HEADER, TARGET, 16);
    end_with(nft, NFT_RETURN, NULL);
    drop_leased(nft, "solicited", FIREWALL_LEASED6, NFT_PAYLOAD_TRANSPORT_HEADER, TARGET, 16);
    discovery_is(nft, "discovery", ND_RS);
    end_with(nft, NFT_JUMP, "sought");
    drop_options(nft, "sought", SOLICIT_OPTIONS, ND_SOURCE, false);
    drop_foreign_mac(nft, "sought", NFT_PAYLOAD_TRANSPORT_HEADER, SOLICIT_OPTIONS + MAC);
}

/* Frames that come in by a port of a bridge. Most are IPv4 with the port's own addresses, and the first rule is about them. */
static void rules_of_guard(struct nft *nft)
{
    static const char *const chains[] = { "from4", "claims4", "from6", "discovery", "advertised", "solicited", "sought" };
    nft_set(nft, FIREWALL_OWNED, TYPE_IFINDEX << 6 | TYPE_MAC, 12);
    nft_set(nft, FIREWALL_OWNED4, TYPE_IFINDEX << 12 | TYPE_MAC << 6 | TYPE_IPV4, 16);
    nft_set(nft, FIREWALL_OWNED6, TYPE_IFINDEX << 12 | TYPE_MAC << 6 | TYPE_IPV6, 28);
    nft_set(nft, FIREWALL_LEASED, TYPE_MAC, 6);
    nft_set(nft, FIREWALL_LEASED4, TYPE_IPV4, 4);
    nft_set(nft, FIREWALL_LEASED6, TYPE_IPV6, 16);
    nft_hook(nft, "guard", "filter", BRIDGE_PRE_ROUTING, -200, NF_ACCEPT);
    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++)
        nft_chain(nft, chains[i]);
    nft_rule(nft, "guard");
    type_is(nft, ETH_P_IP);
    owned(nft, FIREWALL_OWNED4, NFT_PAYLOAD_NETWORK_HEADER, 12, 4);
    end_with(nft, NF_ACCEPT, NULL);
    drop_foreign_mac(nft, "guard", NFT_PAYLOAD_LL_HEADER, 6);
    type_goes(nft, ETH_P_IP, NFT_GOTO, "from4");
    type_goes(nft, ETH_P_IPV6, NFT_GOTO, "from6");
    type_goes(nft, ETH_P_ARP, NFT_GOTO, "claims4");
    /* Whoever takes tags off would see what is inside. */
    type_goes(nft, ETH_P_8021Q, NF_DROP, NULL);
    type_goes(nft, ETH_P_8021AD, NF_DROP, NULL);
    drop_leased(nft, "from4", FIREWALL_LEASED4, NFT_PAYLOAD_NETWORK_HEADER, 12, 4);
    rules_of_arp(nft);
    nft_rule(nft, "from6");
    protocol_is(nft, IPPROTO_ICMPV6);
    end_with(nft, NFT_JUMP, "discovery");
    nft_rule(nft, "from6");
    owned(nft, FIREWALL_OWNED6, NFT_PAYLOAD_NETWORK_HEADER, 8, 16);
    end_with(nft, NF_ACCEPT, NULL);
    drop_leased(nft, "from6", FIREWALL_LEASED6, NFT_PAYLOAD_NETWORK_HEADER, 8, 16);
    rules_of_discovery(nft);
}

void firewall_rules(struct nft *nft, const struct firewall_egress *egress)
{
    nft_table(nft, NFPROTO_INET, FIREWALL_TABLE);
    nft_flush(nft);
    rules_of_clients(nft);
    rules_of_egress(nft, egress);
    rules_of_forward(nft);
    rules_of_input(nft);
    nft_table(nft, NFPROTO_BRIDGE, FIREWALL_TABLE);
    nft_flush(nft);
    rules_of_guard(nft);
}
