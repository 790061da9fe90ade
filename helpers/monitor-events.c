/* What a monitor tells of its container in the file of events. */
#include "monitor-parts.h"
#include "json.h"
#include "plan-events.h"
#include "util.h"

#include <string.h>

void monitor_event(const char *action, const char *extra)
{
    plan_event(self.plan, action, extra);
}

void monitor_signal_event(int signal)
{
    autofree char *extra = xasprintf("\"signal\":\"%d\"", signal);
    monitor_event("kill", extra);
}

void monitor_resize_event(const struct winsize *size)
{
    autofree char *extra = xasprintf("\"height\":\"%u\",\"width\":\"%u\"", size->ws_row, size->ws_col);
    monitor_event("resize", extra);
}

void monitor_rename_events(const char *name)
{
    for (size_t i = 0; i < self.plan->count; i++) {
        struct record *record = &self.plan->records[i];
        if (strcmp(record->fields[0], "events") == 0 && record->count == 5)
            record->fields[3] = json_text(name);
    }
}
