/* What an attached container makes known of its addresses, and what it gives back. */
#include "check.h"
#include "leases.h"
#include "util.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/skiff-leases-test-XXXXXX";

static char *path_of(const char *name)
{
    return xasprintf("%s/%s", directory, name);
}

static void touch(const char *name)
{
    autofree char *path = path_of(name);
    autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    check(fd >= 0);
}

static bool is_there(const char *name)
{
    autofree char *path = path_of(name);
    return access(path, F_OK) == 0;
}

/* Writes a plan file; each record is a list of fields that ends with NULL, and the last record is NULL. */
static void write_plan(const char *name, const char *const *const *records)
{
    autofree char *path = path_of(name);
    FILE *file = fopen(path, "w");
    check(file && fprintf(file, "1%cskiff-plan-1%c", 0, 0) > 0);
    for (; *records; records++) {
        size_t count = 0;
        while ((*records)[count])
            count++;
        fprintf(file, "%zu%c", count, 0);
        for (size_t i = 0; i < count; i++)
            fprintf(file, "%s%c", (*records)[i], 0);
    }
    check(fclose(file) == 0);
}

static struct plan *plan_at(const char *name)
{
    autofree char *path = path_of(name);
    return plan_read(path);
}

int main(void)
{
    check(mkdtemp(directory));
    autofree char *four = path_of("four"), *four_up = path_of("up/four"), *six = path_of("six"), *six_up = path_of("up/six"), *network = path_of("network"), *up = path_of("up");
    check(mkdir(up, 0700) == 0);
    const char *const endpoint[] = { "endpoint", "e", NULL }, *const first[] = { "lease", four, four_up, NULL }, *const second[] = { "lease", six, six_up, NULL },
                      *const other[] = { "lease", "too short", NULL }, *const file[] = { "network-file", network, NULL }, *const id[] = { "id", "x", NULL };
    write_plan("network", (const char *const *const[]){ endpoint, first, other, second, NULL });
    write_plan("plan", (const char *const *const[]){ file, NULL });
    write_plan("without", (const char *const *const[]){ id, NULL });
    touch("four");
    touch("six");
    autofree struct plan *records = plan_at("network"), *plan = plan_at("plan"), *without = plan_at("without");

    check(leases_up(records) == 0 && is_there("up/four") && is_there("up/six"));
    check(leases_up(records) == 0); /* once more, after a change of networks */

    /* The end of a run keeps the addresses, for the next one; the end of all gives them back. */
    leases_down(plan, false);
    check(is_there("four") && is_there("six") && !is_there("up/four") && !is_there("up/six"));
    check(leases_up(records) == 0 && is_there("up/six"));
    leases_down(plan, true);
    check(!is_there("four") && !is_there("six") && !is_there("up/four") && !is_there("up/six"));
    leases_down(plan, true);

    /* An address that somebody has taken away is not made known. */
    check(leases_up(records) == -1 && !is_there("up/four"));

    /* Without networks, and with a file that was never written, there is nothing to give back. */
    leases_down(without, true);
    check(unlink(network) == 0);
    leases_down(plan, true);

    for (size_t i = 0; i < 2; i++) {
        autofree char *path = path_of(i ? "without" : "plan");
        check(unlink(path) == 0);
    }
    check(rmdir(up) == 0 && rmdir(directory) == 0);
    return 0;
}
