#include "restart.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

bool restart_parse(struct restart_policy *policy, const char *name, const char *maximum)
{
    static const char *const names[] = { "no", "on-failure", "always", "unless-stopped" };
    long number = strtol(maximum, NULL, 10);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            *policy = (struct restart_policy){ (enum restart_kind)i, number > 0 && number <= INT_MAX ? (int)number : 0 };
            return true;
        }
    return false;
}

bool restart_is_due(const struct restart_policy *policy, int exit_code, int restarts)
{
    switch (policy->kind) {
    case RESTART_ALWAYS:
    case RESTART_UNLESS_STOPPED:
        return true;
    case RESTART_ON_FAILURE:
        return exit_code != 0 && (policy->maximum == 0 || restarts < policy->maximum);
    case RESTART_NO:
        break;
    }
    return false;
}

bool restart_survives(const struct restart_policy *policy)
{
    return policy->kind == RESTART_ALWAYS || policy->kind == RESTART_UNLESS_STOPPED;
}

long long restart_delay(long long previous, long long ran)
{
    if (previous == 0 || ran >= RESTART_LASTING)
        return RESTART_SHORTEST;
    return previous > RESTART_LONGEST / 2 ? RESTART_LONGEST : 2 * previous;
}
