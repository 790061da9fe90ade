/* What systemd's user manager does for a container: a scope, whose cgroup is ours (Delegate=), and the way into it for processes from elsewhere. */
#ifndef SKIFF_SCOPE_H
#define SKIFF_SCOPE_H

#include <sys/types.h>

/*
 * Puts process `pid`, as the host's /proc shows it, into a new scope. `socket` is that of the user's bus or of the manager itself. A unit of this
 * name that is just ending is waited for. When it returns the process has been or will be moved in a moment. Dies with systemd's words.
 */
void scope_start(const char *socket, const char *unit, const char *description, const char *slice, pid_t pid);

/* Moves process `pid` into the cgroup SUBGROUP ("/container") of the scope. Dies with systemd's words. */
void scope_attach(const char *socket, const char *unit, const char *subgroup, pid_t pid);

#endif
