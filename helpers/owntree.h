#ifndef SKIFF_OWNTREE_H
#define SKIFF_OWNTREE_H

#include <sys/types.h>

/*
 * Gives a directory, or a file, and all below it to a user and a group, by fd, following no link and entering no mount. What is theirs already is left alone, so a
 * second time costs only the look. 0, or -1 with errno. Idempotent.
 */
int owntree(int fd, uid_t uid, gid_t gid);

#endif
