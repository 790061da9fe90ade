/* The smallest FUSE file system, on fd 3: a root directory of a size that tells it, and nothing in it. */
#ifndef SKIFF_TEST_FUSE_SERVER_H
#define SKIFF_TEST_FUSE_SERVER_H

#include <sys/types.h>

enum { FUSE_SERVER_SIZE = 4711 };

/* The last server with NOTES=directory in its environment. */
pid_t fuse_server_pid(const char *directory);

/* Serves `well`, or ends with code 3 and a few words in the way of `fail`. */
_Noreturn void fuse_server(const char *how);

#endif
