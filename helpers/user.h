/* Whom a container's command runs as, looked up in the container's own /etc/passwd and /etc/group. */
#ifndef SKIFF_USER_H
#define SKIFF_USER_H

#include <stddef.h>
#include <sys/types.h>

enum { MAXIMUM_GROUPS = 1024 };

struct user {
    uid_t uid;
    gid_t gid;
    size_t group_count; /* the primary group is among them, as in Docker since 20.10.18 */
    gid_t groups[MAXIMUM_GROUPS];
    char *home; /* "/" where passwd knows nothing; never NULL */
};

/*
 * Resolves `spec`: "", "name", "uid", each with ":group" or ":gid" behind, by the texts of passwd(5) and group(5) (either
 * may be NULL: no such file). Pure but for memory; at most MAXIMUM_GROUPS groups are kept. NULL and a sentence in
 * `reason` when a name is unknown or a number is out of range.
 */
struct user *user_resolve(const char *spec, const char *passwd, const char *group, const char **reason);

/* Adds a group by name or number; -1 when the name is unknown or the number out of range. */
int user_add_group(struct user *user, const char *name, const char *group);

/* user_resolve() with the two files read beneath `root`, at most 16 MiB each and regular files only; dies when it cannot. */
struct user *user_load(int root, const char *spec, char *const *extra_groups, size_t extra_count);

#endif
