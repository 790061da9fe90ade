#ifndef SKIFF_MONITOR_H
#define SKIFF_MONITOR_H

#include "plan.h"

#include <stdbool.h>

/*
 * Supervises one container, or one session of exec, from its start to its end, then clears away; does not return. For a
 * container it runs as root of the user's namespace; where the plan says `outer-pid` it is the init of a pid namespace
 * around the container's, so that the kernel ends everything should it be killed. `path` is where the plan was read,
 * `launch` a stream socket to the command that started it. `holder_starts`: its fd MONITOR_HOLDER_READY is where the network holder tells of its namespace (holder.h).
 */
_Noreturn void monitor_run(const struct plan *plan, const char *path, int launch, bool holder_starts);

#endif
