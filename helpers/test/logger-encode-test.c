/* What the drivers that send make of a line: syslog, the journal's fields, GELF with its chunks, fluentd's MessagePack. */
#include "logger-chunks.h"
#include "logger-remote.h"
#include "check.h"

#include <time.h>
#include <unistd.h>

static char *hosts[] = { "127.0.0.1" };

/* A receiver that is never connected, with the fields of the plan's record `log-encode`. */
static struct log_remote *receiver(enum log_network network, const struct log_encoder *encoder, struct record *record)
{
    static struct log_remote remote;
    remote = (struct log_remote){ .network = network, .hosts = hosts, .host_count = 1, .fd = -1, .clock_second = -1, .limit = 1 << 30, .encoder = encoder, .fields = record };
    encoder->open(&remote, record);
    return &remote;
}
#define RECORD(...) (&(struct record){ .count = sizeof (char *[]){ __VA_ARGS__ } / sizeof(char *), .fields = (char *[]){ __VA_ARGS__ } })

static struct log_entry line(const char *text)
{
    return (struct log_entry){ .text = text, .size = strlen(text), .whole = true, .time = { 1700000000, 12345678 } };
}

/* The only message, with a NUL behind it; it is taken away. */
static const char *message(struct log_remote *remote, size_t *size)
{
    static char text[1 << 20];
    const char *data = queue_next(&remote->queue, NULL, size);
    check(data && remote->queue.messages == 1 && *size < sizeof text);
    memcpy(text, data, *size);
    text[*size] = 0;
    queue_drop(&remote->queue);
    check(!remote->queue.bytes.data);
    return text;
}

static void gives(struct log_remote *remote, struct log_entry entry, const char *wanted)
{
    size_t size;
    remote->encoder->encode(remote, &entry);
    check_text(message(remote, &size), wanted);
    check(size == strlen(wanted));
}

static void close_receiver(struct log_remote *remote)
{
    queue_clear(&remote->queue);
    bytes_free(&remote->prefix);
}

static void test_syslog(void)
{
    char wanted[512];
    struct log_entry entry = line("hello <world>"), error = entry;
    error.error = true;
    setenv("TZ", "XYZ-5:30", 1);
    tzset();
    struct log_remote *remote = receiver(NETWORK_UDP, &syslog_encoder, RECORD("log-encode", "syslog", "unix", "3", "tag", "host"));
    snprintf(wanted, sizeof wanted, "<30>Nov 15 03:43:20 tag[%d]: hello <world>\n", getpid());
    gives(remote, entry, wanted);
    snprintf(wanted, sizeof wanted, "<27>Nov 15 03:43:20 tag[%d]: hello <world>\n", getpid());
    gives(remote, error, wanted);
    close_receiver(remote);
    remote = receiver(NETWORK_TCP, &syslog_encoder, RECORD("log-encode", "syslog", "3164", "16", "tag", "host"));
    snprintf(wanted, sizeof wanted, "<134>Nov 15 03:43:20 host tag[%d]: hello <world>\n", getpid());
    gives(remote, entry, wanted);
    close_receiver(remote);
    remote = receiver(NETWORK_TCP, &syslog_encoder, RECORD("log-encode", "syslog", "5424", "0", "tag", "host"));
    snprintf(wanted, sizeof wanted, "<6>1 2023-11-15T03:43:20+05:30 host tag %d tag - hello <world>\n", getpid());
    gives(remote, entry, wanted);
    close_receiver(remote);
    setenv("TZ", "UTC0", 1);
    tzset();
    remote = receiver(NETWORK_TCP, &syslog_encoder, RECORD("log-encode", "syslog", "micro", "0", "tag", "host"));
    snprintf(wanted, sizeof wanted, "<6>1 2023-11-14T22:13:20.012345Z host tag %d tag - hello <world>\n", getpid());
    gives(remote, entry, wanted);
    entry = line("");
    remote->encoder->encode(remote, &entry);
    check(remote->queue.messages == 0);
    close_receiver(remote);
}

