#include "plan-events.h"
#include "events.h"
#include "util.h"

static void tell(const struct record *record, const char *id, const char *action, const char *extra)
{
    char **f = record->fields;
    struct event_subject subject = { .id = id, .image = f[2], .name = f[3], .attributes = f[4] };
    autofree char *line = event_line(&subject, action, extra);
    (void)event_append(f[1], line);
}

void plan_event(const struct plan *plan, const char *action, const char *extra)
{
    const struct record *record = plan_find(plan, "events", 4);
    if (record)
        tell(record, plan_text(plan, "id", ""), action, extra);
}

void plan_exec_event(const struct plan *plan, const char *action, const char *extra)
{
    const struct record *record = plan_find(plan, "exec-events", 6);
    if (!record)
        return;
    autofree char *members = xasprintf("\"execID\":\"%s\"%s%s", record->fields[6], extra ? "," : "", extra ? extra : "");
    tell(record, record->fields[5], action, members);
}
