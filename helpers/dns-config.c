#include "dns-config.h"
#include "util.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static size_t count_records(const struct plan *file, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < file->count; i++)
        count += strcmp(file->records[i].fields[0], name) == 0;
    return count;
}

static bool is(const struct record *record, const char *name, size_t fields)
{
    if (strcmp(record->fields[0], name) != 0)
        return false;
    if (record->count <= fields)
        die("record '%s' of the network file is too short", name);
    return true;
}

static void *list_of(const struct plan *file, const char *name, size_t size)
{
    return xmalloc((count_records(file, name) + 1) * size);
}

/* As names are kept: in lower case. */
static char *lowered(const char *text)
{
    char *copy = xasprintf("%s", text);
    for (char *at = copy; *at; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at + ('a' - 'A')) : *at;
    return copy;
}

static bool parse_subnet(const char *cidr, struct dns_subnet *subnet)
{
    char text[INET6_ADDRSTRLEN];
    const char *slash = strchr(cidr, '/');
    if (!slash || (size_t)(slash - cidr) >= sizeof text)
        return false;
    memcpy(text, cidr, (size_t)(slash - cidr));
    text[slash - cidr] = 0;
    *subnet = (struct dns_subnet){ .is_ipv6 = strchr(text, ':') != NULL };
    subnet->prefix = (unsigned)parse_number(slash + 1, 0, subnet->is_ipv6 ? 128 : 32, "length of a prefix");
    return inet_pton(subnet->is_ipv6 ? AF_INET6 : AF_INET, text, subnet->address) == 1;
}

bool dns_config_server(struct dns_config *config, const char *address, int port)
{
    struct dns_server *server = &config->servers[config->server_count];
    struct sockaddr_in *four = (struct sockaddr_in *)&server->address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&server->address;
    char text[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE];
    if (config->server_count == DNS_SERVERS || strlen(address) >= sizeof text)
        return false;
    strcpy(text, address);
    char *zone = strchr(text, '%');
    if (zone)
        *zone++ = 0;
    memset(server, 0, sizeof *server);
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        server->length = sizeof *four;
    } else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        six->sin6_scope_id = zone ? if_nametoindex(zone) : 0;
        server->length = sizeof *six;
    }
    config->server_count += server->length > 0;
    return server->length > 0;
}

static void read_network(struct dns_known *known, const struct record *record)
{
    struct dns_names *names = &known->names;
    if (is(record, "dns-scope", 2)) {
        if (dns_scope_open(&names->scopes[names->scope_count++], record->fields[1], record->fields[2]) < 0)
            die_errno("cannot open %s, where the names of network %s are", record->fields[1], record->fields[2]);
    } else if (is(record, "dns-link", 2)) {
        names->links[names->link_count++] = (struct dns_link){ record->fields[1], lowered(record->fields[2]) };
    } else if (is(record, "address", 1)) {
        if (!parse_subnet(record->fields[1], &known->subnets[known->subnet_count++]))
            die("%s in the network file is no address with a prefix", record->fields[1]);
    }
}

bool dns_is_from_container(const struct plan *file)
{
    return strcmp(plan_text(file, "dns-from", "host"), "container") == 0;
}

/* Our own address would mean that we ask ourselves. */
static void read_server(struct dns_config *config, const struct record *record, bool from_container)
{
    if (is(record, "dns-server", 1) && !(from_container && strcmp(record->fields[1], "127.0.0.11") == 0))
        dns_config_server(config, record->fields[1], DNS_PORT);
}

void dns_config_read(struct dns_config *config, const struct plan *file)
{
    struct dns_known *known = &config->known;
    *config = (struct dns_config){ 0 };
    known->names.scopes = list_of(file, "dns-scope", sizeof *known->names.scopes);
    known->names.links = list_of(file, "dns-link", sizeof *known->names.links);
    known->subnets = list_of(file, "address", sizeof *known->subnets);
    for (size_t i = 0; i < file->count; i++) {
        read_network(known, &file->records[i]);
        read_server(config, &file->records[i], dns_is_from_container(file));
    }
    known->has_servers = config->server_count > 0;
    known->keeps_single = plan_flag(file, "dns-ndots");
    if (getrandom(&known->random, sizeof known->random, 0) != sizeof known->random || known->random == 0)
        known->random = 1;
}
