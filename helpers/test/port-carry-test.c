/* What the role carries, under the sanitizers: each half of a connection for itself, resets, slow readers, what does not fit, and with pipes or without. */
#include "port-stage.h"
#include "check.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the servers, which are processes, tell the test. */
static volatile struct told {
    size_t received; /* by sink */
    int ended;       /* errno, or -1 for an orderly end */
    int served;      /* connections until now */
} *told;

static char block[1 << 16];

/* Counts what comes until the end. */
static void sink(int fd, const union address *client)
{
    ssize_t n;
    (void)client;
    while ((n = read(fd, block, sizeof block)) > 0)
        told->received += (size_t)n;
    told->ended = n < 0 ? errno : -1;
}

/* Speaks first and says that it has no more to say, then listens. */
static void speak_then_hear(int fd, const union address *client)
{
    check(write(fd, "bye", 3) == 3 && shutdown(fd, SHUT_WR) == 0);
    sink(fd, client);
}

/* Takes nothing until it may. */
static void hold(int fd, const union address *client)
{
    struct pollfd end = { .fd = fd, .events = POLLRDHUP };
    (void)client;
    poll(&end, 1, -1);
    told->ended = end.revents & POLLERR ? ECONNRESET : -1;
}

static void spout(int fd, const union address *client)
{
    (void)client;
    while (write(fd, block, sizeof block) > 0)
        ;
    told->ended = errno;
}

