#ifndef SKIFF_SEALED_H
#define SKIFF_SEALED_H

/*
 * Runs skiff-helper again from a sealed copy in memory, with these arguments (the first is its name) and an empty environment; dies when it cannot.
 * A process that enters a container must not run from the file on disk: what is inside could open it through
 * /proc/PID/exe and change the helper for good, since the file is its owner's (CVE-2019-5736).
 */
_Noreturn void sealed_exec(char *const arguments[]);

#endif
