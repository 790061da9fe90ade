/* The json-file log: escapes, lines, parts of long lines, two streams. */
#include "json.h"
#include "json.h"
#include "logger.h"
#include "util.h"
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
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
        check(time && strlen(time) <= strlen(",\"time\":\"2026-11-20T20:00:00.123456789Z\"}"));
        check(time[strlen(time) - 3] == 'Z' && time[strlen(time) - 4] != '0' && time[19] == 'T');
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
    check(!logger.file.buffer.data);
    check(!logger.streams[0].part && !logger.streams[1].part);
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
    check(!logger.file.buffer.data);
    check(!logger.streams[0].part);
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
    check(!logger.file.buffer.data && !logger.streams[0].part);
}

static char place[] = "/tmp/logger-test-XXXXXX";

static long long size_of(int directory, const char *name)
{
    struct stat status;
    return fstatat(directory, name, &status, 0) < 0 ? -1 : (long long)status.st_size;
}

static void write_lines(struct logger *logger, int from, int to)
{
    char line[32];
    for (int i = from; i < to; i++)
        logger_write(logger, 0, line, (size_t)sprintf(line, "line %d\n", i));
}

static void clear(int directory)
{
    char name[LOG_NAME_SIZE];
    for (int i = 0; i < 9; i++) {
        unlinkat(directory, log_file_name(name, i, ""), 0);
        unlinkat(directory, log_file_name(name, i, ".gz"), 0);
    }
}

/* Every line is about 75 bytes: 20 of them fill several files of 300. */
static void test_rotation(int directory, int files)
{
    struct logger logger = { .file = log_file_open(directory, 300, files, "") };
    check(logger.file.fd >= 0);
    write_lines(&logger, 0, 20);
    logger_finish(&logger);
    for (int i = 1; i < 9; i++) {
        char name[64];
        sprintf(name, LOG_NAME ".%d", i);
        long long size = size_of(directory, name);
        if (i < 4 || i >= files)
            check(i < files ? size >= 300 && size < 400 : size == -1);
    }
    check(size_of(directory, LOG_NAME) > 0 && size_of(directory, LOG_NAME) < 400);
    check(strstr(contents(logger.file.fd), "line 19") != NULL);
    check(size_of(directory, LOG_NAME ".new") == -1);
    close(logger.file.fd);
    clear(directory);
}

/* One write of many lines is spread over the files like many writes. */
static void test_rotation_within(int directory)
{
    struct logger logger = { .file = log_file_open(directory, 100, 9, "") };
    logger_write(&logger, 0, "a\nb\nc\nd\n", 8);
    check(size_of(directory, LOG_NAME ".1") > 100 && size_of(directory, LOG_NAME) > 100 && size_of(directory, LOG_NAME ".2") == -1);
    close(logger.file.fd);
    clear(directory);
}

static void test_attributes(int directory)
{
    struct logger logger = { .file = log_file_open(directory, 0, 1, "\"attrs\":{\"tag\":\"x\"},") };
    logger_write(&logger, 1, "a\n", 2);
    check_text(contents(logger.file.fd), "{\"log\":\"a\\n\",\"stream\":\"stderr\",\"attrs\":{\"tag\":\"x\"}\n");
    close(logger.file.fd);
    clear(directory);
}

/* What a killed logger left is ended, and gone on behind. */
static void test_torn(int directory)
{
    int fd = openat(directory, LOG_NAME, O_WRONLY | O_CREAT, 0600);
    check(write(fd, "{\"log\":\"ha", 10) == 10);
    close(fd);
    struct logger logger = { .file = log_file_open(directory, 0, 1, "") };
    char got[256] = "";
    logger_write(&logger, 0, "a\n", 2);
    check(pread(logger.file.fd, got, 40, 0) == 40);
    check(strncmp(got, "{\"log\":\"ha\n{\"log\":\"a\\n\"", 23) == 0);
    close(logger.file.fd);
    clear(directory);
}

/* A disk that is full loses lines, never half of one without an end. */
static void test_full_disk(int directory)
{
    struct rlimit before, limit;
    getrlimit(RLIMIT_FSIZE, &before);
    limit = (struct rlimit){ 100, before.rlim_max };
    signal(SIGXFSZ, SIG_IGN);
    struct logger logger = { .file = log_file_open(directory, 0, 1, "") };
    setrlimit(RLIMIT_FSIZE, &limit);
    write_lines(&logger, 0, 5);
    check(logger.file.torn && logger.file.size == 100);
    setrlimit(RLIMIT_FSIZE, &before);
    write_lines(&logger, 5, 6);
    check(!logger.file.torn);
    char got[512] = "";
    check(pread(logger.file.fd, got, sizeof got - 1, 0) > 100);
    check(strncmp(got + 100, "\n{\"log\":\"line 5\\n\"", 18) == 0);
    close(logger.file.fd);
    clear(directory);
}

/* A program that stands for skiff-tree: a copy of what it is given, behind a mark. */
static void write_program(const char *path, const char *body)
{
    FILE *file = fopen(path, "w");
    fprintf(file, "#!/bin/sh\n%s\n", body);
    fclose(file);
    chmod(path, 0700);
}

/* Waits for the child that compresses, as the monitor hears of it. */
static void wait_gzip(struct log_file *file)
{
    int status;
    while (file->compressor) {
        check(waitpid(file->compressor, &status, 0) > 0);
        log_gzip_ended(file, status);
    }
}

