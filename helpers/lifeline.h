/*
 * A process that holds a namespace and lives as long as somebody holds a write end of its FIFO in the runtime directory: the keeper and the network holder.
 * It has `NAME`, the FIFO, and `NAME.pid`, its pid and start time. All is decided under one lock, keeper_lock().
 */
#ifndef SKIFF_LIFELINE_H
#define SKIFF_LIFELINE_H

#include <stdbool.h>
#include <sys/types.h>

struct lifeline {
    int namespace;  /* O_RDONLY: of the one who lives, or else of one who was killed and whose namespace others are in; -1: there is none */
    int alive;      /* a write end of the FIFO */
    int fifo;       /* nobody lives: the read end for the one who is to be started; while it is open, those who hold a write end are waited for. Else -1 */
    bool abandoned; /* there are others in a namespace that could not be had: this is the beginning of a second one. It has been said */
};

/*
 * Finds the one called `name`, whose namespace is of this kind (as in /proc/PID/ns), or prepares that another one takes its place: of the killed one's FIFO, so that
 * whoever holds an end of it holds the new one. All fds are close-on-exec. Under the lock. Dies when it cannot.
 */
struct lifeline lifeline_find(int runtime, const char *name, const char *kind);

/* Whether its FIFO is there and nobody reads it: it was killed. */
bool lifeline_is_broken(int runtime, const char *name);

/* Whether somebody holds a write end of one that is broken. */
bool lifeline_is_needed(int runtime, const char *name);

/* The namespace of the process that its pid file tells; -1 when that does not live. */
int lifeline_living(int runtime, const char *name, const char *kind);

void lifeline_write_pid(int runtime, const char *name, pid_t pid);

/* Removes FIFO and pid file, where the FIFO is `fifo` (-1: whatever it is) and not that of a successor. Whether it did. Under the lock. */
bool lifeline_remove(int runtime, const char *name, int fifo);

#endif
