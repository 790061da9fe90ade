#include "dns-answer.h"
#include "util.h"

#include <stdlib.h>
#include <string.h>

/* One decimal number of an IPv4 address and the dot behind it. */
static const char *take_number(const char *at, uint8_t *byte)
{
    unsigned value = 0, digits = 0;
    for (; *at >= '0' && *at <= '9' && digits < 3; digits++)
        value = value * 10 + (unsigned)(*at++ - '0');
    *byte = (uint8_t)value;
    return digits > 0 && value <= 255 && *at == '.' ? at + 1 : NULL;
}

static int hex_digit(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

bool dns_reverse(const char *name, uint8_t address[16], bool *is_ipv6)
{
    const char *at = name;
    *is_ipv6 = false;
    for (int i = 3; at && i >= 0; i--)
        at = take_number(at, &address[i]);
    if (at && strcmp(at, "in-addr.arpa") == 0)
        return true;
    *is_ipv6 = true;
    at = name;
    for (int i = 31; i >= 0; i--, at += 2) {
        int digit = hex_digit(at[0]);
        if (digit < 0 || at[1] != '.')
            return false;
        address[i / 2] = (uint8_t)(i % 2 ? digit : address[i / 2] | digit << 4);
    }
    return strcmp(at, "ip6.arpa") == 0;
}

static bool is_within(const struct dns_subnet *subnet, const uint8_t *address, bool is_ipv6)
{
    unsigned whole = subnet->prefix / 8, rest = subnet->prefix % 8;
    if (subnet->is_ipv6 != is_ipv6 || memcmp(subnet->address, address, whole) != 0)
        return false;
    return rest == 0 || (subnet->address[whole] ^ address[whole]) >> (8 - rest) == 0;
}

static bool is_of_our_networks(const struct dns_known *known, const uint8_t *address, bool is_ipv6)
{
    for (size_t i = 0; i < known->subnet_count; i++)
        if (is_within(&known->subnets[i], address, is_ipv6))
            return true;
    return false;
}

/* xorshift64, Marsaglia 2003: for an order that is fair, not for one that nobody can guess. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void shuffle(uint32_t *list, size_t count, uint64_t *state)
{
    for (size_t left = count; left > 1; left--) {
        size_t other = next_random(state) % left;
        uint32_t last = list[left - 1];
        list[left - 1] = list[other];
        list[other] = last;
    }
}

/* DNS_NXDOMAIN: no such name here. A name that somebody has is answered for every type: only we know it. */
static int tell_addresses(struct dns_known *known, const struct dns_question *question, struct dns_writer *writer)
{
    const struct dns_scope *scope = NULL;
    autofree uint32_t *leases = NULL;
    size_t count = 0;
    bool any = question->type == DNS_ANY;
    switch (dns_names_find(&known->names, question->name, any || question->type == DNS_A, any || question->type == DNS_AAAA, &scope, &leases, &count)) {
    case DNS_NOBODY: return DNS_NXDOMAIN;
    case DNS_WITHOUT_ADDRESS: return DNS_NOERROR;
    case DNS_FOUND: break;
    }
    shuffle(leases, count, &known->random);
    for (size_t i = 0; i < count; i++)
        dns_add_address(writer, scope->leases[leases[i]].address, scope->leases[leases[i]].is_ipv6);
    return DNS_NOERROR;
}

/* The same for the name of an address; true: it is one that nobody else has to know about. */
static bool tell_name(struct dns_known *known, const struct dns_question *question, struct dns_writer *writer, int *code)
{
    uint8_t address[16];
    bool is_ipv6;
    char name[DNS_NAME_TEXT];
    if (!dns_reverse(question->name, address, &is_ipv6))
        return false;
    bool known_here = dns_names_of(&known->names, address, is_ipv6, name, sizeof name);
    if (known_here && (question->type == DNS_PTR || question->type == DNS_ANY))
        dns_add_name(writer, name);
    *code = known_here ? DNS_NOERROR : DNS_NXDOMAIN;
    return known_here || is_of_our_networks(known, address, is_ipv6);
}

/* The code of our own answer, or -1: it is for others to answer. */
static int tell(struct dns_known *known, const struct dns_question *question, struct dns_writer *writer)
{
    int code = DNS_NXDOMAIN;
    if (question->class != DNS_IN)
        return DNS_REFUSED;
    if (question->is_text) {
        dns_names_refresh(&known->names);
        if (tell_name(known, question, writer, &code))
            return code;
        code = tell_addresses(known, question, writer);
    }
    if (code == DNS_NOERROR || !known->has_servers)
        return code;
    bool is_address = question->type == DNS_A || question->type == DNS_AAAA;
    return known->keeps_single && is_address && question->is_text && !strchr(question->name, '.') ? DNS_NOERROR : -1;
}

enum dns_verdict dns_answer(struct dns_known *known, const uint8_t *query, size_t size, bool by_tcp, uint8_t *answer, size_t *answer_size)
{
    struct dns_question question;
    struct dns_writer writer;
    int code = dns_parse_question(query, size, &question);
    if (code < 0)
        return DNS_SILENT;
    size_t by_udp = question.udp_size < DNS_LARGEST_UDP ? question.udp_size : DNS_LARGEST_UDP;
    dns_begin(&writer, answer, by_tcp ? DNS_LONGEST_ANSWER : by_udp, query, &question, code);
    if (code == DNS_NOERROR)
        code = tell(known, &question, &writer);
    if (code < 0)
        return DNS_FORWARD;
    *answer_size = dns_finish(&writer, code);
    return DNS_ANSWERED;
}

size_t dns_answer_code(const uint8_t *query, size_t size, int code, uint8_t *answer)
{
    struct dns_question question;
    struct dns_writer writer;
    if (dns_parse_question(query, size, &question) != DNS_NOERROR)
        return 0;
    dns_begin(&writer, answer, DNS_PLAIN_UDP, query, &question, code);
    return dns_finish(&writer, code);
}
