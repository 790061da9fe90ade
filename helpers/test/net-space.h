/* What tests of networks share: a user namespace in which they are root, network namespaces in it, and ip(8) in them. */
#ifndef SKIFF_TEST_NET_SPACE_H
#define SKIFF_TEST_NET_SPACE_H

/* This process becomes root of a new user namespace. */
void space_root(void);
/* The same with a network namespace, whose fd is returned. lo is up. */
int space_enter(void);
/* Another network namespace; this process stays where it is. lo is up. */
int space_new(void);
/* This process goes into the network namespace. */
void space_go(int netns);
/* Runs a command in a network namespace that is this process's own afterwards too; ends the test when it fails. */
void space_run(int netns, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A socket made in `netns`, while this process stays in `home`. */
int space_socket(int home, int netns, int family, int type, int protocol);

#endif