/* The fields that depend on the entry, then those of the plan, one of which holds a newline. */
static void journald_gives(struct log_remote *remote, struct log_entry entry, const char *head)
{
    static const char rest[] = "CONTAINER_ID=abc\nLABEL\n\x09\0\0\0\0\0\0\0two\nlines\n";
    size_t size, length = strlen(head);
    remote->encoder->encode(remote, &entry);
    const char *got = message(remote, &size);
    check(size == length + sizeof rest - 1 && memcmp(got, head, length) == 0 && memcmp(got + length, rest, sizeof rest - 1) == 0);
}

static void test_journald(void)
{
    struct log_remote *remote = receiver(NETWORK_UNIXGRAM, &journald_encoder, RECORD("log-encode", "journald", "CONTAINER_ID", "abc", "LABEL", "two\nlines"));
    struct log_entry entry = line("hi");
    journald_gives(remote, entry, "MESSAGE=hi\nPRIORITY=6\nSYSLOG_TIMESTAMP=2023-11-14T22:13:20.012345678Z\n");
    entry.error = true;
    entry.part = 2;
    entry.id = "0a0a";
    journald_gives(remote, entry, "MESSAGE=hi\nPRIORITY=3\nSYSLOG_TIMESTAMP=2023-11-14T22:13:20.012345678Z\nCONTAINER_PARTIAL_ID=0a0a\nCONTAINER_PARTIAL_ORDINAL=2\n"
                                  "CONTAINER_PARTIAL_LAST=true\n");
    entry.whole = false;
    journald_gives(remote, entry, "MESSAGE=hi\nPRIORITY=3\nSYSLOG_TIMESTAMP=2023-11-14T22:13:20.012345678Z\nCONTAINER_PARTIAL_ID=0a0a\nCONTAINER_PARTIAL_ORDINAL=2\n"
                                  "CONTAINER_PARTIAL_LAST=false\nCONTAINER_PARTIAL_MESSAGE=true\n");
    close_receiver(remote);
}

static void test_gelf(void)
{
    struct log_remote *remote = receiver(NETWORK_TCP, &gelf_encoder, RECORD("log-encode", "gelf", "none", "1", "ho\"st", ",\"_tag\":\"x\"", ""));
    struct log_entry entry = line("a\"b\xff<");
    remote->encoder->encode(remote, &entry);
    size_t size;
    const char wanted[] = "{\"version\":\"1.1\",\"host\":\"ho\\\"st\",\"short_message\":\"a\\\"b\\ufffd\\u003c\",\"timestamp\":1700000000.012,\"level\":6,\"_tag\":\"x\"}";
    const char *got = message(remote, &size);
    check_text(got, wanted);
    check(size == sizeof wanted); /* a NUL ends it */
    entry.error = true;
    remote->encoder->encode(remote, &entry);
    check(strstr(message(remote, &size), "\"level\":3,") != NULL);
    close_receiver(remote);
}

/* Chunks put together again, as a receiver does it. */
struct whole {
    char *data;
    size_t size, chunks, most;
    char id[8];
};

static void put_together(void *to, const char *head, size_t head_size, const char *data, size_t size)
{
    struct whole *whole = to;
    if (head_size) {
        check(head_size == GELF_HEAD && head[0] == 0x1e && head[1] == 0x0f && (unsigned char)head[10] == whole->chunks && (unsigned char)head[11] <= GELF_CHUNKS);
        check(whole->chunks == 0 || memcmp(whole->id, head + 2, 8) == 0);
        memcpy(whole->id, head + 2, 8);
    }
    if (head_size + size > whole->most)
        whole->most = head_size + size;
    memcpy(whole->data + whole->size, data, size);
    whole->size += size;
    whole->chunks++;
}

