/* The conversation between a sandbox and its monitor: packets on fd 3 of the sandbox. */
#ifndef SKIFF_SANDBOX_H
#define SKIFF_SANDBOX_H

#include <stdint.h>
#include <sys/types.h>

enum { SANDBOX_FD = 3 };

/* First byte of a packet. Failures are text instead: "<code> <sentence>", so they start with a digit. */
enum {
    PACKET_PID = 'P',      /* struct pid_packet; its fd is the mount namespace in which the image is mounted */
    PACKET_TERMINAL = 'T', /* its fd is the master of the pseudoterminal */
    PACKET_ENOUGH = 'Q',   /* monitor to sandbox: volumes need not be waited for, the container is not wanted any more */
    PACKET_NETWORK = 'N',  /* monitor to sandbox: the network is there, go on */
};

struct pid_packet {
    uint8_t type;
    int32_t pid;      /* of the command in the monitor's pid namespace */
    int32_t host_pid; /* as /proc shows it */
};

/* die_hook of sandbox and join: the sentence goes to the monitor as one packet. */
void sandbox_report_failure(int code, const char *text);
/* Tells the monitor which process is the command; `namespace` (-1 for none) goes along. Dies on failure. */
void sandbox_report_pid(pid_t pid, int32_t host_pid, int namespace);
/* Hands the monitor the master of the command's terminal, and closes it. Dies on failure. */
void sandbox_report_terminal(int master);
/* clone(2) without a stack of its own, so like fork(2) with flags. */
pid_t clone_like_fork(int flags);

#endif
