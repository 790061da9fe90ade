/* The rules themselves. The sets hold, in the order of their names' words: ports' indexes, MACs, addresses. */
#ifndef SKIFF_FIREWALL_RULES_H
#define SKIFF_FIREWALL_RULES_H

#include "nft.h"

#define FIREWALL_TABLE "skiff"
/* What belongs to whom: (ifindex, MAC), (ifindex, MAC, IPv4), (ifindex, MAC, IPv6); a MAC takes 8 bytes in a key, the last two are 0. */
#define FIREWALL_OWNED "owned"
#define FIREWALL_OWNED4 "owned4"
#define FIREWALL_OWNED6 "owned6"
/* What belongs to somebody: MAC, IPv4, IPv6. */
#define FIREWALL_LEASED "leased"
#define FIREWALL_LEASED4 "leased4"
#define FIREWALL_LEASED6 "leased6"

/* The mark of packets for a transparent socket, and the routing table that makes them local. */
enum { FIREWALL_MARK = 1, FIREWALL_ROUTES = 100 };

struct firewall_egress {
    unsigned char network4[4], dns4[4], network6[16], dns6[16];
    unsigned prefix4, prefix6;
};

/* Adds tables, chains, sets and rules to a batch; rules of before go. */
void firewall_rules(struct nft *nft, const struct firewall_egress *egress);

#endif
