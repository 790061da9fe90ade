#ifndef SKIFF_COPYTREE_H
#define SKIFF_COPYTREE_H

/*
 * Copies what is in directory `from` into directory `to` (fds, of O_RDONLY|O_DIRECTORY), and then what `from` itself is: owner, mode, times, attributes. Owners are
 * those that this process sees; blocks are shared where the file system can. Hard links among what is copied stay hard links, holes stay holes. By fd, following
 * no link and entering no mount, so that somebody who changes either side meanwhile spoils the copy and nothing else. Devices are left out. Names must not be there
 * yet. 0, or -1 with errno and copytree_culprit().
 */
int copytree(int from, int to);

/* What a directory is, without what is in it. */
int copytree_metadata(int from, int to);

/* The entry that the last failure is about; may hold any character but NUL and '/'. */
const char *copytree_culprit(void);

#endif
