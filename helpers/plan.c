#include "plan.h"
#include "util.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { MAXIMUM_PLAN = 8 << 20, MAXIMUM_FIELDS = 100000 };

/* The next NUL-terminated string before `end`; NULL when the text is used up. */
static char *next_string(char **at, char *end)
{
    char *start = *at, *nul = start < end ? memchr(start, 0, (size_t)(end - start)) : NULL;
    if (!nul)
        return NULL;
    *at = nul + 1;
    return start;
}

static int parse_record(struct record *record, char **at, char *end)
{
    char *number = next_string(at, end), *rest = NULL;
    if (!number)
        return -1;
    unsigned long count = strtoul(number, &rest, 10);
    if (*rest || rest == number || count == 0 || count > MAXIMUM_FIELDS)
        return -1;
    /* Every field takes a byte at least: a count beyond the text is refused before memory is asked for. */
    if (count > (size_t)(end - *at))
        return -1;
    record->count = count;
    record->fields = xmalloc(count * sizeof *record->fields);
    for (size_t i = 0; i < count; i++)
        if (!(record->fields[i] = next_string(at, end))) {
            free(record->fields);
            return -1;
        }
    return 0;
}

static struct plan *plan_free(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        free(plan->records[i].fields);
    free(plan->records);
    free(plan);
    return NULL;
}

struct plan *plan_parse(char *text, size_t size)
{
    char *at = text, *end = text + size;
    size_t capacity = 64;
    struct plan *plan = xmalloc(sizeof *plan);
    plan->count = 0;
    plan->records = xmalloc(capacity * sizeof *plan->records);
    while (at < end) {
        if (plan->count == capacity) {
            capacity *= 2;
            if (!(plan->records = realloc(plan->records, capacity * sizeof *plan->records)))
                die("out of memory");
        }
        if (parse_record(&plan->records[plan->count], &at, end) < 0)
            return plan_free(plan);
        plan->count++;
    }
    if (plan->count == 0 || strcmp(plan->records[0].fields[0], "skiff-plan-1") != 0)
        return plan_free(plan);
    return plan;
}

struct plan *plan_read(const char *path)
{
    size_t size = 0;
    char *text = read_file(AT_FDCWD, path, MAXIMUM_PLAN, &size);
    if (!text)
        die_errno("cannot read the launch plan %s", path);
    struct plan *plan = plan_parse(text, size);
    if (!plan)
        die("%s is not a launch plan of this version", path);
    return plan;
}

const struct record *plan_find(const struct plan *plan, const char *name, size_t fields)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct record *record = &plan->records[i];
        if (strcmp(record->fields[0], name) != 0)
            continue;
        if (record->count <= fields)
            die("record '%s' of the launch plan is too short", name);
        return record;
    }
    return NULL;
}

const char *plan_text(const struct plan *plan, const char *name, const char *otherwise)
{
    const struct record *record = plan_find(plan, name, 1);
    return record ? record->fields[1] : otherwise;
}

const char *plan_need(const struct plan *plan, const char *name)
{
    const char *text = plan_text(plan, name, NULL);
    if (!text)
        die("the launch plan has no record '%s'", name);
    return text;
}

int plan_flag(const struct plan *plan, const char *name)
{
    return plan_find(plan, name, 0) != NULL;
}
