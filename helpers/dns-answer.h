/* What a container asks, and what we know ourselves. */
#ifndef SKIFF_DNS_ANSWER_H
#define SKIFF_DNS_ANSWER_H

#include "dns-message.h"
#include "dns-names.h"

#include <netinet/in.h>

/* A subnet of a network of the container's: whose addresses they are is nobody's business outside. */
struct dns_subnet {
    uint8_t address[16];
    bool is_ipv6;
    unsigned prefix;
};

struct dns_known {
    struct dns_names names;
    struct dns_subnet *subnets;
    size_t subnet_count;
    bool has_servers;       /* somebody can be asked what we do not know */
    bool keeps_single;      /* the user set ndots: names of one label are looked up with a search domain, not in the root */
    uint64_t random;        /* state of the order in which several addresses are told; not 0, no secret */
};

enum dns_verdict { DNS_SILENT, DNS_ANSWERED, DNS_FORWARD };
/*
 * Answers from what is known, into `answer` of DNS_LONGEST_ANSWER bytes; DNS_FORWARD: somebody else is to be asked. By UDP
 * it is no longer than what the asker takes.
 */
enum dns_verdict dns_answer(struct dns_known *known, const uint8_t *query, size_t size, bool by_tcp, uint8_t *answer, size_t *answer_size);

/* An answer that says nothing but `code`; 0 when none is possible. `answer` has room for DNS_PLAIN_UDP bytes. */
size_t dns_answer_code(const uint8_t *query, size_t size, int code, uint8_t *answer);

/* The address whose reverse name it is (in-addr.arpa, ip6.arpa, all of its parts), in lower case. Pure. */
bool dns_reverse(const char *name, uint8_t address[16], bool *is_ipv6);

#endif
