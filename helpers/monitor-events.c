/* What a monitor tells of its container in the file of events. */
#include "monitor-parts.h"
#include "events.h"
#include "util.h"

#include <string.h>

void monitor_event(const char *action, const char *extra)
{
    const struct record *record = plan_find(self.plan, "events", 4);
    if (!record)
        return;
    char **f = record->fields;
    struct event_subject subject = { .id = plan_text(self.plan, "id", ""), .image = f[2], .name = f[3], .attributes = f[4] };
    autofree char *line = event_line(&subject, action, extra);
    /* A full disk ends no container: the event is lost. */
    (void)event_append(f[1], line);
}

void monitor_signal_event(int signal)
{
    autofree char *extra = xasprintf("\"signal\":\"%d\"", signal);
    monitor_event("kill", extra);
}

void monitor_rename_events(const char *name)
{
    for (size_t i = 0; i < self.plan->count; i++) {
        struct record *record = &self.plan->records[i];
        if (strcmp(record->fields[0], "events") == 0 && record->count == 5)
            record->fields[3] = xasprintf("%s", name);
    }
}
