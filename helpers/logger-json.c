/* How a line of a json-file log is written. */
#include "json.h"
#include "logger.h"

#include <string.h>

enum { STAMP = sizeof "2026-11-20T19:00:00" - 1, FRACTION = 9 };

/* A time as Go writes it: zeros at the end of the fraction are left out. What a second has in common is made once: this is a line's greatest cost. */
static char *put_time(struct log_file *file, char *out, const struct timespec *time)
{
    if (time->tv_sec != file->second) {
        struct tm parts;
        gmtime_r(&time->tv_sec, &parts);
        strftime(file->stamp, sizeof file->stamp, "%Y-%m-%dT%H:%M:%S", &parts);
        file->second = time->tv_sec;
    }
    int digits = time->tv_nsec ? FRACTION : 0;
    long rest = time->tv_nsec;
    for (; digits && rest % 10 == 0; digits--)
        rest /= 10;
    memcpy(out, file->stamp, STAMP);
    out[STAMP] = '.';
    for (int i = digits; i > 0; i--, rest /= 10)
        out[STAMP + i] = (char)('0' + rest % 10);
    return out + STAMP + (digits ? digits + 1 : 0);
}

enum { FRAME_SIZE = 128 };

size_t json_line_size(const struct log_file *file, const struct log_entry *entry)
{
    return 6 * entry->size + strlen(file->attributes) + FRAME_SIZE;
}

void json_line(struct log_file *file, const struct log_entry *entry)
{
    size_t attributes = strlen(file->attributes);
    char *start = bytes_room(&file->buffer, 6 * entry->size + attributes + FRAME_SIZE), *to = start;
    to = put_literal(to, "{\"log\":\"");
    to += json_escape(to, entry->text, entry->size);
    if (entry->whole)
        to = put_literal(to, "\\n");
    to = entry->error ? put_literal(to, "\",\"stream\":\"stderr\",") : put_literal(to, "\",\"stream\":\"stdout\",");
    if (attributes)
        memcpy(to, file->attributes, attributes);
    to = put_literal(to + attributes, "\"time\":\"");
    to = put_time(file, to, &entry->time);
    to = put_literal(to, "Z\"}\n");
    file->buffer.length += (size_t)(to - start);
}
