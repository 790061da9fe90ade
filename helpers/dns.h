/* 127.0.0.11: the name server that a container in networks with names has. */
#ifndef SKIFF_DNS_H
#define SKIFF_DNS_H

#include "dns-config.h"

/*
 * Answers what comes by the UDP socket and by connections to the listener. Returns after SIGTERM, which the caller has blocked: no more
 * questions are taken from then on, and those that others have been asked are answered or given up.
 */
void dns_serve(struct dns_config *config, int datagrams, int listener);

#endif
