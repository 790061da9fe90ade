/* The launch plan: a flat list of records, already decided by the TypeScript half. See README.md for every record. */
#ifndef SKIFF_PLAN_H
#define SKIFF_PLAN_H

#include <stddef.h>

/* One record: fields[0] is its name; `count` fields in all, each NUL-terminated. */
struct record {
    size_t count;
    char **fields;
};

struct plan {
    size_t count;
    struct record *records;
};

/* Parses `size` bytes; NULL when they are not a plan. The plan points into `text`, which is not written to; free() releases it whole. */
struct plan *plan_parse(char *text, size_t size);
/* Reads and parses a plan file or dies. */
struct plan *plan_read(const char *path);

/* The first record called `name`; NULL when there is none. Dies when it has fewer than `fields` fields besides its name. */
const struct record *plan_find(const struct plan *plan, const char *name, size_t fields);
/* Field `index` (1 = the first after the name) of the record called `name`, or `otherwise`. */
const char *plan_text(const struct plan *plan, const char *name, const char *otherwise);
/* The same, or dies: for what every plan must have. */
const char *plan_need(const struct plan *plan, const char *name);
int plan_flag(const struct plan *plan, const char *name);

#endif
