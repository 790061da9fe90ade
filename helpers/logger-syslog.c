/* Syslog as Docker's driver writes it: RFC 3164, RFC 5424, or the form for the local socket, each message with a newline at its end. */
#include "logger-remote.h"
#include "util.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { FIELD_FORMAT = 2, FIELD_FACILITY, FIELD_TAG, FIELD_HOST, FIELDS = FIELD_HOST };
enum { SEVERITY_ERROR = 3, SEVERITY_INFORMATION = 6 };
enum { FORMAT_UNIX = 'u', FORMAT_3164 = '3', FORMAT_5424 = '5', FORMAT_MICRO = 'm' };

/* As the host's /proc shows us: inside our pid namespace we are 1. */
static long own_pid(void)
{
    char text[32] = "";
    return readlink("/proc/self", text, sizeof text - 1) > 0 ? strtol(text, NULL, 10) : (long)getpid();
}

static char format_of(const struct log_remote *remote)
{
    return remote->fields->fields[FIELD_FORMAT][0];
}

/* What stands between the time and the text, which never changes. */
static void open_syslog(struct log_remote *remote, const struct record *record)
{
    if (record->count <= FIELDS)
        die("record 'log-encode' of the launch plan is too short");
    const char *tag = record->fields[FIELD_TAG], *host = record->fields[FIELD_HOST];
    struct bytes *prefix = &remote->prefix;
    char pid[32];
    snprintf(pid, sizeof pid, "%ld", own_pid());
    const char *const old[] = { " ", tag, "[", pid, "]: " }, *const named[] = { " ", host, " ", tag, "[", pid, "]: " },
               *const modern[] = { " ", host, " ", tag, " ", pid, " ", tag, " - " };
    char format = format_of(remote);
    const char *const *words = format == FORMAT_UNIX ? old : format == FORMAT_3164 ? named : modern;
    size_t count = format == FORMAT_UNIX ? sizeof old / sizeof *old : format == FORMAT_3164 ? sizeof named / sizeof *named : sizeof modern / sizeof *modern;
    for (size_t i = 0; i < count; i++)
        bytes_text(prefix, words[i]);
}

/* The local time to the second; looked up once a second. `%z` has no colon, which RFC 3339 wants. */
static void set_clock(struct log_remote *remote, char format, time_t second)
{
    struct tm parts;
    char zone[16] = "";
    if (second == remote->clock_second)
        return;
    localtime_r(&second, &parts);
    remote->clock_second = second;
    if (format == FORMAT_UNIX || format == FORMAT_3164) {
        strftime(remote->clock, sizeof remote->clock, "%b %e %H:%M:%S", &parts);
        return;
    }
    strftime(remote->clock, sizeof remote->clock, "%Y-%m-%dT%H:%M:%S", &parts);
    strftime(zone, sizeof zone, "%z", &parts);
    char *end = remote->clock + strlen(remote->clock) + 1;
    if (strcmp(zone, "+0000") == 0 || strlen(zone) != 5)
        strcpy(end, "Z");
    else
        sprintf(end, "%.3s:%s", zone, zone + 3);
}

static void add_time(struct log_remote *remote, struct bytes *out, const struct timespec *time)
{
    char format = format_of(remote);
    set_clock(remote, format, time->tv_sec);
    bytes_text(out, remote->clock);
    if (format == FORMAT_MICRO)
        bytes_format(out, ".%06ld", time->tv_nsec / 1000);
    if (format == FORMAT_5424 || format == FORMAT_MICRO)
        bytes_text(out, remote->clock + strlen(remote->clock) + 1);
}

static void encode_syslog(struct log_remote *remote, const struct log_entry *entry)
{
    if (entry->size == 0)
        return; /* as in Docker */
    char format = format_of(remote);
    int priority = atoi(remote->fields->fields[FIELD_FACILITY]) * 8 + (entry->error ? SEVERITY_ERROR : SEVERITY_INFORMATION);
    struct bytes *out = queue_begin(&remote->queue);
    bytes_format(out, format == FORMAT_5424 || format == FORMAT_MICRO ? "<%d>1 " : "<%d>", priority);
    add_time(remote, out, &entry->time);
    bytes_add(out, remote->prefix.data, remote->prefix.length);
    bytes_add(out, entry->text, entry->size);
    bytes_add(out, "\n", 1);
    queue_end(&remote->queue);
}

const struct log_encoder syslog_encoder = { "syslog", open_syslog, encode_syslog };
