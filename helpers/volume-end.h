/* What a container's end means for its volumes. */
#ifndef SKIFF_VOLUME_END_H
#define SKIFF_VOLUME_END_H

#include "plan.h"

#include <sys/types.h>

/* Tells of each record `volume-event` that the volume is mounted in the container, or no longer. */
void volumes_tell(const struct plan *plan, const char *action);

/*
 * Removes the anonymous volumes of the records `volume-remove` that no other container names; the container's own record has gone. `pid`, of this process as the host's
 * /proc has it, and its start time say whose work it is, should it be killed at it: the next command that looks at volumes then ends it. What fails is left to that too.
 */
void volumes_remove(const struct plan *plan, pid_t pid, unsigned long long start);

#endif
