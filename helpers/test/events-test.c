/* The file of events: the form of a line, and how a full file makes way when several write. */
#include "events.h"
#include "check.h"
#include "util.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
    test_rotation(path);
    test_failures(path);
    rmdir(directory);
    return 0;
}
