/* Questions and answers of the DNS as bytes: RFC 1035, EDNS of RFC 6891. Pure; every byte that comes in is hostile. */
#ifndef SKIFF_DNS_MESSAGE_H
#define SKIFF_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DNS_HEADER = 12,
    DNS_NAME_TEXT = 256,      /* a name as text with its NUL: 255 octets of RFC 1035, 2.3.4, less two */
    DNS_LONGEST_QUESTION = 1232, /* longer ones are no honest question: a name, a type, and an OPT record with cookie and padding */
    DNS_LONGEST_ANSWER = 65535,
    DNS_PLAIN_UDP = 512,      /* what fits without EDNS */
    DNS_LARGEST_UDP = 4096,   /* our own answers are not longer, whatever the asker takes: there is TCP */
};

enum { DNS_A = 1, DNS_PTR = 12, DNS_AAAA = 28, DNS_OPT = 41, DNS_ANY = 255, DNS_IN = 1 };
enum { DNS_NOERROR = 0, DNS_FORMERR = 1, DNS_SERVFAIL = 2, DNS_NXDOMAIN = 3, DNS_NOTIMP = 4, DNS_REFUSED = 5, DNS_BADVERS = 16 };

struct dns_question {
    uint16_t id, type, class;
    uint8_t opcode;
    size_t end;               /* where the question section ends */
    bool edns;                /* it has an OPT record … */
    uint8_t edns_version;
    uint16_t udp_size;        /* … that says how much it takes; at least DNS_PLAIN_UDP */
    bool is_text;             /* all of its labels are letters that a name of ours could have */
    char name[DNS_NAME_TEXT]; /* then this is the name, in lower case, without the last dot */
};

/*
 * What is asked. -1: it gets no answer at all (no header, or an answer itself). Otherwise a code of DNS_*: NOERROR, or why it is
 * refused; `id` and `opcode` are set in any case, all of the question with NOERROR and BADVERS only.
 */
int dns_parse_question(const uint8_t *bytes, size_t size, struct dns_question *question);

/*
 * Whether `answer` answers `query`: same id, same question (case does not count). An error without a question section, as
 * some servers send, is an answer too.
 */
bool dns_is_answer(const uint8_t *answer, size_t size, const uint8_t *query, size_t query_size);
/* The code of an answer that dns_is_answer() took. */
int dns_code(const uint8_t *answer);

/* An answer that is being written. What does not fit `limit` is left out, and the answer says so (TC). */
struct dns_writer {
    uint8_t *bytes;
    size_t size, limit;
    uint16_t answers;
    bool truncated;
    const struct dns_question *question;
};

/*
 * Begins an answer to `query` in `bytes`, which has room for `limit` bytes: at least DNS_PLAIN_UDP. The question is repeated byte for byte,
 * for there are askers who compare its case; with FORMERR and NOTIMP the header is all.
 */
void dns_begin(struct dns_writer *writer, uint8_t *bytes, size_t limit, const uint8_t *query, const struct dns_question *question, int code);
/* One record of the asked name: 4 or 16 bytes of an address; a name as text. */
void dns_add_address(struct dns_writer *writer, const uint8_t *address, bool is_ipv6);
void dns_add_name(struct dns_writer *writer, const char *name);
/* Completes it and returns its size. */
size_t dns_finish(struct dns_writer *writer, int code);

/* Makes of an answer that does not fit one that only says so: header and question. Returns its size, 0 when it cannot be. */
size_t dns_truncate(uint8_t *answer, size_t size);

static inline uint16_t dns_get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}
static inline void dns_put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

#endif
