/* The program behind a volume: started, watched and ended by a process that stays in the namespaces where the program is to run, for there is no way back into them. */
#ifndef SKIFF_VOLUME_PROGRAM_H
#define SKIFF_VOLUME_PROGRAM_H

#include <stdint.h>

struct volume_program {
    char **environment, **arguments; /* end with NULL; the program is arguments[0], absolute */
};

/* The fd of the program that is its connection to the kernel (/dev/fuse), where it gets one. */
enum { PROGRAM_FUSE_FD = 3 };

/* Packets of the socket. */
enum {
    PROGRAM_FUSE = 'F',   /* its fd is PROGRAM_FUSE_FD of the next program */
    PROGRAM_START = 'S',  /* a program is started; its outputs go to the fd of the packet */
    PROGRAM_SIGNAL = 'K', /* it gets the signal `value` */
    PROGRAM_ENDED = 'X',  /* the answer when it has ended: `value` as of wait(2) */
};
struct program_packet {
    uint8_t type;
    int32_t value;
};

/*
 * Forks the process that looks after the program, in the namespaces and with the rights that the caller has now, and returns a socket to it. With `capable` the program keeps CAP_SYS_ADMIN
 * of this user namespace, else no capability at all. When the socket's other end is closed the program is asked to end (SIGTERM), and made to. Dies on failure.
 */
int program_look_after(const struct volume_program *program, int capable);

#endif
