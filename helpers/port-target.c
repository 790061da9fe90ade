#include "port.h"
#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

socklen_t address_size(const union address *address)
{
    return address->any.sa_family == AF_INET6 ? sizeof address->v6 : sizeof address->v4;
}

bool address_parse(const char *text, uint16_t port, union address *out)
{
    *out = (union address){ 0 };
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        return true;
    }
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons(port);
    return inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1;
}

static bool is_same(const struct record *one, const struct record *other)
{
    return one == other || (one && other && strcmp(one->fields[1], other->fields[1]) == 0 && strcmp(one->fields[2], other->fields[2]) == 0);
}

bool port_targets_read(struct port_targets *targets, const char *path)
{
    struct port_targets before = *targets;
    struct plan *file = plan_read(path);
    *targets = (struct port_targets){ .file = file };
    for (size_t i = 0; i < file->count; i++) {
        const struct record *record = &file->records[i];
        union address address;
        if (strcmp(record->fields[0], "port-target") != 0)
            continue;
        if (record->count < 3 || !address_parse(record->fields[1], 0, &address))
            die("a record 'port-target' of the network file names no address");
        *(address.any.sa_family == AF_INET ? &targets->v4 : &targets->v6) = record;
    }
    bool elsewhere = !is_same(before.v4, targets->v4) || !is_same(before.v6, targets->v6);
    free((void *)(uintptr_t)before.file);
    return elsewhere;
}

static const unsigned char *bytes_of(const union address *address)
{
    return address->any.sa_family == AF_INET6 ? address->v6.sin6_addr.s6_addr : (const unsigned char *)&address->v4.sin_addr;
}

static bool is_within(const union address *address, const char *cidr)
{
    char plain[INET6_ADDRSTRLEN];
    union address network;
    size_t length = strcspn(cidr, "/");
    if (length >= sizeof plain || cidr[length] == 0)
        return false;
    memcpy(plain, cidr, length);
    plain[length] = 0;
    unsigned bits = (unsigned)strtoul(cidr + length + 1, NULL, 10);
    if (!address_parse(plain, 0, &network) || network.any.sa_family != address->any.sa_family || bits > (network.any.sa_family == AF_INET6 ? 128u : 32u))
        return false;
    const unsigned char *one = bytes_of(address), *other = bytes_of(&network);
    unsigned whole = bits / 8, rest = bits % 8;
    return memcmp(one, other, whole) == 0 && (rest == 0 || (one[whole] ^ other[whole]) >> (8 - rest) == 0);
}

/* Whether what is sent to this address from the container's network would not come back to us. */
static bool is_unanswerable(const union address *client, const struct record *target)
{
    const unsigned char *bytes = bytes_of(client);
    if (client->any.sa_family == AF_INET ? bytes[0] == 127 : IN6_IS_ADDR_LOOPBACK(&client->v6.sin6_addr) || IN6_IS_ADDR_LINKLOCAL(&client->v6.sin6_addr))
        return true;
    for (size_t i = 3; i < target->count; i++)
        if (is_within(client, target->fields[i]))
            return true;
    return false;
}

bool port_choose(const struct port_targets *targets, const union address *client, uint16_t port, union address *source, union address *target)
{
    const struct record *same = client->any.sa_family == AF_INET ? targets->v4 : targets->v6, *record = same ? same : targets->v4 ? targets->v4 : targets->v6;
    if (!record || !address_parse(record->fields[1], port, target))
        return false;
    if (record == same && !is_unanswerable(client, record)) {
        *source = *client;
        return true;
    }
    return address_parse(record->fields[2], 0, source);
}

int port_dial(int type, const union address *source, const union address *target)
{
    int one = 1;
    autoclose int fd = socket(target->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int transparent = target->any.sa_family == AF_INET6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &one, sizeof one) : setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &one, sizeof one);
    /* Without a port of its own: the kernel chooses one when it knows the target, else all targets would share one range. */
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    /* One client may have the same port towards two published ones. */
    if (fd < 0 || transparent < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 || bind(fd, &source->any, address_size(source)) < 0)
        return -1;
    if (connect(fd, &target->any, address_size(target)) < 0 && errno != EINPROGRESS)
        return -1;
    int dialled = fd;
    fd = -1;
    return dialled;
}
