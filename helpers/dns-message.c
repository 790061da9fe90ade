#include "dns-message.h"

#include <string.h>

/* Flags of the header's second word, RFC 1035 4.1.1; CD of RFC 2535. */
enum { FLAG_ANSWER = 0x8000, FLAG_TRUNCATED = 0x0200, FLAG_WISHED = 0x0100, FLAG_AVAILABLE = 0x0080, FLAG_UNCHECKED = 0x0010, OPCODE = 0x7800, CODE = 0x000f };
enum { LONGEST_LABEL = 63, LONGEST_NAME = 255, POINTER = 0xc0, OPT_SIZE = 11, OUR_UDP_SIZE = DNS_LONGEST_QUESTION, POINTER_TO_QUESTION = 0xc00c };

/*
 * TTL of what we answer: 0, where Docker has 600. Asking us again costs less than 0.2 ms, and an answer that a cache inside
 * the container (nginx, systemd-resolved, nscd) kept would be a wrong one as soon as the other container is started again.
 */
enum { TTL = 0 };

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte;
}

/*
 * The end of the name at `at`, 0 when it is none. Nothing is followed: a question has nothing before it that a pointer could mean,
 * and in other records `pointers` lets one end the name, wherever it leads.
 */
static size_t skip_name(const uint8_t *bytes, size_t size, size_t at, bool pointers)
{
    size_t start = at;
    while (at < size && at - start < LONGEST_NAME) {
        uint8_t length = bytes[at];
        if (length == 0)
            return at + 1;
        if (pointers && (length & POINTER) == POINTER)
            return at + 2 <= size ? at + 2 : 0;
        if (length > LONGEST_LABEL)
            return 0;
        at += 1u + length;
    }
    return 0;
}

/* Whether it can be a name of ours. A dot within a label would make two names one; what is no graphic character is in no name. */
static bool write_text(const uint8_t *bytes, size_t at, char *text)
{
    size_t length = 0;
    for (; bytes[at]; at += 1u + bytes[at]) {
        if (length > 0)
            text[length++] = '.';
        for (size_t i = 1; i <= bytes[at]; i++) {
            uint8_t byte = lower(bytes[at + i]);
            if (byte <= ' ' || byte == '.' || byte == 0x7f)
                return false;
            text[length++] = (char)byte;
        }
    }
    text[length] = 0;
    return true;
}

/* The OPT record among what is behind the question: the only one that says something of a question. */
static bool parse_rest(const uint8_t *bytes, size_t size, struct dns_question *question)
{
    size_t at = question->end, before = (size_t)dns_get16(bytes + 6) + dns_get16(bytes + 8), count = before + dns_get16(bytes + 10);
    for (size_t i = 0; i < count; i++) {
        size_t name = at, fixed = skip_name(bytes, size, at, true);
        if (fixed == 0 || size - fixed < 10)
            return false;
        size_t length = dns_get16(bytes + fixed + 8);
        if (length > size - fixed - 10)
            return false;
        at = fixed + 10 + length;
        if (dns_get16(bytes + fixed) != DNS_OPT)
            continue;
        if (question->edns || i < before || bytes[name] != 0)
            return false;
        question->edns = true;
        question->edns_version = bytes[fixed + 5];
        if (dns_get16(bytes + fixed + 2) > DNS_PLAIN_UDP)
            question->udp_size = dns_get16(bytes + fixed + 2);
    }
    return true;
}

int dns_parse_question(const uint8_t *bytes, size_t size, struct dns_question *question)
{
    *question = (struct dns_question){ .udp_size = DNS_PLAIN_UDP, .end = DNS_HEADER };
    if (size < DNS_HEADER)
        return -1;
    uint16_t flags = dns_get16(bytes + 2);
    question->id = dns_get16(bytes);
    question->opcode = (uint8_t)((flags & OPCODE) >> 11);
    if (flags & FLAG_ANSWER)
        return -1;
    if (question->opcode != 0)
        return DNS_NOTIMP;
    if (dns_get16(bytes + 4) != 1 || size > DNS_LONGEST_QUESTION)
        return DNS_FORMERR;
    size_t end = skip_name(bytes, size, DNS_HEADER, false);
    if (end == 0 || size - end < 4)
        return DNS_FORMERR;
    question->is_text = write_text(bytes, DNS_HEADER, question->name);
    question->type = dns_get16(bytes + end);
    question->class = dns_get16(bytes + end + 2);
    question->end = end + 4;
    if (!parse_rest(bytes, size, question))
        return DNS_FORMERR;
    return question->edns && question->edns_version != 0 ? DNS_BADVERS : DNS_NOERROR;
}

