/*
 * libFuzzer: whatever the records of the network file say of published ports, and whatever list an earlier process has left, the role stays inside of it; whom it
 * connects to and from is of one family, and from the client's own address only to a target of the same.
 */
#include "port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FIELDS = 16 };

static const char *const addresses[] = { "10.1.2.3", "172.18.0.2", "::1", "fd01::2", "127.0.0.1" };

/* The fields of a record are lines of the input; the first ones may be addresses, so that there is something to choose. */
static size_t split(char *text, char **fields, unsigned how)
{
    size_t count = 0;
    fields[count++] = text; /* the name, which nobody reads */
    for (size_t i = 0; how & 4 && i < 2; i++)
        fields[count++] = (char *)(uintptr_t)addresses[how / 8 % 5];
    for (char *save = NULL, *line = strtok_r(text, "\n", &save); line && count < MOST_FIELDS; line = strtok_r(NULL, "\n", &save))
        fields[count++] = line;
    return count;
}

static bool same(const union address *one, const union address *other)
{
    char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];
    return one->any.sa_family == other->any.sa_family && strcmp(address_text(one, a), address_text(other, b)) == 0;
}

static void choose(const struct record *record, bool six)
{
    struct port_targets targets = { .v4 = six ? NULL : record, .v6 = six ? record : NULL };
    union address client, source, target, gateway, again;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        char text[INET6_ADDRSTRLEN];
        if (!address_parse(addresses[i], 4711, &client) || !port_choose(&targets, &client, 80, &source, &target))
            continue;
        if (!address_parse(record->fields[2], 0, &gateway) && !same(&source, &client))
            __builtin_trap();
        if (!same(&source, &client) && !same(&source, &gateway))
            __builtin_trap();
        if (address_port(&target) != 80 || !address_parse(address_text(&target, text), 80, &again) || !same(&target, &again))
            __builtin_trap();
    }
}

static void find_again(const char *list)
{
    size_t lines = 1;
    for (const char *c = list; *c; c++)
        lines += *c == '\n';
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        const char *rest = list;
        size_t found = 0;
        while (port_before(&rest, i % 2 ? "udp" : "tcp", addresses[i], 80) != 0)
            found++;
        if (found > lines)
            __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned how = size > 0 ? data[0] : 0;
    char *fields[MOST_FIELDS + 1], *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = 0;
    find_again(text);
    struct record record = { .fields = fields, .count = split(text, fields, how) };
    if (record.count >= 3)
        choose(&record, how & 2);
    free(text);
    return 0;
}
