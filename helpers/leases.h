/* The leases of a container's addresses, as its network file names them: `lease PATH UP`. */
#ifndef SKIFF_LEASES_H
#define SKIFF_LEASES_H

#include "plan.h"

#include <stdbool.h>

/* Whoever is attached has a second link to each lease, UP: that is where names are looked up. Idempotent. -1 with errno. */
int leases_up(const struct plan *file);
/* Takes the second links away, and with `gone` the leases too: the addresses are free then. For the file that `plan` names; nothing where it names none. Idempotent. */
void leases_down(const struct plan *plan, bool gone);

#endif
