/*
 * libFuzzer: any bytes as a question, as the answer to one, as a lease and as a name. What we say is never longer than allowed,
 * is an answer to what was asked, and a truncated one is whole.
 */
#include "dns-answer.h"

#include <stdlib.h>
#include <string.h>

static void ensure(int condition)
{
    if (!condition)
        __builtin_trap();
}

/* A network made of what a lease says, as dns-names.c reads it from a directory; the bytes are an address too. */
static void fill(struct dns_scope *scope, struct dns_lease *lease, const uint8_t *data, size_t size)
{
    *scope = (struct dns_scope){ .directory = -1, .network = "net.work", .leases = lease, .count = 1, .text = malloc(size + 2), .is_settled = true };
    *lease = (struct dns_lease){ .is_ipv6 = size % 2 };
    memcpy(lease->address, data, size < 16 ? size : 16);
    scope->length = dns_lease_names((const char *)data, size, scope->text);
    ensure(scope->length <= size + 2 && scope->text[scope->length - 1] == 0);
}

static void ask(struct dns_known *known, const uint8_t *query, size_t size)
{
    static uint8_t answer[DNS_LONGEST_ANSWER];
    for (int by_tcp = 0; by_tcp < 2; by_tcp++) {
        size_t length = 0;
        if (dns_answer(known, query, size, by_tcp, answer, &length) == DNS_ANSWERED) {
            ensure(length >= DNS_HEADER && length <= (by_tcp ? DNS_LONGEST_ANSWER : DNS_LARGEST_UDP));
            ensure(memcmp(answer, query, 2) == 0 && answer[2] & 0x80);
            if (dns_get16(answer + 4) == 1)
                ensure(dns_is_answer(answer, length, query, size));
        }
        length = dns_answer_code(query, size, DNS_SERVFAIL, answer);
        ensure(length == 0 || (length <= DNS_PLAIN_UDP && dns_is_answer(answer, length, query, size) && dns_code(answer) == DNS_SERVFAIL));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_lease lease;
    struct dns_scope scope;
    struct dns_link link = { .alias = "l", .target = "a" };
    struct dns_subnet subnet = { .address = { 172, 18 }, .prefix = 16 };
    size_t half = size > 1 ? data[0] * (size - 1) / 255 : 0;
    if (size < 2)
        return 0;
    fill(&scope, &lease, data + 1, half);
    struct dns_known known = { .names = { &scope, 1, &link, 1 }, .subnets = &subnet, .subnet_count = 1, .has_servers = size & 4, .keeps_single = size & 8, .random = 1 };
    const uint8_t *query = data + 1 + half;
    size_t rest = size - 1 - half;
    uint8_t *copy = malloc(rest ? rest : 1);
    memcpy(copy, query, rest);
    ask(&known, copy, rest);
    dns_is_answer(data + 1, half, copy, rest);
    if (rest >= DNS_HEADER) {
        size_t truncated = dns_truncate(copy, rest);
        ensure(truncated <= rest);
    }
    free(copy);
    free(scope.text);
    return 0;
}
