/* The json-file log: escapes, lines, parts of long lines, two streams. */
#include "logger.h"
#include "check.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *escaped_bytes(const char *text, size_t size)
{
    static char out[4096];
    out[json_escape(out, text, size)] = 0;
    return out;
}
#define escaped(literal) escaped_bytes(literal, sizeof literal - 1)

static void test_escape(void)
{
    check_text(escaped("plain"), "plain");
    check_text(escaped("\"\\\n\r\t"), "\\\"\\\\\\n\\r\\t");
    check_text(escaped("\0\x01\x1b\x1f\x7f"), "\\u0000\\u0001\\u001b\\u001f\x7f");
    check_text(escaped("<a&b>"), "\\u003ca\\u0026b\\u003e");
    check_text(escaped("\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80"), "\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80");
    check_text(escaped("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"), "\\u2028\\u2029\xe2\x80\xaa");
    check_text(escaped("\xff"), "\\ufffd");
    check_text(escaped("\xc0\x80"), "\\ufffd\\ufffd");             /* overlong */
    check_text(escaped("\xe0\x9f\xbf"), "\\ufffd\\ufffd\\ufffd");  /* overlong */
    check_text(escaped("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd");  /* a surrogate */
    check_text(escaped("\xf4\x90\x80\x80"), "\\ufffd\\ufffd\\ufffd\\ufffd"); /* beyond U+10FFFF */
    check_text(escaped("\xe2\x82"), "\\ufffd\\ufffd");             /* cut off */
    check_text(escaped("\xe2\x82x"), "\\ufffd\\ufffdx");
}

/* What the log holds, times cut out: the parts in front of `","time":` and a newline for each line. */
static const char *contents(int fd)
{
    static char text[1 << 20], out[1 << 20];
    ssize_t size = pread(fd, text, sizeof text - 1, 0);
    check(size >= 0);
    text[size] = 0;
    char *to = out;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *time = strstr(line, ",\"time\":\"");
        check(time && strlen(time) == strlen(",\"time\":\"2026-11-20T20:00:00.123456789Z\"}"));
        check(time[strlen(time) - 3] == 'Z' && time[19] == 'T');
        *time = 0;
        to += sprintf(to, "%s\n", line);
    }
    *to = 0;
    return out;
}

static void logs(const char *first, const char *second, const char *wanted)
{
    int fd = memfd_create("log", 0);
    struct logger logger = logger_open(fd);
    logger_write(&logger, 0, first, strlen(first));
    logger_write(&logger, 1, second, strlen(second));
    logger_finish(&logger);
    check_text(contents(fd), wanted);
    free(logger.buffer);
    free(logger.streams[0].part);
    free(logger.streams[1].part);
    close(fd);
}

static void test_lines(void)
{
    logs("a\nb\n", "", "{\"log\":\"a\\n\",\"stream\":\"stdout\"\n{\"log\":\"b\\n\",\"stream\":\"stdout\"\n");
    logs("\n\n", "", "{\"log\":\"\\n\",\"stream\":\"stdout\"\n{\"log\":\"\\n\",\"stream\":\"stdout\"\n");
    logs("unfinished", "error\n", "{\"log\":\"error\\n\",\"stream\":\"stderr\"\n{\"log\":\"unfinished\",\"stream\":\"stdout\"\n");
    logs("crlf\r\n", "", "{\"log\":\"crlf\\r\\n\",\"stream\":\"stdout\"\n");
    logs("", "", "");
}

/* The lengths of the parts that `length` bytes without a newline, then a newline, become, written in pieces. */
static void splits(size_t length, size_t piece, const char *wanted)
{
    int fd = memfd_create("log", 0);
    struct logger logger = logger_open(fd);
    char *data = malloc(length + 1), got[256] = "";
    memset(data, 'x', length);
    data[length] = '\n';
    for (size_t at = 0; at < length + 1; at += piece)
        logger_write(&logger, 0, data + at, length + 1 - at < piece ? length + 1 - at : piece);
    logger_finish(&logger);
    const char *text = contents(fd);
    for (const char *at = text; (at = strstr(at, "{\"log\":\"")); at++) {
        size_t count = strspn(at + 8, "x");
        sprintf(got + strlen(got), "%zu%s ", count, strncmp(at + 8 + count, "\\n", 2) == 0 ? "n" : "");
    }
    check_text(got, wanted);
    free(logger.buffer);
    free(logger.streams[0].part);
    free(data);
    close(fd);
}

static void test_parts(void)
{
    static const size_t pieces[] = { 1 << 20, 32768, 16384, 4096, 1000 };
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        splits(16383, pieces[i], "16383n ");
        splits(16384, pieces[i], "16384n ");
        splits(16385, pieces[i], "16384 1n ");
        splits(40000, pieces[i], "16384 16384 7232n ");
    }
}

static void test_no_log(void)
{
    struct logger logger = logger_open(-1);
    logger_write(&logger, 0, "x\n", 2);
    logger_finish(&logger);
    check(!logger.buffer && !logger.streams[0].part);
}

int main(void)
{
    test_escape();
    test_lines();
    test_parts();
    test_no_log();
    return 0;
}