/* Full files are there in one form at least at any time, and in the end as .gz but the one that is written. */
static void test_gzip(int directory)
{
    char program[128], name[LOG_NAME_SIZE];
    snprintf(program, sizeof program, "%s/gzip", place);
    write_program(program, "echo packed; exec /bin/cat");
    struct logger logger = { .file = log_file_open(directory, 300, 4, "") };
    logger.file.gzip = program;
    for (int i = 0; i < 40; i++) {
        write_lines(&logger, i, i + 1);
        if (i % 7 == 0)
            wait_gzip(&logger.file);
    }
    wait_gzip(&logger.file);
    for (int i = 1; i < 5; i++) {
        check(size_of(directory, log_file_name(name, i, "")) == -1);
        check((size_of(directory, log_file_name(name, i, ".gz")) > 300) == (i < 4));
    }
    check(size_of(directory, LOG_NAME ".gz.new") == -1);
    /* One that fails leaves the file as it was, and is tried again. */
    write_program(program, "exit 3");
    write_lines(&logger, 0, 5);
    wait_gzip(&logger.file);
    check(size_of(directory, LOG_NAME ".1") > 300 && size_of(directory, LOG_NAME ".1.gz") == -1);
    /* A killed monitor left both forms: the whole one stays. */
    check(linkat(directory, LOG_NAME ".1", directory, LOG_NAME ".1.gz", 0) == 0);
    log_gzip_start(&logger.file);
    wait_gzip(&logger.file);
    check(size_of(directory, LOG_NAME ".1") == -1 && size_of(directory, LOG_NAME ".1.gz") > 300);
    /* One that takes for ever is ended, and the file stays plain. */
    write_program(program, "exec sleep 1000");
    write_lines(&logger, 0, 5);
    check(logger.file.compressor > 0);
    log_gzip_finish(&logger.file, 0);
    check(!logger.file.compressor && size_of(directory, LOG_NAME ".1") > 300);
    close(logger.file.fd);
    unlink(program);
    clear(directory);
}

/* The newest link in a reader's directory, in `out`; how many there are. */
static int links_of(const char *reader, char *out)
{
    DIR *stream = opendir(reader);
    int count = 0;
    out[0] = 0;
    for (struct dirent *entry; (entry = readdir(stream));)
        if (entry->d_name[0] != '.' && ++count && strcmp(entry->d_name, out) > 0)
            strcpy(out, entry->d_name);
    closedir(stream);
    return count;
}

/* Every full file is linked for those who live, in order; what others left goes. */
static void test_readers(int directory)
{
    char readers[128], alive[256], dead[256], name[512], path[1024], line[128] = "";
    snprintf(readers, sizeof readers, "%s/readers", place);
    snprintf(alive, sizeof alive, "%s/%d.%llu.a", readers, getpid(), process_start_time(getpid()));
    snprintf(dead, sizeof dead, "%s/%d.%llu.b", readers, getpid(), process_start_time(getpid()) + 1);
    check(mkdir(readers, 0700) == 0 && mkdir(alive, 0700) == 0 && mkdir(dead, 0700) == 0);
    struct logger logger = { .file = log_file_open(directory, 100, 1, "") };
    logger.file.readers.path = readers;
    for (int i = 0; i < 5; i++) {
        write_lines(&logger, 2 * i, 2 * i + 2);
        logger_write(&logger, 0, "", 0);
    }
    write_lines(&logger, 10, 11); /* makes the last one full */
    check(access(dead, F_OK) < 0);
    check(links_of(alive, name) == 5);
    snprintf(path, sizeof path, "%s/%s", alive, name);
    FILE *file = fopen(path, "r");
    check(file && fgets(line, sizeof line, file));
    line[strlen("{\"log\":\"line 8")] = 0;
    check_text(line, "{\"log\":\"line 8");
    fclose(file);
    /* A reader that is too far behind is told so once. */
    logger.file.readers.list[0].bytes = READER_LIMIT;
    logger.file.readers.list[0].counted = 1LL << 40;
    write_lines(&logger, 11, 13);
    check(links_of(alive, name) == 6); /* a look showed that it is not */
    for (int i = 0; i < 3; i++) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        logger.file.readers.list[0].bytes = READER_LIMIT;
        logger.file.readers.list[0].counted = now.tv_sec;
        write_lines(&logger, 13 + 2 * i, 15 + 2 * i);
    }
    check(links_of(alive, name) == 7 && strcmp(name + strlen(name) - 5, "-lost") == 0);
    log_readers_sweep(&logger.file.readers);
    check(access(alive, F_OK) == 0);
    close(logger.file.fd);
    free(logger.file.readers.list);
    clear(directory);
    check(snprintf(path, sizeof path, "rm -r %s", readers) > 0 && system(path) == 0);
}

int main(void)
{
    check(mkdtemp(place) != NULL);
    int directory = open(place, O_RDONLY | O_DIRECTORY);
    for (int files = 1; files < 6; files++)
        test_rotation(directory, files);
    test_rotation_within(directory);
    test_attributes(directory);
    test_torn(directory);
    test_full_disk(directory);
    test_gzip(directory);
    test_readers(directory);
    close(directory);
    check(rmdir(place) == 0);
    test_escape();
    test_lines();
    test_parts();
    test_no_log();
    return 0;
}
