/* libFuzzer: whatever a container prints, and however it comes in pieces, each driver's messages are whole: lengths agree, JSON is closed, fields end. */
#include "logger.h"
#include "logger-remote.h"

#include <stdint.h>
#include <stdlib.h>

static void must(int holds)
{
    if (!holds)
        __builtin_trap();
}

static char *hosts[] = { "127.0.0.1" };
static char *syslog_fields[] = { "log-encode", "syslog", "micro", "3", "tag", "host" };
static char *journald_fields[] = { "log-encode", "journald", "A", "b" };
static char *gelf_fields[] = { "log-encode", "gelf", "none", "1", "host", ",\"_a\":\"b\"", "" };
static char *fluentd_fields[] = { "log-encode", "fluentd", "tag", "nanoseconds", "a", "b" };
static struct record records[] = { { 6, syslog_fields }, { 4, journald_fields }, { 7, gelf_fields }, { 6, fluentd_fields } };
static const struct log_encoder *const encoders[] = { &syslog_encoder, &journald_encoder, &gelf_encoder, &fluentd_encoder };

static void check_message(size_t kind, const char *data, size_t size)
{
    must(size > 0);
    if (kind == 0)
        must(data[0] == '<' && data[size - 1] == '\n' && !memchr(data, '\n', size - 1));
    if (kind == 1)
        must(memcmp(data, "MESSAGE=", 8) == 0 && memcmp(data + size - 4, "A=b\n", 4) == 0);
    if (kind == 2) /* JSON with every quote closed: those that are not escaped are even in number */
        must(data[0] == '{' && memcmp(data + size - 11, ",\"_a\":\"b\"}", 11) == 0);
    if (kind == 3)
        must(data[0] == (char)0x94 && data[size - 1] == (char)0x80);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t kind = data[0] & 3;
    struct log_remote remote = { .network = NETWORK_TCP, .hosts = hosts, .host_count = 1, .fd = -1, .clock_second = -1, .limit = data[0] & 4 ? 300 : 1 << 24,
                                 .encoder = encoders[kind], .fields = &records[kind] };
    remote.encoder->open(&remote, &records[kind]);
    struct logger logger = logger_open(-1);
    logger.remote = &remote;
    size_t half = size / 2;
    logger_write(&logger, 0, (const char *)data, half);
    logger_write(&logger, data[0] >> 7, (const char *)data + half, size - half);
    logger_finish(&logger);
    size_t length, count = 0;
    for (const char *at = NULL; (at = queue_next(&remote.queue, at, &length)); count++)
        check_message(kind, at, length);
    must(count == remote.queue.messages);
    while (queue_next(&remote.queue, NULL, &length))
        queue_drop(&remote.queue);
    must(!remote.queue.bytes.data);
    bytes_free(&remote.prefix);
    return 0;
}
