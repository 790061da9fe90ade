#ifndef SKIFF_RMTREE_H
#define SKIFF_RMTREE_H

/*
 * Removes `name` below `dirfd` and everything in it, by fd, following no link and entering no mount; that it is not there is
 * not an error. Any depth, with at most 40 fds and a bounded stack. 0, or -1 with errno of the first failure after having
 * removed what could be. Idempotent.
 */
int rmtree(int dirfd, const char *name);

/* The entry that the last failure of rmtree() is about; may hold any character but NUL and '/'. */
const char *rmtree_culprit(void);

#endif