static void reset(int fd, const union address *client)
{
    const struct linger at_once = { .l_onoff = 1 };
    char byte;
    (void)client;
    check(read(fd, &byte, 1) == 1 && setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
}

static void echo(int fd, const union address *client)
{
    (void)client;
    for (ssize_t n; (n = read(fd, block, sizeof block)) > 0;)
        if (write_all(fd, block, (size_t)n) < 0)
            return;
}

#define COUNTED(one) \
    static void one##_counted(int fd, const union address *client) \
    { \
        one(fd, client); \
        close(fd); \
        __atomic_add_fetch(&told->served, 1, __ATOMIC_SEQ_CST); \
    }
COUNTED(sink)
COUNTED(speak_then_hear)
COUNTED(hold)
COUNTED(spout)
COUNTED(reset)
COUNTED(echo)

enum { SINK = 8001, SPEAK, HOLD, SPOUT, RESET, ECHO };
static const struct {
    uint16_t port;
    serve_one *one;
} servers[] = { { SINK, sink_counted }, { SPEAK, speak_then_hear_counted }, { HOLD, hold_counted }, { SPOUT, spout_counted }, { RESET, reset_counted }, { ECHO, echo_counted } };

static int dialled;

static int reach(uint16_t port)
{
    dialled++;
    return dial(SOCK_STREAM, CLIENT4, "127.0.0.1", port);
}

/* The next test begins when no server is busy with this one any more. */
static void next(void)
{
    while (told->served < dialled)
        usleep(1000);
    told->received = 0;
    told->ended = 0;
}

static void until_told(void)
{
    while (told->ended == 0)
        usleep(1000);
}

static void client_ends_first(void)
{
    static char text[1000000], back[sizeof text];
    size_t got = 0;
    memset(text, 'a', sizeof text);
    autoclose int fd = reach(ECHO);
    for (size_t sent = 0; sent < sizeof text;) {
        ssize_t n = send(fd, text + sent, sizeof text - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        sent += n > 0 ? (size_t)n : 0;
        n = recv(fd, back + got, sizeof back - got, MSG_DONTWAIT);
        got += n > 0 ? (size_t)n : 0;
    }
    check(shutdown(fd, SHUT_WR) == 0);
    ssize_t rest = read_all(fd, back + got, sizeof back - got);
    check(rest >= 0 && got + (size_t)rest == sizeof text && memcmp(text, back, sizeof text) == 0);
}

static void server_ends_first(void)
{
    enum { MUCH = 3000000 };
    char said[16];
    autoclose int fd = reach(SPEAK);
    check(read_all(fd, said, sizeof said) == 3 && memcmp(said, "bye", 3) == 0);
    for (size_t sent = 0; sent < MUCH; sent += 1000)
        check(write_all(fd, block, 1000) == 0);
    check(shutdown(fd, SHUT_WR) == 0);
    until_told();
    check(told->received == MUCH && told->ended == -1);
}

static void break_off(int fd)
{
    const struct linger at_once = { .l_onoff = 1 };
    check(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0 && close(fd) == 0);
}

static void resets_pass(void)
{
    char byte;
    int fd = reach(SINK);
    check(write(fd, "x", 1) == 1);
    while (told->received == 0)
        usleep(1000);
    break_off(fd);
    until_told();
    check(told->ended == ECONNRESET);
    next();
    fd = reach(RESET);
    check(write(fd, "x", 1) == 1 && read(fd, &byte, 1) < 0 && errno == ECONNRESET);
    close(fd);
    next();
    /* It overtakes what nobody has read. */
    fd = reach(HOLD);
    while (send(fd, block, sizeof block, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        usleep(1000);
    break_off(fd);
    until_told();
    check(told->ended == ECONNRESET);
}

/* A client that goes in order while the server writes on: that hears of it. */
static void client_goes(void)
{
    char byte;
    int fd = reach(SPOUT);
    check(read(fd, &byte, 1) == 1);
    close(fd);
    until_told();
    check(told->ended == ECONNRESET || told->ended == EPIPE);
}

static void answers(void)
{
    char back[3];
    dialled++;
    autoclose int fd = dial(SOCK_STREAM, CLIENT6, "::1", ECHO);
    check(write(fd, "abc", 3) == 3 && shutdown(fd, SHUT_WR) == 0 && read_all(fd, back, sizeof back) == 3 && memcmp(back, "abc", 3) == 0);
}

/* More of them than there are pipes: some do not read, into others nothing goes any more. Everybody else is served as before. */
static void slow_ones_stall_nobody(void)
{
    enum { SLOW = 80 };
    int fds[SLOW];
    for (int i = 0; i < SLOW; i++)
        fds[i] = reach(i % 2 ? SPOUT : HOLD);
    for (int i = 0; i < SLOW; i += 2)
        while (send(fds[i], block, sizeof block, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
            ;
    for (int i = 0; i < 20; i++)
        answers();
    client_ends_first();
    server_ends_first();
    for (int i = 0; i < SLOW; i++)
        break_off(fds[i]);
}

static void all_of_it(void)
{
    static void (*const tests[])(void) = { client_ends_first, server_ends_first, resets_pass, client_goes, slow_ones_stall_nobody, answers };
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        tests[i]();
        next();
    }
}

static char *publications(void)
{
    char *all = xasprintf("%s", "");
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
        char *before = all;
        all = xasprintf("%spublish tcp %u %u %u 0.0.0.0 ::\n", before, servers[i].port, servers[i].port, servers[i].port);
        free(before);
    }
    return all;
}

/* The container leads its ports elsewhere: whoever was there hears that it is over. */
static void moving_ends_connections(struct role role, const char *publish)
{
    char byte;
    autoclose int fd = reach(ECHO);
    check(write(fd, "x", 1) == 1 && read(fd, &byte, 1) == 1);
    role_tell(role); /* nothing has changed */
    check(write(fd, "y", 1) == 1 && read(fd, &byte, 1) == 1);
    free(stage_file("first", publish, false));
    role_tell(role);
    check(read(fd, &byte, 1) < 0 && errno == ECONNRESET);
}

int main(void)
{
    enum { NO_PIPES = 250 };
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check(told != MAP_FAILED);
    stage_set();
    autofree char *publish = publications(), *path = stage_file("first", publish, true);
    struct role role = role_start(path, 0);
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
        stage_serve(role, servers[i].port, servers[i].one);
    all_of_it();
    role_stop(role);
    role = role_start(path, NO_PIPES);
    all_of_it();
    moving_ends_connections(role, publish);
    role_stop(role);
    stage_clear();
    return 0;
}
