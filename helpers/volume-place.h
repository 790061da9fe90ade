/* The directory of a volume's holder in the runtime directory: made, locked, and removed. */
#ifndef SKIFF_VOLUME_PLACE_H
#define SKIFF_VOLUME_PLACE_H

#include <stdbool.h>

/*
 * Makes the directory at `path` and its parent where they are missing, and locks it: holders start and end under that lock. Returns the lock's fd, and the directory's in *directory.
 * Dies when it cannot. With `only_idle` it neither makes nor waits: -1 where there is no such directory, or somebody has the lock.
 */
int volume_place_lock(const char *path, bool only_idle, int *directory);

/* Connects to the holder; -1 where none listens. */
int volume_place_connect(int directory);
/* A listening socket of the directory, in the place of one that nobody listens at. Dies when it cannot. */
int volume_place_listen(int directory);

/* Removes the directory with all that is in it, and its parent when that is empty. The lock is held. */
void volume_place_remove(const char *path, int directory);

#endif
