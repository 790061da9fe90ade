/* The records of the network file that the role `dns` reads. */
#ifndef SKIFF_DNS_CONFIG_H
#define SKIFF_DNS_CONFIG_H

#include "dns-answer.h"
#include "plan.h"

#include <sys/socket.h>

enum { DNS_SERVERS = 8, DNS_PORT = 53 };

/* Somebody to ask. `slow_until`: milliseconds of the monotonic clock, until when others are asked first. */
struct dns_server {
    struct sockaddr_storage address;
    socklen_t length;
    int64_t slow_until;
};

struct dns_config {
    struct dns_known known;
    struct dns_server servers[DNS_SERVERS];
    size_t server_count;
};

/* Whether servers are asked from the container's network namespace, and not from the host's. */
bool dns_is_from_container(const struct plan *file);
/* Opens the directories of all networks. Dies when one cannot be opened or the file makes no sense. */
void dns_config_read(struct dns_config *config, const struct plan *file);
/* One more server, by its numeric address; false where there are enough or it is none. */
bool dns_config_server(struct dns_config *config, const char *address, int port);

#endif
