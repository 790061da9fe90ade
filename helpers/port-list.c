#include "port.h"
#include "util.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many ranges back a listener's neighbour is looked for: a port has an address or two of each family. */
enum { LOOK_BACK = 8 };

struct range {
    const struct listener *first;
    unsigned count;
};

const char *address_text(const union address *address, char out[INET6_ADDRSTRLEN])
{
    const void *bytes = address->any.sa_family == AF_INET6 ? (const void *)&address->v6.sin6_addr : (const void *)&address->v4.sin_addr;
    return inet_ntop(address->any.sa_family, bytes, out, INET6_ADDRSTRLEN);
}

uint16_t address_port(const union address *address)
{
    return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port : address->v4.sin_port);
}

static bool same_host(const union address *one, const union address *other)
{
    char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];
    return one->any.sa_family == other->any.sa_family && strcmp(address_text(one, a), address_text(other, b)) == 0;
}

static bool follows(const struct range *range, const struct listener *next)
{
    const struct listener *first = range->first;
    return first->udp == next->udp && first->port + range->count == next->port && address_port(&first->address) + range->count == address_port(&next->address) &&
           same_host(&first->address, &next->address);
}

char *port_list(const struct listeners *listeners)
{
    autofree struct range *ranges = xmalloc((listeners->count + 1) * sizeof *ranges);
    size_t count = 0, length = 0;
    char *text = NULL;
    for (size_t i = 0; i < listeners->count; i++) {
        size_t at = count;
        while (at > 0 && count - at < LOOK_BACK && !follows(&ranges[at - 1], &listeners->list[i]))
            at--;
        if (at > 0 && count - at < LOOK_BACK)
            ranges[at - 1].count++;
        else
            ranges[count++] = (struct range){ &listeners->list[i], 1 };
    }
    FILE *out = open_memstream(&text, &length);
    for (size_t i = 0; out && i < count; i++) {
        char address[INET6_ADDRSTRLEN];
        const struct listener *first = ranges[i].first;
        unsigned port = address_port(&first->address);
        fprintf(out, "%s %s %u %u %u\n", first->udp ? "udp" : "tcp", address_text(&first->address, address), port, port + ranges[i].count - 1, first->port);
    }
    if (!out || fclose(out) != 0)
        die("out of memory");
    return text;
}

struct line {
    char protocol[4], address[INET6_ADDRSTRLEN];
    unsigned first, last, inner;
};

/* Takes the next line that is one of port_list's. */
static bool next_line(const char **list, struct line *out)
{
    while (**list) {
        const char *line = *list, *end = strchr(line, '\n');
        *list = end ? end + 1 : line + strlen(line);
        if (sscanf(line, "%3s %45s %u %u %u", out->protocol, out->address, &out->first, &out->last, &out->inner) == 5 && out->first <= out->last && out->last <= UINT16_MAX)
            return true;
    }
    return false;
}

uint16_t port_before(const char **list, const char *protocol, const char *address, uint16_t port)
{
    struct line line;
    while (next_line(list, &line))
        if (strcmp(line.protocol, protocol) == 0 && strcmp(line.address, address) == 0 && port >= line.inner && port - line.inner <= line.last - line.first)
            return (uint16_t)(line.first + port - line.inner);
    return 0;
}

static bool is_everything(const char *address)
{
    return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}

bool port_is_listed(const char *list, const char *protocol, const char *address, uint16_t host_port)
{
    struct line line;
    while (next_line(&list, &line)) {
        bool same_family = !strchr(line.address, ':') == !strchr(address, ':');
        if (strcmp(line.protocol, protocol) == 0 && same_family && host_port >= line.first && host_port <= line.last &&
            (is_everything(line.address) || is_everything(address) || strcmp(line.address, address) == 0))
            return true;
    }
    return false;
}
