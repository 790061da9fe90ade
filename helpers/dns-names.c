/*
 * A question is answered from memory while the directory has its old time of change. A change within the clock's tick in
 * which it was read leaves that time as it is; so what was read within SETTLING of a change is read once more for the next question.
 */
#include "dns-names.h"
#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAXIMUM_LEASE = 65536, SETTLING = 20000000 /* ns; the longest tick, of HZ=100, is half of it */ };

/* getdents64(2); musl and glibc differ in what they call it. */
struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

int dns_scope_open(struct dns_scope *scope, const char *directory, const char *network)
{
    *scope = (struct dns_scope){ .network = network };
    scope->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return scope->directory < 0 ? -1 : 0;
}

void dns_scope_close(struct dns_scope *scope)
{
    close_fd(&scope->directory);
    free(scope->leases);
    free(scope->text);
}

size_t dns_lease_names(const char *text, size_t size, char *out)
{
    size_t length = 0;
    for (const char *line = text, *end = text + size; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        stop = stop ? stop : end;
        if (stop - line > 5 && memcmp(line, "name ", 5) == 0 && !memchr(line, 0, (size_t)(stop - line))) {
            for (const char *at = line + 5; at < stop; at++)
                out[length++] = *at >= 'A' && *at <= 'Z' ? (char)(*at + ('a' - 'A')) : *at;
            out[length++] = 0;
        }
        line = stop < end ? stop + 1 : end;
    }
    out[length++] = 0;
    return length;
}

/* Makes room for `wanted` elements. */
static void *grow(void *block, size_t wanted, size_t *room, size_t size)
{
    if (wanted <= *room)
        return block;
    *room = wanted + wanted / 2;
    block = realloc(block, *room * size);
    if (!block)
        die("out of memory");
    return block;
}

/* False when the directory has to be read again for a reason other than that the lease has gone. */
static bool read_lease(struct dns_scope *scope, const char *name)
{
    static char text[MAXIMUM_LEASE]; /* of which no more is touched than the longest lease has */
    struct dns_lease lease = { .is_ipv6 = strchr(name, ':') != NULL };
    if (inet_pton(lease.is_ipv6 ? AF_INET6 : AF_INET, name, lease.address) != 1)
        return true;
    autoclose int fd = openat(scope->directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT || errno == ELOOP;
    ssize_t size = read_all(fd, text, sizeof text);
    if (size < 0)
        return false;
    lease.names = (uint32_t)scope->length;
    scope->text = grow(scope->text, scope->length + (size_t)size + 2, &scope->text_room, 1);
    scope->length += dns_lease_names(text, (size_t)size, scope->text + scope->length);
    scope->leases = grow(scope->leases, scope->count + 1, &scope->room, sizeof *scope->leases);
    scope->leases[scope->count++] = lease;
    return true;
}

static bool read_directory(struct dns_scope *scope)
{
    _Alignas(struct entry) char block[2048];
    bool complete = lseek(scope->directory, 0, SEEK_SET) == 0;
    long got;
    scope->count = scope->length = 0;
    while ((got = syscall(SYS_getdents64, scope->directory, block, sizeof block)) > 0)
        for (long at = 0; at < got;) {
            const struct entry *entry = (const struct entry *)(block + at);
            complete = read_lease(scope, entry->name) && complete;
            at += entry->length;
        }
    return complete && got == 0;
}

static bool has_settled(const struct timespec *changed)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (now.tv_sec - changed->tv_sec) * 1000000000LL + (now.tv_nsec - changed->tv_nsec) > SETTLING;
}

static void refresh(struct dns_scope *scope)
{
    struct stat status;
    if (fstat(scope->directory, &status) < 0)
        return;
    if (scope->is_settled && status.st_mtim.tv_sec == scope->changed.tv_sec && status.st_mtim.tv_nsec == scope->changed.tv_nsec)
        return;
    bool settled = has_settled(&status.st_mtim);
    scope->changed = status.st_mtim;
    scope->is_settled = read_directory(scope) && settled;
}

