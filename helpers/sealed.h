#ifndef SKIFF_SEALED_H
#define SKIFF_SEALED_H

/*
 * Runs `skiff-helper ROLE ARGUMENT` again from a sealed copy in memory, with an empty environment; dies when it cannot.
 * A process that enters a container must not run from the file on disk: what is inside could open it through
 * /proc/PID/exe and change the helper for good, since the file is its owner's (CVE-2019-5736).
 */
_Noreturn void sealed_exec(const char *role, const char *argument);

#endif
