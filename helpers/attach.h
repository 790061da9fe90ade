#ifndef SKIFF_ATTACH_H
#define SKIFF_ATTACH_H

#include "plan.h"

/*
 * The user's side of a container: carries fds 0-2, signals and window size over the monitor's socket until the command
 * ends or the user detaches. Returns the exit code. `plan` has the records tty, stdin, outputs, sig-proxy, detach-keys. Without
 * any output it prints the `id` and ends with 0 as soon as the input has been taken.
 */
int attach_run(int socket, const struct plan *plan);

/*
 * Ends this process with its parent where SKIFF_PARENT says that this is the skiff command, which could not become this
 * program; so a command that is killed leaves no half of itself at the terminal.
 */
void attach_tie_to_parent(void);

/* The first frames of a connection: what it wants, and the terminal's size. Does not wait. */
void attach_announce(int socket, const struct plan *plan);

/* "<code> <sentence>" of a FAILED frame: says it on stderr and returns the code. */
int attach_report_failure(const char *payload, size_t length);

#endif
