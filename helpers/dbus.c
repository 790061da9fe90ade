#include "dbus.h"
#include "util.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CALL = 1, ANSWER = 2, ERROR = 3 };
enum { FIELD_PATH = 1, FIELD_INTERFACE = 2, FIELD_MEMBER = 3, FIELD_ERROR = 4, FIELD_REPLY = 5, FIELD_DESTINATION = 6, FIELD_SIGNATURE = 8 };
enum { FIXED = 16, HEADER = 1024 };

static void put(struct dbus_body *body, const void *data, size_t length)
{
    if (body->overflow || length > sizeof body->data - body->length) {
        body->overflow = true;
        return;
    }
    memcpy(body->data + body->length, data, length);
    body->length += length;
}

void dbus_align(struct dbus_body *body, size_t boundary)
{
    static const uint8_t zeros[8];
    put(body, zeros, (boundary - body->length % boundary) % boundary);
}

void dbus_put_u32(struct dbus_body *body, uint32_t value)
{
    dbus_align(body, 4);
    put(body, &value, sizeof value);
}

void dbus_put_string(struct dbus_body *body, const char *text)
{
    size_t length = strlen(text);
    dbus_put_u32(body, (uint32_t)length);
    put(body, text, length + 1);
}

void dbus_put_signature(struct dbus_body *body, const char *text)
{
    uint8_t length = (uint8_t)strlen(text);
    put(body, &length, 1);
    put(body, text, length + 1U);
}

size_t dbus_begin_array(struct dbus_body *body, size_t boundary)
{
    dbus_put_u32(body, 0);
    size_t begin = body->length;
    dbus_align(body, boundary);
    return begin;
}

/* The length of an array does not count the padding before its first element. */
void dbus_end_array(struct dbus_body *body, size_t begin, size_t boundary)
{
    if (body->overflow)
        return;
    size_t first = begin + (boundary - begin % boundary) % boundary;
    uint32_t length = (uint32_t)(body->length - first);
    memcpy(body->data + begin - sizeof length, &length, sizeof length);
}

/* Bytes still to be read; nothing is read beyond `size`. */
struct reader {
    const uint8_t *data;
    size_t size, at;
    bool bad;
};

static const uint8_t *take(struct reader *reader, size_t length)
{
    if (reader->bad || length > reader->size - reader->at) {
        reader->bad = true;
        return NULL;
    }
    reader->at += length;
    return reader->data + reader->at - length;
}

static void skip_padding(struct reader *reader, size_t boundary)
{
    (void)take(reader, (boundary - reader->at % boundary) % boundary);
}

static uint32_t take_u32(struct reader *reader)
{
    uint32_t value = 0;
    skip_padding(reader, 4);
    const uint8_t *bytes = take(reader, sizeof value);
    if (bytes)
        memcpy(&value, bytes, sizeof value);
    return value;
}

static void keep_text(char *out, size_t size, const uint8_t *bytes, size_t length)
{
    size_t kept = length < size - 1 ? length : size - 1;
    for (size_t i = 0; i < kept; i++)
        out[i] = bytes[i] < ' ' || bytes[i] == 0x7f ? '?' : (char)bytes[i];
    out[kept] = 0;
}

/* A string, object path or signature, which end with a NUL that their length does not count. */
static void take_text(struct reader *reader, bool is_short, char *out, size_t size)
{
    const uint8_t *byte = is_short ? take(reader, 1) : NULL;
    size_t length = is_short ? (byte ? *byte : 0) : take_u32(reader);
    const uint8_t *bytes = reader->bad || length >= reader->size ? NULL : take(reader, length + 1);
    if (!bytes || bytes[length] != 0)
        reader->bad = true;
    else
        keep_text(out, size, bytes, length);
}

/* One header field: a code, and a variant, of which only the types occur that the specification gives these fields. */
static void take_field(struct reader *reader, struct dbus_reply *reply, char *signature, size_t size)
{
    char type[4], other[8];
    skip_padding(reader, 8);
    const uint8_t *code = take(reader, 1);
    take_text(reader, true, type, sizeof type);
    if (reader->bad)
        return;
    bool is_text = strcmp(type, "s") == 0 || strcmp(type, "o") == 0, is_signature = strcmp(type, "g") == 0;
    if (strcmp(type, "u") == 0) {
        uint32_t value = take_u32(reader);
        if (*code == FIELD_REPLY)
            reply->answers = value;
    } else if (is_signature && *code == FIELD_SIGNATURE)
        take_text(reader, true, signature, size);
    else if (is_text && *code == FIELD_ERROR)
        take_text(reader, false, reply->error, sizeof reply->error);
    else if (is_text || is_signature)
        take_text(reader, is_signature, other, sizeof other);
    else
        reader->bad = true;
}

static size_t padded(size_t length)
{
    return (length + 7) & ~(size_t)7;
}

