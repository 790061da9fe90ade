/* A program that is called as slirp4netns is. */
#ifndef SKIFF_TEST_FAKE_SLIRP_H
#define SKIFF_TEST_FAKE_SLIRP_H

/*
 * Never returns. `mode`: `dies` at once; `never` has a way out; `slow`, after 300 ms, and any other at once. Appends to `log` a `b` when it begins, an `r` when it is
 * ready, and an `e` when the exit-fd (4) tells it to end. The network namespace is fd 5.
 */
_Noreturn void fake_slirp(const char *mode, const char *log);

#endif
