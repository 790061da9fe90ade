/* What travels between monitor, launch and attach: frames on a stream socket, and messages of the sandbox on a packet one. */
#ifndef SKIFF_FRAMES_H
#define SKIFF_FRAMES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

/* Frame: type, three zero bytes, length of the payload (little-endian), payload. */
struct frame_header {
    uint8_t type;
    uint8_t zero[3];
    uint32_t length;
};
enum { FRAME_HEADER = 8, FRAME_MAXIMUM = 65536, FRAME_WINDOW = 65536 };

enum frame_type {
    /* to the monitor */
    FRAME_ATTACH = 'H',  /* payload: any of "i" (sends input), "o" (wants output): first on every connection that attaches */
    FRAME_INPUT = 'I',   /* bytes for the command's stdin; at most FRAME_WINDOW of them without an answer */
    FRAME_CLOSE = 'C',   /* no more input, once what was sent has been taken */
    FRAME_RESIZE = 'W',  /* uint16 rows, uint16 columns */
    FRAME_SIGNAL = 'S',  /* uint32 signal for the command */
    FRAME_STOP = 'T',    /* uint32 signal, uint32 milliseconds until SIGKILL, and perhaps uint32 of enum stop_reason; answered by EXIT. A paused command goes on */
    FRAME_KILL = 'K',    /* uint32 signal for the command; answered by DONE */
    FRAME_PAUSE = 'P',   /* uint32: 1 stops every process of the container, 0 lets them go on; answered by DONE */
    FRAME_RENAME = 'N',  /* path of the symbolic link that is the container's name now; answered by DONE */
    FRAME_POLICY = 'U',  /* "NAME MAXIMUM": another restart policy; answered by DONE */
    FRAME_NETWORK = 'J', /* the network file is another one: its networks shall be what it says; answered by DONE */
    FRAME_NAMESPACE = 'G', /* struct fifo_question; answered by DONE with the namespace's fd, or by the end of the connection */
    /* from the monitor */
    FRAME_STARTED = 'R', /* the command runs */
    FRAME_FAILED = 'F',  /* "<code> <sentence>": it could not be started */
    FRAME_TAKEN = 'A',   /* uint32: so many bytes of input have reached the command, or never will */
    FRAME_OUTPUT = 'O',
    FRAME_ERROR = 'E',
    FRAME_LOST = 'L',    /* uint64: so many bytes of output are missing here */
    FRAME_EXIT = 'X',    /* uint32 exit code: the command has ended and what it leaves is cleared away */
    FRAME_DONE = 'D',    /* uint32: enum order_result; behind FAILED perhaps a sentence */
};

/* Keeper or network holder was killed, and its FIFO is this one: which namespace is it that hangs on that? */
struct fifo_question {
    uint64_t device, inode;
};

enum order_result { ORDER_DONE, ORDER_ALREADY, ORDER_NOT_RUNNING, ORDER_FAILED };

/* Why it is stopped. 0: a person wants it. AGAIN: it is started at once, and so stays, --rm or not. SHUTDOWN: the machine goes down. FORCE: a person kills it, which is no event `stop`. */
enum stop_reason { STOP_AGAIN = 1, STOP_SHUTDOWN = 2, STOP_FORCE = 4 };

/* The milliseconds of a STOP that never becomes a SIGKILL. */
#define STOP_NEVER UINT32_MAX

/*
 * The address of the control socket at `path`, by way of its directory's fd, because a socket's name has 108 bytes (unix(7)) and a
 * runtime directory may be deeper. The fd is returned and must stay open as long as the address is used; -1 with errno.
 */
int control_address(const char *path, struct sockaddr_un *address);

/* Writes one frame, blocking; -1 with errno. At most FRAME_MAXIMUM bytes. */
int frame_send(int fd, uint8_t type, const void *payload, size_t length);
/* Reads one frame, blocking, into `payload` of FRAME_MAXIMUM bytes; its length, 0 type on end of file, -1 on a bad one. */
ssize_t frame_receive(int fd, uint8_t *type, void *payload);

/* One packet with an fd attached (or -1 for none); -1 with errno. */
int packet_send(int socket, const void *data, size_t size, int fd);
/* One packet; *fd is what came with it (close-on-exec) or -1. 0 at the end, -1 with errno. */
ssize_t packet_receive(int socket, void *data, size_t size, int *fd);

#endif
