#include "leases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_lease(const struct record *record)
{
    return strcmp(record->fields[0], "lease") == 0 && record->count == 3;
}

int leases_up(const struct plan *file)
{
    for (size_t i = 0; i < file->count; i++) {
        char **f = file->records[i].fields;
        if (is_lease(&file->records[i]) && link(f[1], f[2]) < 0 && errno != EEXIST)
            return -1;
    }
    return 0;
}

void leases_down(const struct plan *plan, bool gone)
{
    const char *path = plan_text(plan, "network-file", NULL);
    if (!path || access(path, R_OK) < 0)
        return;
    struct plan *file = plan_read(path);
    for (size_t i = 0; i < file->count; i++) {
        char **f = file->records[i].fields;
        if (!is_lease(&file->records[i]))
            continue;
        unlink(f[2]);
        if (gone)
            unlink(f[1]);
    }
    free(file);
}