ssize_t dbus_parse(const uint8_t *data, size_t size, struct dbus_reply *reply)
{
    char signature[8] = "";
    struct reader header = { .data = data, .size = size };
    *reply = (struct dbus_reply){ 0 };
    if (size < FIXED)
        return 0;
    header.at = 4;
    uint32_t body = take_u32(&header);
    header.at = 12;
    uint32_t fields = take_u32(&header);
    if (data[0] != 'l' || data[3] != 1 || fields > DBUS_REPLY || body > DBUS_REPLY || padded(FIXED + fields) + body > DBUS_REPLY)
        return -1;
    size_t total = padded(FIXED + fields) + body;
    if (size < total)
        return 0;
    reply->type = data[1];
    header.size = FIXED + fields;
    while (!header.bad && header.at < header.size)
        take_field(&header, reply, signature, sizeof signature);
    struct reader argument = { .data = data + padded(FIXED + fields), .size = body };
    if (!header.bad && (signature[0] == 's' || signature[0] == 'o'))
        take_text(&argument, false, reply->text, sizeof reply->text);
    return header.bad || argument.bad ? -1 : (ssize_t)total;
}

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Reads what there is, at most `size` bytes, waiting until `until`; -1 with errno, ECONNRESET at the end. */
static ssize_t read_until(int fd, void *data, size_t size, long long until)
{
    for (;;) {
        long long left = until - now_ms();
        struct pollfd slot = { .fd = fd, .events = POLLIN };
        int ready = poll(&slot, 1, left > 0 ? (int)left : 0);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0)
            errno = ETIMEDOUT;
        if (ready <= 0)
            return -1;
        ssize_t n = read(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = ECONNRESET;
        return n > 0 ? n : -1;
    }
}

/* A peer that goes away while we write must not end us by SIGPIPE. */
static int send_all(int fd, const void *data, size_t size)
{
    const char *bytes = data;
    while (size > 0) {
        ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        bytes += n;
        size -= (size_t)n;
    }
    return 0;
}

/* The user id in decimal, and that as hexadecimal: sasl "EXTERNAL" of the specification. The socket's credentials prove it. */
static int authenticate(int fd, long long until)
{
    char uid[16], command[64], answer[256];
    int length = snprintf(uid, sizeof uid, "%u", (unsigned)geteuid());
    int at = snprintf(command, sizeof command, "AUTH EXTERNAL ");
    for (int i = 0; i < length; i++)
        at += snprintf(command + at, sizeof command - (size_t)at, "%02x", (unsigned)uid[i]);
    at += snprintf(command + at, sizeof command - (size_t)at, "\r\n");
    if (send_all(fd, "", 1) < 0 || send_all(fd, command, (size_t)at) < 0)
        return -1;
    for (size_t have = 0; have < sizeof answer; have++) {
        if (read_until(fd, answer + have, 1, until) < 0)
            return -1;
        if (answer[have] != '\n')
            continue;
        if (strncmp(answer, "OK ", 3) == 0)
            return send_all(fd, "BEGIN\r\n", 7);
        break;
    }
    errno = EACCES;
    return -1;
}

int dbus_connect(const char *path, int timeout_ms)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 || authenticate(fd, now_ms() + timeout_ms) < 0)) {
        int error = errno;
        close_fd(&fd);
        errno = error;
    }
    return fd;
}

static void put_field(struct dbus_body *header, uint8_t code, const char *type, const char *text)
{
    dbus_align(header, 8);
    put(header, &code, 1);
    dbus_put_signature(header, type);
    if (strcmp(type, "g") == 0)
        dbus_put_signature(header, text);
    else
        dbus_put_string(header, text);
}

static int send_call(int fd, uint32_t serial, const struct dbus_method *method, const char *signature, const struct dbus_body *body)
{
    static const uint8_t fixed[4] = { 'l', CALL, 0, 1 };
    struct dbus_body header = { 0 };
    put(&header, fixed, sizeof fixed);
    dbus_put_u32(&header, (uint32_t)(body ? body->length : 0));
    dbus_put_u32(&header, serial);
    size_t fields = dbus_begin_array(&header, 8);
    put_field(&header, FIELD_PATH, "o", method->path);
    put_field(&header, FIELD_INTERFACE, "s", method->interface);
    put_field(&header, FIELD_MEMBER, "s", method->member);
    put_field(&header, FIELD_DESTINATION, "s", method->destination);
    if (body)
        put_field(&header, FIELD_SIGNATURE, "g", signature);
    dbus_end_array(&header, fields, 8);
    dbus_align(&header, 8);
    if (header.overflow || (body && body->overflow)) {
        errno = E2BIG;
        return -1;
    }
    return send_all(fd, header.data, header.length) < 0 || (body && send_all(fd, body->data, body->length) < 0) ? -1 : 0;
}

/* Messages that answer something else, signals for example, are passed over. */
static int receive(int fd, uint32_t serial, struct dbus_reply *reply, long long until)
{
    autofree uint8_t *data = xmalloc(DBUS_REPLY);
    for (size_t have = 0;;) {
        ssize_t length = dbus_parse(data, have, reply);
        if (length < 0) {
            errno = EBADMSG;
            return -1;
        }
        if (length > 0 && reply->answers == serial && (reply->type == ANSWER || reply->type == ERROR))
            return 0;
        memmove(data, data + length, have - (size_t)length);
        have -= (size_t)length;
        if (length > 0)
            continue;
        ssize_t n = read_until(fd, data + have, DBUS_REPLY - have, until);
        if (n < 0)
            return -1;
        have += (size_t)n;
    }
}

int dbus_call(int fd, uint32_t serial, const struct dbus_method *method, const char *signature, const struct dbus_body *body, struct dbus_reply *reply, int timeout_ms)
{
    long long until = now_ms() + timeout_ms;
    if (send_call(fd, serial, method, signature, body) < 0)
        return -1;
    return receive(fd, serial, reply, until);
}
