/* Questions taken apart and answers put together, beside bytes that were written down by hand. */
#include "check.h"
#include "dns-message.h"

static uint8_t query[2048];

/* A question for `name` with `extra` records behind it. */
static size_t ask(const char *name, int type, const void *rest, size_t rest_size, int extra)
{
    static const uint8_t header[DNS_HEADER] = { 0x12, 0x34, 1, 0, 0, 1 };
    size_t size = DNS_HEADER;
    memcpy(query, header, sizeof header);
    query[11] = (uint8_t)extra;
    while (*name) {
        size_t length = strcspn(name, ".");
        query[size++] = (uint8_t)length;
        memcpy(query + size, name, length);
        size += length;
        name += length + (name[length] == '.');
    }
    query[size] = 0;
    dns_put16(query + size + 1, (uint16_t)type);
    dns_put16(query + size + 3, DNS_IN);
    size += 5;
    memcpy(query + size, rest, rest_size);
    return size + rest_size;
}

static void test_question(void)
{
    struct dns_question question;
    size_t size = ask("ReDis.Net", DNS_AAAA, "", 0, 0);
    check(dns_parse_question(query, size, &question) == DNS_NOERROR);
    check(question.id == 0x1234 && question.type == DNS_AAAA && question.class == DNS_IN && question.end == size && question.is_text);
    check(!question.edns && question.udp_size == 512);
    check_text(question.name, "redis.net");
    for (size_t less = 0; less < DNS_HEADER; less++)
        check(dns_parse_question(query, less, &question) == -1);
    for (size_t less = DNS_HEADER; less < size; less++)
        check(dns_parse_question(query, less, &question) == DNS_FORMERR);
    query[2] = 0x80;
    check(dns_parse_question(query, size, &question) == -1);
    query[2] = 0x28; /* an update */
    check(dns_parse_question(query, size, &question) == DNS_NOTIMP);
    query[2] = 1;
    query[5] = 2;
    check(dns_parse_question(query, size, &question) == DNS_FORMERR);
    size = ask("a.b c", DNS_A, "", 0, 0);
    check(dns_parse_question(query, size, &question) == DNS_NOERROR && !question.is_text);
    size = ask("", DNS_A, "", 0, 0);
    check(dns_parse_question(query, size, &question) == DNS_NOERROR && question.is_text && question.name[0] == 0);
}

static void test_lengths(void)
{
    struct dns_question question;
    char name[300] = "";
    for (int i = 0; i < 3; i++)
        strcat(name, "a23456789.a23456789.a23456789.a23456789.a23456789.a23456789.abc."); /* 64 bytes */
    strcat(name, "a23456789.a23456789.a23456789.a23456789.a23456789.a23456789.a"); /* 253: the longest name there is */
    size_t size = ask(name, DNS_A, "", 0, 0);
    check(dns_parse_question(query, size, &question) == DNS_NOERROR && strlen(question.name) == 253);
    strcat(name, "b");
    size = ask(name, DNS_A, "", 0, 0);
    check(dns_parse_question(query, size, &question) == DNS_FORMERR);
    size = ask("a", DNS_A, "", 0, 0);
    query[DNS_HEADER] = 0xc0; /* a pointer, to itself at that */
    query[DNS_HEADER + 1] = DNS_HEADER;
    check(dns_parse_question(query, size, &question) == DNS_FORMERR);
    query[DNS_HEADER] = 64;
    check(dns_parse_question(query, sizeof query, &question) == DNS_FORMERR);
    size = ask("a", DNS_A, "", 0, 0);
    check(dns_parse_question(query, DNS_LONGEST_QUESTION, &question) == DNS_NOERROR);
    check(dns_parse_question(query, DNS_LONGEST_QUESTION + 1, &question) == DNS_FORMERR);
}

static void test_edns(void)
{
    static const uint8_t opt[] = { 0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0 };
    uint8_t other[sizeof opt], two[2 * sizeof opt];
    struct dns_question question;
    size_t size = ask("a", DNS_A, opt, sizeof opt, 1);
    check(dns_parse_question(query, size, &question) == DNS_NOERROR && question.edns && question.udp_size == 4096);
    check(dns_parse_question(query, size - 1, &question) == DNS_FORMERR);
    memcpy(other, opt, sizeof opt);
    other[3] = 0; /* 0 bytes: less than everybody has to take */
    size = ask("a", DNS_A, other, sizeof opt, 1);
    check(dns_parse_question(query, size, &question) == DNS_NOERROR && question.udp_size == 512);
    other[6] = 1;
    size = ask("a", DNS_A, other, sizeof opt, 1);
    check(dns_parse_question(query, size, &question) == DNS_BADVERS);
    memcpy(two, opt, sizeof opt);
    memcpy(two + sizeof opt, opt, sizeof opt);
    size = ask("a", DNS_A, two, sizeof two, 2);
    check(dns_parse_question(query, size, &question) == DNS_FORMERR);
    memcpy(other, opt, sizeof opt);
    other[10] = 1; /* data that are not there */
    size = ask("a", DNS_A, other, sizeof opt, 1);
    check(dns_parse_question(query, size, &question) == DNS_FORMERR);
}

