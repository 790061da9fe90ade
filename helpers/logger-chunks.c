#include "logger-chunks.h"

#include <string.h>
#include <sys/random.h>

enum { ID_AT = 2, ID_SIZE = 8, NUMBER_AT = 10, COUNT_AT = 11 };

static bool send_chunks(const char *data, size_t size, size_t part, gelf_datagram send, void *to)
{
    char head[GELF_HEAD] = { 0x1e, 0x0f };
    size_t count = (size + part - 1) / part;
    if (count > GELF_CHUNKS)
        return false;
    if (getrandom(head + ID_AT, ID_SIZE, 0) != ID_SIZE)
        return false;
    head[COUNT_AT] = (char)count;
    for (size_t i = 0; i < count; i++, data += part, size -= part) {
        head[NUMBER_AT] = (char)i;
        send(to, head, sizeof head, data, size < part ? size : part);
    }
    return true;
}

bool gelf_chunks(const char *data, size_t size, gelf_datagram send, void *to)
{
    if (size <= GELF_CHUNK) {
        send(to, "", 0, data, size);
        return true;
    }
    return send_chunks(data, size, GELF_CHUNK - GELF_HEAD, send, to) || send_chunks(data, size, GELF_CHUNK_MOST - GELF_HEAD, send, to);
}
