/* Fluentd's forward protocol in its message mode: [tag, time, record, options] in MessagePack, one after the other. */
#include "logger-remote.h"
#include "util.h"

#include <stdio.h>

enum { FIELD_TAG = 2, FIELD_PRECISION, FIRST_FIELD };
/* MessagePack (github.com/msgpack/msgpack/blob/master/spec.md). */
enum { FIXSTR = 0xa0, STR8 = 0xd9, STR16 = 0xda, STR32 = 0xdb, FIXARRAY = 0x90, FIXMAP = 0x80, MAP16 = 0xde, UINT32 = 0xce, FIXEXT8 = 0xd7 };
enum { SOURCE_AND_LOG = 2, PARTS = 4 };

/* `bytes` bytes of a number, the highest first, behind a type. */
static void add_number(struct bytes *out, unsigned type, unsigned long value, int bytes)
{
    char data[5] = { (char)type };
    for (int i = 0; i < bytes; i++)
        data[1 + i] = (char)(value >> 8 * (bytes - 1 - i));
    bytes_add(out, data, 1 + (size_t)bytes);
}

static void add_string(struct bytes *out, const char *text, size_t size)
{
    if (size < 32)
        add_number(out, FIXSTR | (unsigned)size, 0, 0);
    else
        add_number(out, size < 256 ? STR8 : size < 65536 ? STR16 : STR32, size, size < 256 ? 1 : size < 65536 ? 2 : 4);
    bytes_add(out, text, size);
}

static void add_pair(struct bytes *out, const char *name, const char *value)
{
    add_string(out, name, strlen(name));
    add_string(out, value, strlen(value));
}

static void open_fluentd(struct log_remote *remote, const struct record *record)
{
    if (record->count < FIRST_FIELD)
        die("record 'log-encode' of the launch plan is too short");
    for (size_t i = FIRST_FIELD; i + 1 < record->count; i += 2) {
        add_pair(&remote->prefix, record->fields[i], record->fields[i + 1]);
        remote->prefix_count++;
    }
}

static void add_map(struct bytes *out, unsigned count)
{
    add_number(out, count < 16 ? FIXMAP | count : MAP16, count, count < 16 ? 0 : 2);
}

/* Seconds, or fluentd's EventTime with nanoseconds. */
static void add_time(struct bytes *out, bool precise, const struct timespec *time)
{
    if (!precise) {
        add_number(out, UINT32, (unsigned long)time->tv_sec, 4);
        return;
    }
    add_number(out, FIXEXT8, 0, 1);
    char data[8];
    for (int i = 0; i < 4; i++) {
        data[i] = (char)((unsigned long)time->tv_sec >> 8 * (3 - i));
        data[4 + i] = (char)(time->tv_nsec >> 8 * (3 - i));
    }
    bytes_add(out, data, sizeof data);
}

static void encode_fluentd(struct log_remote *remote, const struct log_entry *entry)
{
    const char *tag = remote->fields->fields[FIELD_TAG];
    char number[16];
    struct bytes *out = queue_begin(&remote->queue);
    add_number(out, FIXARRAY | 4, 0, 0);
    add_string(out, tag, strlen(tag));
    add_time(out, strcmp(remote->fields->fields[FIELD_PRECISION], "nanoseconds") == 0, &entry->time);
    add_map(out, remote->prefix_count + SOURCE_AND_LOG + (entry->part ? PARTS : 0));
    bytes_add(out, remote->prefix.data, remote->prefix.length);
    add_pair(out, "source", entry->error ? "stderr" : "stdout");
    add_string(out, "log", 3);
    add_string(out, entry->text, entry->size);
    if (entry->part) {
        snprintf(number, sizeof number, "%u", entry->part);
        add_pair(out, "partial_message", "true");
        add_pair(out, "partial_id", entry->id);
        add_pair(out, "partial_ordinal", number);
        add_pair(out, "partial_last", entry->whole ? "true" : "false");
    }
    add_map(out, 0);
    queue_end(&remote->queue);
}

const struct log_encoder fluentd_encoder = { "fluentd", open_fluentd, encode_fluentd };
