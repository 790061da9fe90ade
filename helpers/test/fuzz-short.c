/*
 * A short run of a fuzz target for every test run, without clang: a few hundred thousand inputs of random bytes from an alphabet
 * of those that the parsers give a meaning to, the same ones each time. `npm run fuzz` is the real thing.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUTS = 100000, LONGEST = 512 };

static uint64_t state = 0x9e3779b97f4a7c15u;

/* xorshift64, Marsaglia 2003. */
static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

int main(void)
{
    static const char meaningful[] = "\0\0\0\n\n::,,//..0123456789abcxyzABCIOCWSTH\"\\<>&\xc2\xe2\x80\xa8\xff-+% \t\r\x1b.wh..wh.";
    for (int i = 0; i < INPUTS; i++) {
        size_t size = next() % LONGEST;
        uint8_t *data = malloc(size ? size : 1);
        for (size_t k = 0; k < size; k++)
            data[k] = next() % 8 ? (uint8_t)meaningful[next() % (sizeof meaningful - 1)] : (uint8_t)next();
        /* An exact block each, so that the sanitizer sees any read beyond it. */
        LLVMFuzzerTestOneInput(data, size);
        free(data);
    }
    printf("%d inputs\n", INPUTS);
    return 0;
}