bool dns_is_answer(const uint8_t *answer, size_t size, const uint8_t *query, size_t query_size)
{
    if (size < DNS_HEADER || query_size < DNS_HEADER || memcmp(answer, query, 2) != 0 || !(dns_get16(answer + 2) & FLAG_ANSWER))
        return false;
    int code = dns_code(answer);
    if (dns_get16(answer + 4) == 0)
        return size == DNS_HEADER && (code == DNS_FORMERR || code == DNS_SERVFAIL || code == DNS_NOTIMP || code == DNS_REFUSED);
    size_t end = skip_name(query, query_size, DNS_HEADER, false);
    if (end == 0 || query_size - end < 4 || dns_get16(answer + 4) != 1 || size < end + 4)
        return false;
    for (size_t i = DNS_HEADER; i < end; i++)
        if (lower(answer[i]) != lower(query[i]))
            return false;
    return memcmp(answer + end, query + end, 4) == 0;
}

int dns_code(const uint8_t *answer)
{
    return dns_get16(answer + 2) & CODE;
}

void dns_begin(struct dns_writer *writer, uint8_t *bytes, size_t limit, const uint8_t *query, const struct dns_question *question, int code)
{
    uint16_t kept = dns_get16(query + 2) & (OPCODE | FLAG_WISHED | FLAG_UNCHECKED);
    bool repeat = code != DNS_FORMERR && code != DNS_NOTIMP;
    *writer = (struct dns_writer){ .bytes = bytes, .limit = limit, .size = repeat ? question->end : DNS_HEADER, .question = question };
    memset(bytes, 0, DNS_HEADER);
    memcpy(bytes, query, 2);
    dns_put16(bytes + 2, FLAG_ANSWER | FLAG_AVAILABLE | kept);
    dns_put16(bytes + 4, repeat);
    if (repeat)
        memcpy(bytes + DNS_HEADER, query + DNS_HEADER, question->end - DNS_HEADER);
    if (question->edns)
        writer->limit -= OPT_SIZE;
}

/* Where the data of a new record goes, which are `length` bytes; NULL when there is no room left. */
static uint8_t *add_record(struct dns_writer *writer, uint16_t type, size_t length)
{
    uint8_t *at = writer->bytes + writer->size;
    if (writer->truncated || 12 + length > writer->limit - writer->size) {
        writer->truncated = true;
        return NULL;
    }
    dns_put16(at, POINTER_TO_QUESTION);
    dns_put16(at + 2, type);
    dns_put16(at + 4, DNS_IN);
    dns_put16(at + 6, TTL >> 16);
    dns_put16(at + 8, TTL & 0xffff);
    dns_put16(at + 10, (uint16_t)length);
    writer->size += 12 + length;
    writer->answers++;
    return at + 12;
}

void dns_add_address(struct dns_writer *writer, const uint8_t *address, bool is_ipv6)
{
    uint8_t *data = add_record(writer, is_ipv6 ? DNS_AAAA : DNS_A, is_ipv6 ? 16 : 4);
    if (data)
        memcpy(data, address, is_ipv6 ? 16 : 4);
}

/* A name as labels; 0 when it is none. */
static size_t write_name(uint8_t out[LONGEST_NAME], const char *text)
{
    size_t size = 0;
    while (*text) {
        size_t length = strcspn(text, ".");
        if (length == 0 || length > LONGEST_LABEL || size + length + 2 > LONGEST_NAME)
            return 0;
        out[size++] = (uint8_t)length;
        memcpy(out + size, text, length);
        size += length;
        text += length + (text[length] == '.');
    }
    out[size++] = 0;
    return size;
}

void dns_add_name(struct dns_writer *writer, const char *name)
{
    uint8_t labels[LONGEST_NAME];
    size_t size = write_name(labels, name);
    uint8_t *data = size > 0 ? add_record(writer, DNS_PTR, size) : NULL;
    if (data)
        memcpy(data, labels, size);
}

size_t dns_finish(struct dns_writer *writer, int code)
{
    uint8_t *bytes = writer->bytes;
    dns_put16(bytes + 2, (uint16_t)(dns_get16(bytes + 2) | (code & CODE) | (writer->truncated ? FLAG_TRUNCATED : 0)));
    dns_put16(bytes + 6, writer->answers);
    if (writer->question->edns) {
        uint8_t *at = bytes + writer->size;
        memset(at, 0, OPT_SIZE);
        dns_put16(at + 1, DNS_OPT);
        dns_put16(at + 3, OUR_UDP_SIZE);
        at[5] = (uint8_t)(code >> 4);
        dns_put16(bytes + 10, 1);
        writer->size += OPT_SIZE;
    }
    return writer->size;
}

size_t dns_truncate(uint8_t *answer, size_t size)
{
    size_t end = size >= DNS_HEADER ? skip_name(answer, size, DNS_HEADER, false) : 0;
    if (end == 0 || size - end < 4)
        return 0;
    dns_put16(answer + 2, dns_get16(answer + 2) | FLAG_TRUNCATED);
    memset(answer + 6, 0, 6);
    return end + 4;
}
