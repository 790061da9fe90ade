/* What the C tests share: check(condition) ends the program with the place where it does not hold. */
#ifndef SKIFF_TEST_CHECK_H
#define SKIFF_TEST_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define check(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

/* Two strings that should be equal, shown when they are not. */
#define check_text(actual, wanted) \
    do { \
        const char *have = (actual), *want = (wanted); \
        if (!have || strcmp(have, want) != 0) { \
            fprintf(stderr, "%s:%d: %s is\n  %s\nnot\n  %s\n", __FILE__, __LINE__, #actual, have ? have : "(null)", want); \
            exit(1); \
        } \
    } while (0)

#endif
