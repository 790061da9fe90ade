#include "plan.h"
#include "util.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

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

/* The number of fields of the record at *at, which is moved to the first of them; 0 when there is no record. */
static size_t field_count(char **at, char *end)
{
    char *number = next_string(at, end), *rest = NULL;
    if (!number)
        return 0;
    unsigned long count = strtoul(number, &rest, 10);
    if (*rest || rest == number || count > MAXIMUM_FIELDS)
        return 0;
    /* Every field takes a byte at least: a count beyond the text is refused before memory is asked for. */
    return count > (size_t)(end - *at) ? 0 : count;
}

/* Counts records and fields; false when the text is not made of records. */
static bool measure(char *at, char *end, size_t *records, size_t *fields)
{
    *records = *fields = 0;
    while (at < end) {
        size_t count = field_count(&at, end);
        for (size_t i = 0; i < count; i++)
            if (!next_string(&at, end))
                return false;
        if (count == 0)
            return false;
        *records += 1;
        *fields += count;
    }
    return *records > 0;
}

struct plan *plan_parse(char *text, size_t size)
{
    char *at = text, *end = text + size;
    size_t records, fields;
    if (!measure(at, end, &records, &fields))
        return NULL;
    /* One block for all: a monitor keeps its plan as long as the container lives, and small blocks cost more than they hold. */
    struct plan *plan = xmalloc(sizeof *plan + records * sizeof *plan->records + fields * sizeof(char *));
    plan->count = records;
    plan->records = (struct record *)(plan + 1);
    char **next = (char **)(plan->records + records);
    for (size_t i = 0; i < records; i++) {
        struct record *record = &plan->records[i];
        record->count = field_count(&at, end);
        record->fields = next;
        for (size_t k = 0; k < record->count; k++)
            *next++ = next_string(&at, end);
    }
    if (strcmp(plan->records[0].fields[0], "skiff-plan-1") == 0)
        return plan;
    free(plan);
    return NULL;
}

struct plan *plan_read(const char *path)
{
    struct stat status;
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &status) < 0)
        die_errno("cannot read the launch plan %s", path);
    if (status.st_size <= 0 || status.st_size > MAXIMUM_PLAN)
        die("%s is not a launch plan of this version", path);
    /* Mapped, so that it costs no memory of our own; nobody writes to a plan again. */
    char *text = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (text == MAP_FAILED)
        die_errno("cannot read the launch plan %s", path);
    struct plan *plan = plan_parse(text, (size_t)status.st_size);
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
