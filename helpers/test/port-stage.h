/*
 * What the tests of published ports share: three network namespaces, which are the "host", where clients are, that of the holder with its firewall, and a
 * container with servers; and the role. The test is the monitor. Where it is linked with the role itself, that runs under the sanitizers and unconfined,
 * since they need more system calls; else it is the role as it ships.
 */
#ifndef SKIFF_TEST_PORT_STAGE_H
#define SKIFF_TEST_PORT_STAGE_H

#include "port.h"

#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

/* Addresses of the host's that a client can have and that are not loopback, and the container's. */
#define CLIENT4 "10.99.0.7"
#define CLIENT6 "fd99::7"
#define CONTAINER4 "172.18.0.2"
#define CONTAINER6 "fd18::2"
#define GATEWAY4 "172.18.0.1"
#define GATEWAY6 "fd18::1"

/* Makes the namespaces, in a user namespace of the test's own, and a directory for files; the test is in that of the host. */
void stage_set(void);
/* Removes the files. */
void stage_clear(void);

/* Writes a network file with lines `publish …`, perhaps with where the ports lead; returns its path, to be freed. */
char *stage_file(const char *name, const char *publish, bool with_target);

struct role {
    pid_t pid;
    int socket;
    char said[1024];
};
/* Starts the role in the host's namespace and hears what it says first. With `files` it may not have more than so many open. */
struct role role_start(const char *path, rlim_t files);
/* The same, standing in for one that had said `before`. */
struct role role_start_after(const char *path, rlim_t files, const char *before);
/* Ends it as the monitor does, and waits. */
void role_stop(struct role role);
/* Says that the network file has changed, and waits until that has been read. */
void role_tell(struct role role);

/* Serves one TCP connection in the container, in a process of its own; the fd is closed afterwards. */
typedef void serve_one(int fd, const union address *client);
/* Starts a server on both families in the container, which returns when that can be reached; ended by stage_clear. */
void stage_serve(struct role role, uint16_t port, serve_one *one);
/* The same for UDP: each datagram is answered by the client's address and port. */
void stage_serve_udp(struct role role, uint16_t port);
/* TCP for crowds, in one process: says the client's address and port, a line, and then forgets what comes, until the end. */
void stage_greet(struct role role, uint16_t port);

/* A socket connected from an address of the host to `port` of another one; both of one family. */
int dial(int type, const char *from, const char *to, uint16_t port);
/* "ADDRESS PORT" of an address, or of the near side of a socket; valid until the next call. */
const char *address_words(const union address *address);
const char *own_words(int fd);
/* As many files as the hard limit allows, for this process; how many that is. */
rlim_t allow_files(void);
/* Bytes that the process has for itself and that are no page of its program: Private_Dirty of smaps_rollup. */
size_t private_memory(pid_t pid);

#endif
