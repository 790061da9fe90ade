/* libFuzzer: whatever bytes a plan file has, the parser stays inside them, and what it accepts reads back. */
#include "plan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Half of the inputs start as a plan does, so that the fuzzer gets to the records. */
    static const char start[] = "1\0skiff-plan-1";
    size_t before = size && data[0] & 1 ? sizeof start : 0;
    char *text = malloc(before + size ? before + size : 1);
    memcpy(text, start, before);
    memcpy(text + before, data, size);
    struct plan *plan = plan_parse(text, before + size);
    size_t length = 0;
    for (size_t i = 0; plan && i < plan->count; i++) {
        for (size_t k = 0; k < plan->records[i].count; k++) {
            const char *field = plan->records[i].fields[k];
            length += strlen(field) + 1;
            if (field < text || field + strlen(field) >= text + before + size)
                __builtin_trap();
        }
    }
    if (length > before + size)
        __builtin_trap();
    free(plan);
    free(text);
    return 0;
}
