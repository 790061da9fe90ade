/* What the processes of a plan tell in the file of events. What cannot be written is lost, and nothing else. */
#ifndef SKIFF_PLAN_EVENTS_H
#define SKIFF_PLAN_EVENTS_H

#include "plan.h"

/* Tells of the plan's container, if it has the record `events`. `extra`: members of Actor.Attributes without a comma at the end; NULL for none. */
void plan_event(const struct plan *plan, const char *action, const char *extra);
/* Tells of the session of exec that the plan is of (the record `exec-events`); of anything else nothing. */
void plan_exec_event(const struct plan *plan, const char *action, const char *extra);

#endif
