/* Ending a session of processes (setsid(2)) with all that has come of it. */
#ifndef SKIFF_SESSION_H
#define SKIFF_SESSION_H

#include <sys/types.h>

/*
 * Kills every process of the session that `leader` (a pid of our pid namespace) has made, and whoever descends from one of them, again and again
 * until none is left or 50 ms have passed. Who has left both session and parents (a daemon) is not found. Needs the host's /proc. Idempotent.
 */
void session_kill(pid_t leader);

#endif
