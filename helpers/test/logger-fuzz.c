/* libFuzzer: whatever a container prints, what goes into the log is the inside of a JSON string in UTF-8. */
#include "json.h"
#include "json.h"
#include "logger.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One fd for all runs. */
static int open_null(void)
{
    static int fd = -1;
    if (fd < 0)
        fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    return fd;
}

static void must(int holds)
{
    if (!holds)
        __builtin_trap();
}

/* Every escape is one that JSON knows; nothing else may be a control character, a quote or a byte that begins no UTF-8. */
static void check_json(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        must(c >= 0x20 && c != '"' && c != 0xc0 && c != 0xc1 && c < 0xf5);
        if (c >= 0x80) {
            size_t more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
            must(c >= 0xc2 && i + more < size);
            for (size_t k = 0; k < more; k++)
                must(((unsigned char)text[++i] & 0xc0) == 0x80);
        }
        if (c != '\\')
            continue;
        must(++i < size && strchr("\"\\nrtu", text[i]) != NULL);
        if (text[i] == 'u') {
            must(i + 4 < size && strspn(text + i + 1, "0123456789abcdef") >= 4);
            i += 4;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *out = malloc(size * 6 + 1);
    size_t length = json_escape(out, (const char *)data, size);
    must(length <= size * 6);
    out[length] = 0;
    check_json(out, length);
    free(out);
    struct logger logger = logger_open(open_null());
    size_t half = size / 2;
    logger_write(&logger, 0, (const char *)data, half);
    logger_write(&logger, size & 1, (const char *)data + half, size - half);
    logger_finish(&logger);
    return 0;
}
