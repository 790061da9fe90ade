/*
 * Where a container's name server listens: at 127.0.0.11, at ports that nobody has asked for. Rules in the container make port 53 of that address lead there, so
 * that a program in the container may have port 53 of all its addresses, as name servers want it. The rules look at packets one by one: nothing is tracked.
 */
#ifndef SKIFF_DNS_SOCKETS_H
#define SKIFF_DNS_SOCKETS_H

/* In the container's network namespace, with CAP_NET_ADMIN over it. Rules of an earlier call are replaced. Dies when it cannot. */
void dns_open(int *datagrams, int *listener);

#endif
