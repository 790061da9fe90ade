/* health.json: what is kept of hostile output, and what is read back. */
#include "check.h"
#include "health-record.h"
#include "util.h"

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

static char place[] = "/tmp/health-record-test-XXXXXX";

static void add(struct health_results *results, const char *words, const char *output, size_t size)
{
    struct health_output kept = { 0 };
    health_keep(&kept, output, size);
    health_add(results, "2026-11-27T08:00:00.000000001Z", "2026-11-27T08:00:01.000000002Z", -1, words, &kept);
}

static void forget(struct health_results *results)
{
    for (int i = 0; i < results->count; i++)
        free(results->list[i]);
    results->count = 0;
}

static void test_bytes_are_escaped(void)
{
    struct health_results results = { 0 };
    add(&results, "", "a\0\"\\\n\x1b\xff\xc3\xa9", 9);
    check_text(results.list[0], "{\"Start\":\"2026-11-27T08:00:00.000000001Z\",\"End\":\"2026-11-27T08:00:01.000000002Z\",\"ExitCode\":-1,"
                                "\"Output\":\"a\\u0000\\\"\\\\\\n\\u001b\\ufffd\xc3\xa9\"}");
    forget(&results);
    add(&results, "too \"late\"", "x", 1);
    check(strstr(results.list[0], "\"Output\":\"too \\\"late\\\": x\"}") != NULL);
    add(&results, "too late", "", 0);
    check(strstr(results.list[1], "\"Output\":\"too late\"}") != NULL);
    forget(&results);
}

static void test_long_output_is_cut(void)
{
    struct health_results results = { 0 };
    static char bytes[HEALTH_OUTPUT + 1];
    memset(bytes, 1, sizeof bytes);
    struct health_output kept = { 0 };
    health_keep(&kept, bytes, HEALTH_OUTPUT - 1);
    health_keep(&kept, bytes, 1);
    check(kept.length == HEALTH_OUTPUT && !kept.truncated);
    add(&results, "", bytes, HEALTH_OUTPUT);
    health_keep(&kept, bytes, 1);
    check(kept.length == HEALTH_OUTPUT && kept.truncated);
    add(&results, "", bytes, sizeof bytes);
    check(strlen(results.list[1]) == strlen(results.list[0]) + 3);
    check(strstr(results.list[1], "\\u0001...\"}") != NULL);
    forget(&results);
}

static void test_the_last_five_stay(void)
{
    struct health_results results = { 0 };
    for (char c = 'a'; c < 'a' + 7; c++)
        add(&results, "", &c, 1);
    check(results.count == HEALTH_RESULTS);
    check(strstr(results.list[0], "\"c\"}") != NULL && strstr(results.list[4], "\"g\"}") != NULL);
    forget(&results);
}

static void check_file(int directory, const char *wanted)
{
    autofree char *text = read_file(directory, "health.json", 1 << 20, NULL);
    check_text(text, wanted);
}

static void test_written_and_read_back(void)
{
    struct health health = { .status = HEALTH_HEALTHY, .streak = 2 };
    struct health_results results = { 0 }, back = { 0 };
    autoclose int directory = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    health_read(directory, &back);
    check(back.count == 0);
    check(health_write(directory, &health, &results) == 0);
    check_file(directory, "{\"Status\":\"healthy\",\"FailingStreak\":2,\"Log\":[\n]}\n");
    health_read(directory, &back);
    check(back.count == 0);
    add(&results, "", "{\"Start\":\"\n{\"Start\":\"}\n]}", 25);
    add(&results, "", "two", 3);
    check(health_write(directory, &health, &results) == 0);
    health_read(directory, &back);
    check(back.count == 2);
    check_text(back.list[0], results.list[0]);
    check_text(back.list[1], results.list[1]);
    forget(&results);
    forget(&back);
    unlinkat(directory, "health.json", 0);
}

int main(void)
{
    check(mkdtemp(place) != NULL);
    test_bytes_are_escaped();
    test_long_output_is_cut();
    test_the_last_five_stay();
    test_written_and_read_back();
    rmdir(place);
    return 0;
}
