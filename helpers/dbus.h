/*
 * As much of D-Bus as it takes to ask systemd for a scope: one method call at a time over a Unix socket. The wire format is
 * that of the D-Bus Specification, chapter "Message Protocol", little-endian only, as all machines are that Skiff runs on.
 */
#ifndef SKIFF_DBUS_H
#define SKIFF_DBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { DBUS_BODY = 4096, DBUS_REPLY = 65536 };

/* The arguments of a call, in the order in which they are put. What does not fit is seen at the end: `overflow`. */
struct dbus_body {
    size_t length;
    bool overflow;
    uint8_t data[DBUS_BODY];
};

void dbus_align(struct dbus_body *body, size_t boundary);
void dbus_put_u32(struct dbus_body *body, uint32_t value);
void dbus_put_string(struct dbus_body *body, const char *text);
void dbus_put_signature(struct dbus_body *body, const char *text);
/* An array of elements with this alignment begins; gives what dbus_end_array wants back. */
size_t dbus_begin_array(struct dbus_body *body, size_t boundary);
void dbus_end_array(struct dbus_body *body, size_t begin, size_t boundary);

/* Which method of which object. */
struct dbus_method {
    const char *destination, *path, *interface, *member;
};

/* What a message says that matters here. Texts are cut to fit, control characters in them become '?'. */
struct dbus_reply {
    uint8_t type; /* 2: answer, 3: error, 4: signal */
    uint32_t answers; /* serial of the call; 0 for none */
    char error[128]; /* the error's name; empty for none */
    char text[256]; /* the first argument where that is a string: an error's words */
};

/*
 * Takes one message from the first bytes of a stream. The number of bytes it has; 0 where it has not come whole; -1 where the bytes are
 * no message or one larger than DBUS_REPLY.
 */
ssize_t dbus_parse(const uint8_t *data, size_t size, struct dbus_reply *reply);

/* Connects to the bus or the service that listens at `path` and proves who we are (SASL EXTERNAL). The fd, or -1 with errno; waits at most `timeout_ms`. */
int dbus_connect(const char *path, int timeout_ms);

/* Calls a method and waits for its answer, whatever it says, at most `timeout_ms`. -1 with errno when there is none. `serial` must be new on this connection. */
int dbus_call(int fd, uint32_t serial, const struct dbus_method *method, const char *signature, const struct dbus_body *body, struct dbus_reply *reply, int timeout_ms);

#endif
