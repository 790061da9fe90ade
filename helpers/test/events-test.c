/* The file of events: the form of a line, and how a full file makes way when several write. */
#include "events.h"
#include "check.h"
#include "util.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct event_subject subject = { .id = "abc", .image = "busybox", .name = "web", .attributes = "\"tier\":\"a\"," };

static void test_line(void)
{
    autofree char *line = event_line(&subject, "die", "\"exitCode\":\"7\""), *plain = event_line(&subject, "start", NULL);
    static const char beginning[] = "{\"status\":\"die\",\"id\":\"abc\",\"from\":\"busybox\",\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"abc\",\"Attributes\":"
                                    "{\"tier\":\"a\",\"exitCode\":\"7\",\"image\":\"busybox\",\"name\":\"web\"}},\"scope\":\"local\",\"time\":";
    check(strncmp(line, beginning, sizeof beginning - 1) == 0);
    check(strstr(plain, "{\"tier\":\"a\",\"image\":\"busybox\""));
    check(line[strlen(line) - 1] == '\n');
}

static long lines_in(const char *path)
{
    long lines = 0;
    autofree char *text = read_file(AT_FDCWD, path, 64 << 20, NULL);
    for (char *at = text; at && (at = strchr(at, '\n')); at++)
        lines++;
    return lines;
}

/* Labels of megabytes, and bytes that JSON escapes: TypeScript has made them the inside of JSON strings, and they are not looked at again. */
static void test_long_line(const char *path)
{
    enum { LENGTH = 3 << 20 };
    autofree char *label = xmalloc(LENGTH + 1);
    memset(label, 'x', LENGTH);
    label[LENGTH] = 0;
    autofree char *attributes = xasprintf("\"%%s%%n\\n\\\"\":\"%s\",", label);
    struct event_subject long_subject = { .id = "abc", .image = "%s%n", .name = "web", .attributes = attributes };
    autofree char *line = event_line(&long_subject, "exec_create: %s", NULL);
    check(event_append(path, line) == 0);
    check(event_append(path, "{}\n") == 0);
    autofree char *full = xasprintf("%s.1", path), *text = read_file(AT_FDCWD, full, 64 << 20, NULL), *after = read_file(AT_FDCWD, path, 64, NULL);
    check_text(text, line);
    check_text(after, "{}\n");
    unlink(path);
    unlink(full);
}

/* Together they write one and a half files: what one moves away none of the others may move over. */
static void test_rotation(const char *path)
{
    enum { WRITERS = 8, SIZE = 512, EACH = EVENTS_MAXIMUM * 3 / 2 / SIZE / WRITERS };
    autofree char *full = xasprintf("%s.1", path);
    char line[SIZE + 1];
    memset(line, 'x', SIZE - 1);
    line[SIZE - 1] = '\n';
    line[SIZE] = 0;
    for (int i = 0; i < WRITERS; i++)
        if (fork() == 0) {
            for (int k = 0; k < EACH; k++)
                check(event_append(path, line) == 0);
            _exit(0);
        }
    for (int status; wait(&status) > 0;)
        check(status == 0);
    check(lines_in(path) + lines_in(full) == WRITERS * EACH);
    check(lines_in(full) >= EVENTS_MAXIMUM / SIZE);
    unlink(path);
    unlink(full);
}

static void fill(const char *path, char mark)
{
    char line[4097];
    memset(line, mark, 4096);
    line[4095] = '\n';
    line[4096] = 0;
    for (int i = 0; i < EVENTS_MAXIMUM / 4096; i++)
        check(event_append(path, line) == 0);
}

static char first_of(const char *path)
{
    autofree char *text = read_file(AT_FDCWD, path, 64 << 20, NULL);
    return text ? text[0] : 0;
}

static void set_age(const char *path, long seconds)
{
    struct timespec times[2];
    clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec -= seconds;
    times[1] = times[0];
    check(utimensat(AT_FDCWD, path, times, 0) == 0);
}

/* However fast events come, a reader has its time to find the file that was moved away last. */
static void test_pace(const char *path)
{
    autofree char *full = xasprintf("%s.1", path);
    fill(path, 'a');
    check(first_of(full) == 'a');
    fill(path, 'b');
    fill(path, 'c');
    check(first_of(full) == 'a' && first_of(path) == 'b');
    set_age(full, EVENTS_APART - 5);
    event_rotate(path);
    check(first_of(full) == 'a');
    set_age(full, EVENTS_APART + 1);
    event_rotate(path);
    check(first_of(full) == 'b' && first_of(path) == 0);
    fill(path, 'd');
    check(first_of(full) == 'b' && first_of(path) == 'd');
    /* The clock has been set back: a file from a time to come holds nothing up. */
    set_age(full, -1000);
    check(event_append(path, "e\n") == 0);
    check(first_of(full) == 'd');
    unlink(path);
    unlink(full);
}

static void test_failures(const char *path)
{
    autofree char *below = xasprintf("%s/none", path);
    check(event_append(below, "x\n") < 0);
    check(symlink("/dev/null", path) == 0);
    check(event_append(path, "x\n") < 0);
    unlink(path);
}

int main(void)
{
    char directory[] = "/tmp/events-test-XXXXXX";
    check(mkdtemp(directory) != NULL);
    autofree char *path = xasprintf("%s/events.jsonl", directory);
    test_line();
    test_long_line(path);
    test_rotation(path);
    test_pace(path);
    test_failures(path);
    rmdir(directory);
    return 0;
}
