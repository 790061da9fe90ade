/*
 * The firewall of the user's network namespace, where the bridges are: what may leave, that networks are sealed from each other, and that
 * a container cannot pose as another one or as a gateway. Bridges are known by group (1: with egress, 2: internal), so a new network changes no rule.
 */
#ifndef SKIFF_FIREWALL_H
#define SKIFF_FIREWALL_H

#include <stddef.h>

/*
 * All rules and the policy routes of transparent sockets in `netns` (-1: this process's own, as below), where lo is up. Loading them again replaces
 * the rules and keeps what ports own. `cidr` and `cidr6` are slirp4netns' networks, of which only its name servers `dns` and `dns6` may be asked.
 * NULL when done, else a sentence to be freed; then no rule has changed.
 */
char *firewall_load(int netns, const char *cidr, const char *dns, const char *cidr6, const char *dns6);

/*
 * From now on `mac`, `cidrs` (addresses with or without prefix) and the link-local address that is made from `mac` belong to the bridge port
 * `ifindex`: frames that use them are dropped elsewhere. To be called before the port is up; for a bridge itself with its own MAC and the
 * gateways' addresses. Idempotent. NULL when done, else a sentence to be freed.
 */
char *firewall_admit(int netns, unsigned ifindex, const char *mac, const char *const *cidrs, size_t count);

/* Takes back what firewall_admit gave to `ifindex`; with 0 what belongs to links that are not there any more. Nothing to take back is fine. */
void firewall_sweep(int netns, unsigned ifindex);

#endif
