#include "dns-sockets.h"
#include "nft.h"
#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DNS_PORT = 53, DNS_BACKLOG = 64, DNS_ADDRESS = 0x7f00000b };

/* Where the ports and the checksum lie in a header. */
enum { SOURCE = 0, DESTINATION = 2, UDP_SUM = 6, TCP_SUM = 16 };
/* The same for the addresses of IPv4. */
enum { IP_SOURCE = 12, IP_DESTINATION = 16 };

/* At any free port. */
static int bind_at(int type, uint16_t *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(DNS_ADDRESS) } };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1;
    /* The sandbox may not have lo up yet. */
    if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof one) < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0 || (type == SOCK_STREAM && listen(fd, DNS_BACKLOG) < 0))
        die_errno("cannot listen for questions about names at 127.0.0.11");
    *port = address.sin_port;
    return fd;
}

/* Packets whose address at `address` is the server's and whose port at `offset` is `from` get `to` there. Both in network order. */
static void rewrite(struct nft *nft, uint8_t protocol, uint32_t address, uint32_t offset, uint16_t from, uint16_t to)
{
    nft_rule(nft, "names");
    nft_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, address, 4, NFT_REG_1);
    nft_compare_u32(nft, NFT_CMP_EQ, htonl(DNS_ADDRESS));
    nft_meta(nft, NFT_META_L4PROTO, NFT_REG_1);
    nft_compare_u8(nft, NFT_CMP_EQ, protocol);
    nft_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, offset, 2, NFT_REG_1);
    nft_compare(nft, NFT_CMP_EQ, &from, sizeof from);
    /* Connection tracking would see one half of it before the change and the other half after. */
    nft_untracked(nft);
    nft_set_payload(nft, offset, &to, sizeof to, protocol == IPPROTO_UDP ? UDP_SUM : TCP_SUM);
    nft_rule_end(nft);
}

static void both_ways(struct nft *nft, uint8_t protocol, uint16_t port)
{
    rewrite(nft, protocol, IP_DESTINATION, DESTINATION, htons(DNS_PORT), port);
    rewrite(nft, protocol, IP_SOURCE, SOURCE, port, htons(DNS_PORT));
}

void dns_open(int *datagrams, int *listener)
{
    autonft struct nft nft = { 0 };
    uint16_t udp, tcp;
    const char *place;
    *datagrams = bind_at(SOCK_DGRAM, &udp);
    *listener = bind_at(SOCK_STREAM, &tcp);
    autoclose int fd = netlink_open(-1, NETLINK_NETFILTER);
    if (fd < 0)
        die_errno("cannot lead questions about names to 127.0.0.11");
    nft_begin(&nft, 0);
    nft_table(&nft, NFPROTO_IPV4, "skiff");
    nft_flush(&nft);
    nft_hook(&nft, "names", "filter", NF_INET_LOCAL_OUT, NF_IP_PRI_RAW, NF_ACCEPT);
    both_ways(&nft, IPPROTO_UDP, udp);
    both_ways(&nft, IPPROTO_TCP, tcp);
    int result = nft_commit(&nft, fd, &place);
    if (result < 0)
        die("cannot lead questions about names to 127.0.0.11: the kernel refuses %s: %s; --network slirp4netns does without it", place, errno_words(-result));
}
