/* libFuzzer: any bytes as messages of a bus. No message may be longer than what there is, and all texts end. */
#include "dbus.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dbus_reply reply;
    for (size_t at = 0; at < size;) {
        ssize_t length = dbus_parse(data + at, size - at, &reply);
        if (length > (ssize_t)(size - at) || !memchr(reply.error, 0, sizeof reply.error) || !memchr(reply.text, 0, sizeof reply.text))
            __builtin_trap();
        if (length <= 0)
            return 0;
        at += (size_t)length;
    }
    return 0;
}