static void test_chunks(void)
{
    static const struct { size_t size, chunks, most; } cases[] = {
        { 1, 1, 1 }, { 1420, 1, 1420 }, { 1421, 2, 1420 }, { 2816, 2, 1420 }, { 2817, 3, 1420 }, { 180224, 128, 1420 },
        { 180225, 23, 8192 }, { 1047040, 128, 8192 }, { 1047041, 0, 0 },
    };
    char *data = malloc(1 << 20), *copy = malloc(1 << 20);
    for (size_t i = 0; i < 1 << 20; i++)
        data[i] = (char)(i * 31 >> 3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct whole whole = { .data = copy };
        check(gelf_chunks(data, cases[i].size, put_together, &whole) == (cases[i].chunks > 0));
        check(whole.chunks == cases[i].chunks && whole.most == cases[i].most);
        check(cases[i].chunks == 0 || (whole.size == cases[i].size && memcmp(data, copy, whole.size) == 0));
    }
    free(data);
    free(copy);
}

static void test_fluentd(void)
{
    struct log_remote *remote = receiver(NETWORK_TCP, &fluentd_encoder, RECORD("log-encode", "fluentd", "tag", "seconds", "container_id", "abc"));
    struct log_entry entry = line("hi");
    const char plain[] = "\x94\xa3tag\xce\x65\x53\xf1\x00\x83\xac" "container_id\xa3" "abc\xa6source\xa6stdout\xa3log\xa2hi\x80";
    size_t size;
    remote->encoder->encode(remote, &entry);
    const char *got = message(remote, &size);
    check(size == sizeof plain - 1 && memcmp(got, plain, size) == 0);
    close_receiver(remote);
    remote = receiver(NETWORK_TCP, &fluentd_encoder, RECORD("log-encode", "fluentd", "tag", "nanoseconds"));
    char text[70001];
    memset(text, 'x', 70000);
    static const struct { size_t length; const char *head; size_t head_size; } strings[] = {
        { 31, "\xbf", 1 }, { 32, "\xd9\x20", 2 }, { 255, "\xd9\xff", 2 }, { 256, "\xda\x01\x00", 3 }, { 65535, "\xda\xff\xff", 3 }, { 65536, "\xdb\x00\x01\x00\x00", 5 },
    };
    const char precise[] = "\x94\xa3tag\xd7\x00\x65\x53\xf1\x00\x00\xbc\x61\x4e\x82\xa6source\xa6stderr\xa3log";
    entry.error = true;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        entry.text = text;
        entry.size = strings[i].length;
        remote->encoder->encode(remote, &entry);
        got = message(remote, &size);
        check(memcmp(got, precise, sizeof precise - 1) == 0);
        check(memcmp(got + sizeof precise - 1, strings[i].head, strings[i].head_size) == 0);
        check(size == sizeof precise - 1 + strings[i].head_size + strings[i].length + 1);
    }
    entry = line("x");
    entry.part = 3;
    entry.id = "abc";
    remote->encoder->encode(remote, &entry);
    got = message(remote, &size);
    const char parts[] = "\x86\xa6source\xa6stdout\xa3log\xa1x\xafpartial_message\xa4true\xaapartial_id\xa3" "abc\xafpartial_ordinal\xa1" "3\xacpartial_last\xa4true\x80";
    check(size > sizeof parts && memcmp(got + size - (sizeof parts - 1), parts, sizeof parts - 1) == 0);
    close_receiver(remote);
}

/* More fields than a small map holds. */
static void test_large_map(void)
{
    char *fields[4 + 2 * 20] = { "log-encode", "fluentd", "t", "seconds" };
    for (size_t i = 4; i < sizeof fields / sizeof *fields; i++)
        fields[i] = "f";
    struct record record = { sizeof fields / sizeof *fields, fields };
    struct log_remote *remote = receiver(NETWORK_TCP, &fluentd_encoder, &record);
    struct log_entry entry = line("x");
    size_t size;
    remote->encoder->encode(remote, &entry);
    check(memcmp(message(remote, &size) + 8, "\xde\x00\x16", 3) == 0);
    close_receiver(remote);
}

int main(void)
{
    test_syslog();
    test_journald();
    test_gelf();
    test_chunks();
    test_fluentd();
    test_large_map();
    return 0;
}
