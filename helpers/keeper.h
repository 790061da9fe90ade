/*
 * The keeper: the process that holds the user's namespace while any container lives, and how to get hold of it.
 *
 * Its map gives every id the same number inside as outside. Containers are children of it, and user_namespaces(7) shows a
 * map's second column in terms of the parent: so /proc/self/uid_map in a container tells the host's ids, as people expect.
 */
#ifndef SKIFF_KEEPER_H
#define SKIFF_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

/* What the plan and the command line say of it: five strings, in this order. */
struct keeper_settings {
    const char *runtime;   /* $XDG_RUNTIME_DIR/skiff */
    const char *newuidmap; /* absolute; empty where only the caller's own id is mapped */
    const char *newgidmap;
    const char *uid_map; /* as in /proc/PID/uid_map */
    const char *gid_map;
};
enum { KEEPER_FIELDS = 5 };

struct keeper {
    int userns; /* O_RDONLY on its user namespace */
    int alive;  /* a write end of its FIFO: while anybody holds one, the keeper stays */
};

struct keeper_settings keeper_settings_from(char **fields);

/*
 * Finds the living keeper or starts one, and holds it by `alive`. Both fds are close-on-exec. Dies when it cannot.
 * Safe against a keeper that is just ending: that is decided under the lock. The successor of one that was killed is in its namespace, as long as a monitor is.
 */
struct keeper keeper_acquire(const struct keeper_settings *settings);

/* The lock, as an fd, under which keeper and network holder are started and end; `runtime`: an fd of the runtime directory. Dies when it cannot. */
int keeper_lock(int runtime);

/*
 * Moves the calling process into the keeper's user namespace, with every capability there, also across execve(2). Its ids
 * stay what they are: inside the keeper every id is called as on the host.
 */
void keeper_enter(const struct keeper *keeper);

/* From the keeper's namespace into a new one below it, with these maps, as root there; with `single` as its only id. Dies on failure. */
void enter_child_namespace(const char *uid_map, const char *gid_map, bool single);

/* From wherever the caller has rights over it into such a namespace that is there, as root unless it has a `single` id. Dies on failure. */
void join_child_namespace(int userns, bool single);

/* Writes the id maps of a process's new user namespace; with `single` setgroups(2) is given up first. Dies on failure. */
void write_maps(pid_t pid, const char *uid_map, const char *gid_map, bool single);

#endif
