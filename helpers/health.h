/*
 * When a container's health is looked at, and what the results make of it: the rules of Docker's daemon/health.go. Pure. Times
 * are milliseconds of a clock that does not jump.
 */
#ifndef SKIFF_HEALTH_H
#define SKIFF_HEALTH_H

#include <stdbool.h>

enum health_status { HEALTH_STARTING, HEALTH_HEALTHY, HEALTH_UNHEALTHY };

struct health_settings {
    long long interval;       /* between the end of one check and the beginning of the next */
    long long start_interval; /* the same in the start period, until the first success */
    long long start_period;   /* failures in it do not count until the first success */
    long long timeout;        /* of one check */
    int retries;              /* so many failures in a row make it unhealthy, 1 and up */
};

struct health {
    struct health_settings settings;
    long long started; /* when the command began to run */
    enum health_status status;
    int streak; /* failures in a row that count */
};

/* The command has begun to run at `now`: all begins anew. */
void health_start(struct health *health, long long now);
/* Nobody looks any more, because it has ended or stands still: Docker takes that for unhealthy. */
void health_suspend(struct health *health);
/* When the next check is due, of one that is planned at `now`. */
long long health_next(const struct health *health, long long now);
/* The result of the check that began at `began`. Whether the status is another one now. */
bool health_take(struct health *health, long long began, bool passed);
/* "starting", "healthy" or "unhealthy". */
const char *health_name(enum health_status status);

#endif
