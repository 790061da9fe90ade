#include "health-record.h"
#include "json.h"
#include "util.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Five results, each byte of which may have become six, and the words around them. */
enum { MAXIMUM_RECORD = HEALTH_RESULTS * (6 * HEALTH_OUTPUT + 4096) };

static const char result_begin[] = "{\"Start\":\"";

void health_keep(struct health_output *output, const char *data, size_t size)
{
    size_t room = HEALTH_OUTPUT - output->length, take = size < room ? size : room;
    memcpy(output->text + output->length, data, take);
    output->length += take;
    output->truncated |= take < size;
}

static void push(struct health_results *results, char *text)
{
    if (results->count == HEALTH_RESULTS) {
        free(results->list[0]);
        memmove(results->list, results->list + 1, (HEALTH_RESULTS - 1) * sizeof *results->list);
        results->count--;
    }
    results->list[results->count++] = text;
}

void health_add(struct health_results *results, const char *start, const char *end, int exit_code, const char *words, const struct health_output *output)
{
    autofree char *said = json_text(words), *printed = xmalloc(6 * output->length + 1);
    printed[json_escape(printed, output->text, output->length)] = 0;
    push(results, xasprintf("%s%s\",\"End\":\"%s\",\"ExitCode\":%d,\"Output\":\"%s%s%s%s\"}", result_begin, start, end, exit_code, said,
                            *said && *printed ? ": " : "", printed, output->truncated ? "..." : ""));
}

/* A line for each result, so that they can be read back without taking JSON apart: inside of a string a line never ends. */
int health_write(int directory, const struct health *health, const struct health_results *results)
{
    autoclose int fd = openat(directory, "health.json.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || dprintf(fd, "{\"Status\":\"%s\",\"FailingStreak\":%d,\"Log\":[", health_name(health->status), health->streak) < 0)
        return -1;
    for (int i = 0; i < results->count; i++) {
        const char *result = results->list[i];
        if (write_all(fd, i ? ",\n" : "\n", i ? 2 : 1) < 0 || write_all(fd, result, strlen(result)) < 0)
            return -1;
    }
    if (write_all(fd, "\n]}\n", 4) < 0)
        return -1;
    return renameat(directory, "health.json.new", directory, "health.json");
}

void health_read(int directory, struct health_results *results)
{
    autofree char *text = read_file(directory, "health.json", MAXIMUM_RECORD, NULL);
    char *save = NULL;
    for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save)) {
        size_t length = strlen(line);
        if (length && line[length - 1] == ',')
            line[--length] = 0;
        if (length && strncmp(line, result_begin, sizeof result_begin - 1) == 0 && line[length - 1] == '}')
            push(results, xasprintf("%s", line));
    }
}
