/* GELF 1.1: a JSON object for each line, with Docker's fields. UDP takes it in chunks where it is large, TCP with a NUL behind it. */
#include "json.h"
#include "logger-chunks.h"
#include "logger-remote.h"
#include "util.h"

#include <stdlib.h>

/* What the plan's EXTRA holds: `,"_container_id":"…",…`. */
enum { FIELD_COMPRESSION = 2, FIELD_LEVEL, FIELD_HOST, FIELD_EXTRA, FIELD_PACKER, FIELDS = FIELD_PACKER };
enum { LEVEL_ERROR = 3, LEVEL_INFORMATION = 6 };

static void open_gelf(struct log_remote *remote, const struct record *record)
{
    if (record->count <= FIELDS)
        die("record 'log-encode' of the launch plan is too short");
    const char *host = record->fields[FIELD_HOST];
    if (strcmp(record->fields[FIELD_COMPRESSION], "none") != 0)
        remote->packer = record->fields[FIELD_PACKER];
    bytes_text(&remote->prefix, "{\"version\":\"1.1\",\"host\":\"");
    remote->prefix.length += json_escape(bytes_room(&remote->prefix, 6 * strlen(host)), host, strlen(host));
    bytes_text(&remote->prefix, "\",\"short_message\":\"");
}

static void add_message(struct log_remote *remote, struct bytes *out, const struct log_entry *entry)
{
    bytes_add(out, remote->prefix.data, remote->prefix.length);
    char *to = bytes_room(out, 6 * entry->size);
    out->length += json_escape(to, entry->text, entry->size);
    bytes_format(out, "\",\"timestamp\":%lld.%03ld,\"level\":%d", (long long)entry->time.tv_sec, entry->time.tv_nsec / 1000000, entry->error ? LEVEL_ERROR : LEVEL_INFORMATION);
    bytes_text(out, remote->fields->fields[FIELD_EXTRA]);
    bytes_add(out, "}", 1);
}

static void add_chunk(void *to, const char *head, size_t head_size, const char *data, size_t size)
{
    struct log_queue *queue = to;
    struct bytes *out = queue_begin(queue);
    bytes_add(out, head, head_size);
    bytes_add(out, data, size);
    queue_end(queue);
}

static void encode_gelf(struct log_remote *remote, const struct log_entry *entry)
{
    struct bytes message = { 0 };
    if (entry->size == 0)
        return; /* as in Docker: a message without text is against the rules */
    if (remote->network == NETWORK_TCP || remote->packer) {
        struct bytes *out = queue_begin(&remote->queue);
        add_message(remote, out, entry);
        if (!remote->packer)
            bytes_add(out, "", 1);
        queue_end(&remote->queue);
        return;
    }
    add_message(remote, &message, entry);
    if (!gelf_chunks(message.data, message.length, add_chunk, &remote->queue))
        remote->dropped++;
    bytes_free(&message);
}

const struct log_encoder gelf_encoder = { "gelf", open_gelf, encode_gelf };
