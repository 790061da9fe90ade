/* skiff-helper lock shared|exclusive: flock(2) on the open file description that the caller gave as fd 0. */
#include "roles.h"
#include "util.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>

int role_lock(int argc, char **argv)
{
    if (argc != 2)
        die("usage: lock shared|exclusive");
    int operation = strcmp(argv[1], "shared") == 0 ? LOCK_SH : LOCK_EX;
    while (flock(0, operation) < 0)
        if (errno != EINTR)
            die_errno("flock");
    return 0;
}
