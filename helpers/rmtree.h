#ifndef SKIFF_RMTREE_H
#define SKIFF_RMTREE_H

/*
 * Removes `name` below `dirfd` and everything in it, by fd and without following any link; that it is not there is not
 * an error. 0, or -1 with errno of the first failure after having removed what could be. Idempotent.
 */
int rmtree(int dirfd, const char *name);

#endif
