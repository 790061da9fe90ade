/* What is left to the role `dns` once it has what it needs: hostile bytes are all that it sees from then on. */
#ifndef SKIFF_DNS_CONFINE_H
#define SKIFF_DNS_CONFINE_H

#include <stddef.h>

/*
 * No capabilities, no new ones, not to be traced; of the file system only what is below `directories`, where the kernel has Landlock;
 * of the system calls those on a list (seccomp), everything else kills. Dies when one of these fails.
 */
void dns_confine(const int *directories, size_t count);

#endif