void dns_names_refresh(struct dns_names *names)
{
    for (size_t i = 0; i < names->scope_count; i++)
        refresh(&names->scopes[i]);
}

static bool is_called(const struct dns_scope *scope, const struct dns_lease *lease, const char *name, size_t length)
{
    for (const char *at = scope->text + lease->names; *at; at += strlen(at) + 1)
        if (strncmp(at, name, length) == 0 && at[length] == 0)
            return true;
    return false;
}

/* Those called by the first `length` bytes of `name` in one network, into `leases` if that is there. */
static enum dns_found find_in(const struct dns_scope *scope, const char *name, size_t length, const bool wished[2], uint32_t *leases, size_t *count)
{
    enum dns_found found = DNS_NOBODY;
    *count = 0;
    for (size_t i = 0; i < scope->count; i++) {
        if (!is_called(scope, &scope->leases[i], name, length))
            continue;
        bool fits = wished[scope->leases[i].is_ipv6];
        if (fits && leases)
            leases[*count] = (uint32_t)i;
        *count += fits;
        found = fits || found == DNS_FOUND ? DNS_FOUND : DNS_WITHOUT_ADDRESS;
    }
    return found;
}

/* The networks in their order, or the one that is called `network`. */
static enum dns_found find_name(const struct dns_names *names, const char *name, size_t length, const char *network, const bool wished[2],
                                const struct dns_scope **scope, uint32_t **leases, size_t *count)
{
    enum dns_found best = DNS_NOBODY;
    for (size_t i = 0; i < names->scope_count; i++) {
        const struct dns_scope *here = &names->scopes[i];
        if (*network && strcasecmp(here->network, network) != 0)
            continue;
        enum dns_found found = find_in(here, name, length, wished, NULL, count);
        best = found > best ? found : best;
        if (found != DNS_FOUND)
            continue;
        *scope = here;
        *leases = xmalloc(*count * sizeof **leases);
        return find_in(here, name, length, wished, *leases, count);
    }
    return best;
}

/* A link goes before a name of somebody's, as in Docker. */
static enum dns_found find_linked(const struct dns_names *names, const char *name, size_t length, const char *network, const bool wished[2],
                                  const struct dns_scope **scope, uint32_t **leases, size_t *count)
{
    for (size_t i = 0; i < names->link_count; i++) {
        const struct dns_link *link = &names->links[i];
        if (strncasecmp(link->alias, name, length) != 0 || link->alias[length] != 0)
            continue;
        enum dns_found found = find_name(names, link->target, strlen(link->target), network, wished, scope, leases, count);
        if (found != DNS_NOBODY)
            return found;
    }
    return find_name(names, name, length, network, wished, scope, leases, count);
}

enum dns_found dns_names_find(const struct dns_names *names, const char *name, bool ipv4, bool ipv6, const struct dns_scope **scope, uint32_t **leases, size_t *count)
{
    const bool wished[2] = { ipv4, ipv6 };
    size_t length = strlen(name);
    enum dns_found found = DNS_NOBODY;
    if (length > 0)
        found = find_linked(names, name, length, "", wished, scope, leases, count);
    /* Names and networks may have dots in them: every place where the one may end and the other begin. */
    for (size_t at = length; found == DNS_NOBODY && at-- > 1;)
        if (name[at] == '.' && name[at + 1])
            found = find_linked(names, name, at, name + at + 1, wished, scope, leases, count);
    return found;
}

bool dns_names_of(const struct dns_names *names, const uint8_t *address, bool is_ipv6, char *text, size_t size)
{
    for (size_t i = 0; i < names->scope_count; i++) {
        const struct dns_scope *scope = &names->scopes[i];
        for (size_t k = 0; k < scope->count; k++) {
            const struct dns_lease *lease = &scope->leases[k];
            if (lease->is_ipv6 != is_ipv6 || memcmp(lease->address, address, is_ipv6 ? 16 : 4) != 0 || !scope->text[lease->names])
                continue;
            int length = snprintf(text, size, "%s.%s", scope->text + lease->names, scope->network);
            return length > 0 && (size_t)length < size;
        }
    }
    return false;
}