static void test_answer(void)
{
    static const uint8_t opt[] = { 0, 0, 41, 4, 0, 0, 0, 0, 0, 0, 0 }, address[] = { 172, 18, 0, 2 };
    static const uint8_t wanted[] = { 0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 1, 2, 'D', 'b', 0, 0, 1, 0, 1,
                                      0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 172, 18, 0, 2, 0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0 };
    uint8_t answer[DNS_PLAIN_UDP + 1];
    struct dns_question question;
    struct dns_writer writer;
    size_t size = ask("Db", DNS_A, opt, sizeof opt, 1);
    check(dns_parse_question(query, size, &question) == DNS_NOERROR);
    dns_begin(&writer, answer, DNS_PLAIN_UDP, query, &question, DNS_NOERROR);
    dns_add_address(&writer, address, false);
    check(dns_finish(&writer, DNS_NOERROR) == sizeof wanted && memcmp(answer, wanted, sizeof wanted) == 0);
    check(dns_is_answer(answer, sizeof wanted, query, size) && dns_code(answer) == DNS_NOERROR);
    answer[DNS_PLAIN_UDP] = 0xee;
    dns_begin(&writer, answer, DNS_PLAIN_UDP, query, &question, DNS_NOERROR);
    for (int i = 0; i < 100; i++)
        dns_add_address(&writer, address, false);
    size_t length = dns_finish(&writer, DNS_NOERROR);
    check(length <= DNS_PLAIN_UDP && length > DNS_PLAIN_UDP - 16 && (answer[2] & 2) && dns_get16(answer + 6) == (length - 20 - 11) / 16 && answer[DNS_PLAIN_UDP] == 0xee);
    dns_begin(&writer, answer, DNS_PLAIN_UDP, query, &question, DNS_BADVERS);
    length = dns_finish(&writer, DNS_BADVERS);
    check(length == 31 && dns_code(answer) == 0 && answer[20 + 5] == 1);
    check(dns_truncate(answer, length) == 20 && (answer[2] & 2) && dns_get16(answer + 10) == 0);
}

static void test_reply(void)
{
    struct dns_question question;
    struct dns_writer writer;
    uint8_t answer[DNS_PLAIN_UDP];
    size_t size = ask("Db", DNS_A, "", 0, 0);
    check(dns_parse_question(query, size, &question) == DNS_NOERROR);
    dns_begin(&writer, answer, sizeof answer, query, &question, DNS_NXDOMAIN);
    size_t length = dns_finish(&writer, DNS_NXDOMAIN);
    check(dns_is_answer(answer, length, query, size) && dns_code(answer) == DNS_NXDOMAIN);
    answer[13] = 'd'; /* case does not count … */
    check(dns_is_answer(answer, length, query, size));
    answer[13] = 'e'; /* … letters do, */
    check(!dns_is_answer(answer, length, query, size));
    answer[13] = 'd';
    answer[1]++; /* and the id, */
    check(!dns_is_answer(answer, length, query, size));
    answer[1]--;
    answer[17] = DNS_AAAA; /* and the type, */
    check(!dns_is_answer(answer, length, query, size));
    answer[17] = DNS_A;
    for (size_t less = 0; less < length; less++)
        check(!dns_is_answer(answer, less, query, size));
    answer[2] &= 0x7f; /* and a question is no answer */
    check(!dns_is_answer(answer, length, query, size));
    uint8_t refused[DNS_HEADER] = { 0x12, 0x34, 0x81, 0x85 };
    check(dns_is_answer(refused, sizeof refused, query, size));
    refused[3] = 0x83; /* that there is no such name has to say which */
    check(!dns_is_answer(refused, sizeof refused, query, size));
}

static void test_name(void)
{
    static const uint8_t wanted[] = { 5, 'r', 'e', 'd', 'i', 's', 3, 'n', 'e', 't', 0 };
    uint8_t answer[DNS_PLAIN_UDP];
    struct dns_question question;
    struct dns_writer writer;
    size_t size = ask("2.0.18.172.in-addr.arpa", DNS_PTR, "", 0, 0);
    check(dns_parse_question(query, size, &question) == DNS_NOERROR);
    dns_begin(&writer, answer, sizeof answer, query, &question, DNS_NOERROR);
    dns_add_name(&writer, "redis.net");
    size_t length = dns_finish(&writer, DNS_NOERROR);
    check(length == size + 12 + sizeof wanted && memcmp(answer + size + 12, wanted, sizeof wanted) == 0);
    dns_begin(&writer, answer, sizeof answer, query, &question, DNS_NOERROR);
    dns_add_name(&writer, "a..b"); /* no name */
    check(dns_finish(&writer, DNS_NOERROR) == size);
}

int main(void)
{
    test_question();
    test_lengths();
    test_edns();
    test_answer();
    test_reply();
    test_name();
    return 0;
}
