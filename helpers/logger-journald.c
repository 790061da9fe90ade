/* The journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): fields with names, one datagram for each entry. */
#include "logger-remote.h"
#include "util.h"

#include <time.h>

enum { FIRST_FIELD = 2 };

/* `NAME=VALUE` and a newline; a value with a newline in it goes with its length. */
static void add_field(struct bytes *out, const char *name, const char *value, size_t size)
{
    bytes_text(out, name);
    if (memchr(value, '\n', size)) {
        char length[8];
        for (size_t i = 0; i < sizeof length; i++)
            length[i] = (char)((unsigned long long)size >> 8 * i);
        bytes_add(out, "\n", 1);
        bytes_add(out, length, sizeof length);
    } else {
        bytes_add(out, "=", 1);
    }
    bytes_add(out, value, size);
    bytes_add(out, "\n", 1);
}

static void open_journald(struct log_remote *remote, const struct record *record)
{
    for (size_t i = FIRST_FIELD; i + 1 < record->count; i += 2)
        add_field(&remote->prefix, record->fields[i], record->fields[i + 1], strlen(record->fields[i + 1]));
}

/* When the line was printed: the journal knows only when it was told. */
static void add_time(struct log_remote *remote, struct bytes *out, const struct timespec *time)
{
    if (time->tv_sec != remote->clock_second) {
        struct tm parts;
        gmtime_r(&time->tv_sec, &parts);
        strftime(remote->clock, sizeof remote->clock, "%Y-%m-%dT%H:%M:%S", &parts);
        remote->clock_second = time->tv_sec;
    }
    bytes_format(out, "SYSLOG_TIMESTAMP=%s.%09ldZ\n", remote->clock, time->tv_nsec);
}

static void encode_journald(struct log_remote *remote, const struct log_entry *entry)
{
    struct bytes *out = queue_begin(&remote->queue);
    add_field(out, "MESSAGE", entry->text, entry->size);
    bytes_text(out, entry->error ? "PRIORITY=3\n" : "PRIORITY=6\n");
    add_time(remote, out, &entry->time);
    if (entry->part) {
        bytes_format(out, "CONTAINER_PARTIAL_ID=%s\nCONTAINER_PARTIAL_ORDINAL=%u\nCONTAINER_PARTIAL_LAST=%s\n", entry->id, entry->part, entry->whole ? "true" : "false");
        if (!entry->whole)
            bytes_text(out, "CONTAINER_PARTIAL_MESSAGE=true\n");
    }
    bytes_add(out, remote->prefix.data, remote->prefix.length);
    queue_end(&remote->queue);
}

const struct log_encoder journald_encoder = { "journald", open_journald, encode_journald };
