/* Who has which name and address at the moment: the leases in the `up` directories of the networks that the container is in. */
#ifndef SKIFF_DNS_NAMES_H
#define SKIFF_DNS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct dns_lease {
    uint8_t address[16];
    bool is_ipv6;
    uint32_t names; /* where they begin in the scope's text: strings in lower case, an empty one behind the last; the first is the container's */
};

/* A network. What is remembered of its directory is what the directory held when `changed` was its time of change. */
struct dns_scope {
    int directory;
    const char *network;
    struct timespec changed;
    bool is_settled;
    struct dns_lease *leases;
    size_t count, room;
    char *text;
    size_t length, text_room;
};

/* `--link`: another name for the name `target`, for this container only. */
struct dns_link {
    const char *alias, *target;
};

struct dns_names {
    struct dns_scope *scopes;
    size_t scope_count;
    struct dns_link *links;
    size_t link_count;
};

/* A network's directory, opened; a scope of nothing yet. -1 with errno. */
int dns_scope_open(struct dns_scope *scope, const char *directory, const char *network);
void dns_scope_close(struct dns_scope *scope);

/* Reads again those directories that have changed since the last time: one fstat(2) each where none has. */
void dns_names_refresh(struct dns_names *names);

enum dns_found { DNS_NOBODY, DNS_WITHOUT_ADDRESS, DNS_FOUND };
/*
 * Who is called `name` (lower case; NAME or NAME.NETWORK): the addresses of the wished families in the first network that has any, by
 * their index in `*leases`, which is to be freed. DNS_WITHOUT_ADDRESS: somebody is, but has none of this family.
 */
enum dns_found dns_names_find(const struct dns_names *names, const char *name, bool ipv4, bool ipv6, const struct dns_scope **scope, uint32_t **leases, size_t *count);

/* Whose `address` it is: "NAME.NETWORK" into `text` of `size` bytes. */
bool dns_names_of(const struct dns_names *names, const uint8_t *address, bool is_ipv6, char *text, size_t size);

/* The names in the text of a lease, written to `out` as in dns_lease, which has room for size + 2 bytes; returns how many bytes. Pure. */
size_t dns_lease_names(const char *text, size_t size, char *out);

#endif
