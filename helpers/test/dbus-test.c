/* D-Bus: what is sent is as the specification lays it out, and what comes back is taken apart without believing its lengths. */
#include "check.h"
#include "dbus.h"
#include "util.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* An error with name and words, as dbus-daemon sends it: little-endian, fields 4, 5, 8, 6. */
static size_t make_error(uint8_t *out, uint32_t answers, const char *name, const char *words)
{
    struct dbus_body body = { 0 }, header = { 0 };
    dbus_put_string(&body, words);
    memcpy(header.data, "l\3\1\1", 4);
    header.length = 4;
    dbus_put_u32(&header, (uint32_t)body.length);
    dbus_put_u32(&header, 77);
    size_t fields = dbus_begin_array(&header, 8);
    header.data[header.length++] = 4;
    dbus_put_signature(&header, "s");
    dbus_put_string(&header, name);
    dbus_align(&header, 8);
    header.data[header.length++] = 5;
    dbus_put_signature(&header, "u");
    dbus_put_u32(&header, answers);
    dbus_align(&header, 8);
    header.data[header.length++] = 8;
    dbus_put_signature(&header, "g");
    dbus_put_signature(&header, "s");
    dbus_end_array(&header, fields, 8);
    dbus_align(&header, 8);
    memcpy(out, header.data, header.length);
    memcpy(out + header.length, body.data, body.length);
    return header.length + body.length;
}

static void test_body(void)
{
    struct dbus_body body = { 0 };
    dbus_put_string(&body, "ab");
    size_t array = dbus_begin_array(&body, 8);
    dbus_put_string(&body, "x");
    dbus_end_array(&body, array, 8);
    static const uint8_t wanted[] = { 2, 0, 0, 0, 'a', 'b', 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 'x', 0 };
    check(!body.overflow && body.length == sizeof wanted && memcmp(body.data, wanted, sizeof wanted) == 0);
    for (int i = 0; i < 500; i++)
        dbus_put_string(&body, "far more than fits in");
    check(body.overflow && body.length <= sizeof body.data);
}

static void test_error(void)
{
    uint8_t data[1024];
    struct dbus_reply reply;
    size_t length = make_error(data, 2, "org.x.UnitExists", "there\nis one");
    check(dbus_parse(data, length, &reply) == (ssize_t)length);
    check(reply.type == 3 && reply.answers == 2);
    check_text(reply.error, "org.x.UnitExists");
    check_text(reply.text, "there?is one");
    for (size_t less = 0; less < length; less++)
        check(dbus_parse(data, less, &reply) == 0);
}

static void test_hostile(void)
{
    uint8_t data[1024], copy[1024];
    struct dbus_reply reply;
    size_t length = make_error(data, 2, "org.x.Name", "words");
    /* Every byte of the header wrong in turn: never read beyond the end (the sanitizers watch), never more bytes than there are. */
    for (size_t at = 0; at < length; at++)
        for (int value = 0; value < 256; value += 51) {
            memcpy(copy, data, length);
            copy[at] = (uint8_t)value;
            check(dbus_parse(copy, length, &reply) <= (ssize_t)length);
        }
    memcpy(copy, data, length);
    copy[0] = 'B';
    check(dbus_parse(copy, length, &reply) == -1);
    memcpy(copy, data, length);
    copy[6] = 0xff; /* a body of 16 MB */
    check(dbus_parse(copy, length, &reply) == -1);
}

/* A service that lets us in, sends a signal of its own first, and then an error in two pieces. */
static void *serve(void *argument)
{
    int listener = *(int *)argument, fd = accept(listener, NULL, NULL);
    uint8_t data[1024];
    char text[256];
    size_t have = 0;
    while (have < 6 || memcmp(text + have - 2, "\r\n", 2) != 0)
        have += (size_t)read(fd, text + have, sizeof text - have);
    check(text[0] == 0 && strncmp(text + 1, "AUTH EXTERNAL ", 14) == 0);
    check(write(fd, "OK 0123456789\r\n", 15) == 15);
    check(read(fd, text, 7) == 7 && memcmp(text, "BEGIN\r\n", 7) == 0);
    check(read(fd, text, sizeof text) > 0 && text[0] == 'l' && text[1] == 1);
    size_t length = make_error(data, 0, "org.x.Noise", "a signal");
    data[1] = 4;
    check(write(fd, data, length) == (ssize_t)length);
    length = make_error(data, 9, "org.x.Mine", "no");
    check(write(fd, data, 20) == 20);
    usleep(1000);
    check(write(fd, data + 20, length - 20) == (ssize_t)length - 20);
    close(fd);
    return NULL;
}

static void test_call(void)
{
    static const struct dbus_method method = { "org.x", "/org/x", "org.x.I", "M" };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct dbus_reply reply;
    pthread_t thread;
    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/dbus-test-%d", (int)getpid());
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    check(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 1) == 0);
    check(pthread_create(&thread, NULL, serve, &listener) == 0);
    int fd = dbus_connect(address.sun_path, 5000);
    check(fd >= 0);
    check(dbus_call(fd, 9, &method, NULL, NULL, &reply, 5000) == 0);
    check_text(reply.error, "org.x.Mine");
    check(dbus_call(fd, 10, &method, NULL, NULL, &reply, 5000) == -1); /* it has hung up */
    pthread_join(thread, NULL);
    close(fd);
    close(listener);
    unlink(address.sun_path);
    check(dbus_connect(address.sun_path, 100) == -1);
}

int main(void)
{
    test_body();
    test_error();
    test_hostile();
    test_call();
    return 0;
}
