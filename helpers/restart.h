/* When a container that has ended runs again; the rules of Docker's --restart. */
#ifndef SKIFF_RESTART_H
#define SKIFF_RESTART_H

#include <stdbool.h>

enum restart_kind { RESTART_NO, RESTART_ON_FAILURE, RESTART_ALWAYS, RESTART_UNLESS_STOPPED };

struct restart_policy {
    enum restart_kind kind;
    int maximum; /* how often `on-failure` tries; 0: for ever */
};

/* Milliseconds: the wait after the first end doubles up to the longest, and begins anew after a run that lasted. */
enum { RESTART_SHORTEST = 100, RESTART_LONGEST = 60000, RESTART_LASTING = 10000 };

/* `name` as in --restart, without the colon and what follows it; false where there is no such policy. */
bool restart_parse(struct restart_policy *policy, const char *name, const char *maximum);
/* Whether one that ended with `exit_code` after `restarts` restarts is due for another, unless somebody has stopped it. */
bool restart_is_due(const struct restart_policy *policy, int exit_code, int restarts);
/* How long to wait before that: `previous` is the last such wait, 0 for none, `ran` the time of the run that has ended. All in milliseconds. */
long long restart_delay(long long previous, long long ran);

/* Whether `skiff system boot` may start it (src/runtime/boot.ts): its record must then survive a power cut. */
bool restart_survives(const struct restart_policy *policy);

#endif
