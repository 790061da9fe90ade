/* health.json in a container's directory: how it is, and what the last checks have said, as Docker's State.Health. */
#ifndef SKIFF_HEALTH_RECORD_H
#define SKIFF_HEALTH_RECORD_H

#include "health.h"

#include <stddef.h>

enum { HEALTH_RESULTS = 5, HEALTH_OUTPUT = 4096 };

/* The last results, the oldest first; each is the text of a JSON object. */
struct health_results {
    int count;
    char *list[HEALTH_RESULTS];
};

/* What a check has printed, as far as it is kept. */
struct health_output {
    size_t length;
    bool truncated; /* there was more */
    char text[HEALTH_OUTPUT];
};

/* Appends what there is room for. */
void health_keep(struct health_output *output, const char *data, size_t size);

/*
 * One more result; the oldest of too many goes. Times are as format_now() writes them. `words` come before the output, and ": " between them where
 * there is any; either may be empty. Bytes of the output that are no UTF-8 become U+FFFD.
 */
void health_add(struct health_results *results, const char *start, const char *end, int exit_code, const char *words, const struct health_output *output);
/* Replaces health.json by rename; not synced, for it is worthless after a power cut. -1 with errno. */
int health_write(int directory, const struct health *health, const struct health_results *results);
/* The results of earlier runs, from the health.json that is there; none where there is no such file. */
void health_read(int directory, struct health_results *results);

#endif
