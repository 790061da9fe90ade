#include "health.h"

#include <limits.h>

void health_start(struct health *health, long long now)
{
    health->started = now;
    health->status = HEALTH_STARTING;
    health->streak = 0;
}

void health_suspend(struct health *health)
{
    health->status = HEALTH_UNHEALTHY;
}

static bool in_start_period(const struct health *health, long long moment)
{
    return health->status == HEALTH_STARTING && moment - health->started < health->settings.start_period;
}

long long health_next(const struct health *health, long long now)
{
    long long wait = in_start_period(health, now) ? health->settings.start_interval : health->settings.interval;
    return wait > LLONG_MAX - now ? LLONG_MAX : now + wait;
}

bool health_take(struct health *health, long long began, bool passed)
{
    enum health_status before = health->status;
    if (passed) {
        health->streak = 0;
        health->status = HEALTH_HEALTHY;
    } else if (!in_start_period(health, began)) {
        if (health->streak < INT_MAX)
            health->streak++;
        if (health->streak >= health->settings.retries)
            health->status = HEALTH_UNHEALTHY;
    }
    return health->status != before;
}

const char *health_name(enum health_status status)
{
    return status == HEALTH_HEALTHY ? "healthy" : status == HEALTH_UNHEALTHY ? "unhealthy" : "starting";
}
