/* The monitor's connections: frames however they arrive, those that are none of ours, input windows, slow readers. */
#include "clients.h"
#include "check.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct clients clients;

/* A connected client; `*peer` is the other end, blocking. */
static struct client *connected(int *peer)
{
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    *peer = ends[0];
    clients_init(&clients);
    struct client *client = client_add(&clients, ends[1]);
    check(client && client->fd >= 0);
    return client;
}

static void done(struct client *client, int peer)
{
    if (client->fd >= 0)
        client_drop(client);
    close(peer);
}

static void test_split_frames(void)
{
    int peer;
    uint8_t type;
    char *payload, bytes[64];
    struct client *client = connected(&peer);
    struct frame_header header = { .type = FRAME_INPUT, .length = 5 };
    memcpy(bytes, &header, FRAME_HEADER);
    memcpy(bytes + FRAME_HEADER, "hello", 5);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < FRAME_HEADER + 5; i++) {
            check(client_frame(client, &type, &payload) == -1);
            check(write(peer, bytes + i, 1) == 1 && client_receive(client));
        }
        check(client_frame(client, &type, &payload) == 5 && type == FRAME_INPUT && memcmp(payload, "hello", 5) == 0);
        client_consume(client);
    }
    check(client->input_length == 0 && client_receive(client)); /* nothing there is no end */
    done(client, peer);
}

static void test_many_in_one_read(void)
{
    int peer;
    uint8_t type;
    char *payload;
    struct client *client = connected(&peer);
    for (uint32_t i = 0; i < 100; i++)
        check(frame_send(peer, FRAME_SIGNAL, &i, sizeof i) == 0);
    check(frame_send(peer, FRAME_CLOSE, NULL, 0) == 0 && client_receive(client));
    for (uint32_t i = 0; i < 100; i++) {
        check(client_frame(client, &type, &payload) == 4 && type == FRAME_SIGNAL && memcmp(payload, &i, 4) == 0);
        client_consume(client);
    }
    check(client_frame(client, &type, &payload) == 0 && type == FRAME_CLOSE);
    client_consume(client);
    check(client_frame(client, &type, &payload) == -1);
    done(client, peer);
}

static void test_largest_frame(void)
{
    int peer;
    uint8_t type;
    char *payload, data[FRAME_MAXIMUM];
    struct client *client = connected(&peer);
    memset(data, 'm', sizeof data);
    check(frame_send(peer, FRAME_INPUT, data, sizeof data) == 0);
    while (client_frame(client, &type, &payload) < 0)
        check(client_receive(client));
    check(client_frame(client, &type, &payload) == FRAME_MAXIMUM);
    client_consume(client);
    done(client, peer);
}

static void test_oversize_frame(void)
{
    int peer;
    uint8_t type;
    char *payload;
    struct client *client = connected(&peer);
    struct frame_header header = { .type = FRAME_INPUT, .length = FRAME_MAXIMUM + 1 };
    check(write(peer, &header, sizeof header) == sizeof header && client_receive(client));
    check(client_frame(client, &type, &payload) == -1);
    check(!client_receive(client) && client->fd == -1);
    done(client, peer);
}

static void test_window(void)
{
    int peer;
    uint8_t type;
    char data[FRAME_WINDOW] = { 0 }, answer[FRAME_MAXIMUM];
    uint32_t taken;
    struct client *client = connected(&peer);
    client_keep_pending(client, data, sizeof data);
    check(client->pending_length == FRAME_WINDOW);
    client_take_pending(client, 1000);
    check(client->pending_length == FRAME_WINDOW - 1000);
    check(frame_receive(peer, &type, answer) == 4 && type == FRAME_TAKEN);
    memcpy(&taken, answer, 4);
    check(taken == 1000);
    client_keep_pending(client, data, 1000);
    check(client->pending_length == FRAME_WINDOW);
    client_keep_pending(client, data, 1); /* more than it was allowed: shut */
    check(!client_receive(client) && client->fd == -1);
    done(client, peer);
}

static void test_pending_order(void)
{
    int peer;
    struct client *client = connected(&peer);
    client_keep_pending(client, "abc", 3);
    client_take_pending(client, 2);
    client_keep_pending(client, "def", 3);
    check(client->pending_length == 4 && memcmp(client->pending, "cdef", 4) == 0);
    done(client, peer);
}

static void test_slow_reader(void)
{
    enum { FRAMES = 200 };
    int peer;
    uint8_t type;
    static char data[30000], got[FRAME_MAXIMUM];
    struct client *client = connected(&peer);
    client->holds = true;
    for (int i = 0; i < FRAMES; i++) {
        memset(data, 'a' + i % 26, sizeof data);
        client_send_output(client, FRAME_OUTPUT, data, sizeof data, 1000000);
    }
    check(clients_are_behind(&clients, 1000000) && client->output_length > 0);
    for (int i = 0; i < FRAMES; i++) {
        if (client->output_length)
            client_flush(client);
        memset(data, 'a' + i % 26, sizeof data);
        check(frame_receive(peer, &type, got) == sizeof data && type == FRAME_OUTPUT && memcmp(got, data, sizeof data) == 0);
    }
    check(!clients_are_behind(&clients, 1000000) && client->output == NULL);
    done(client, peer);
}

/* As many frames of output as arrive before one of another type, and that type. */
static int frames_until_other(int peer, struct client *client, uint8_t *type, char *payload)
{
    int count = 0;
    for (;;) {
        while (client->output_length) {
            size_t before = client->output_length;
            client_flush(client);
            if (client->output_length == before)
                break;
        }
        check(frame_receive(peer, type, payload) >= 0);
        if (*type != FRAME_OUTPUT)
            return count;
        count++;
    }
}

/* One that only looks on is waited for once its 1 MiB is full, a second at first; then it goes without, and is told how much. */
static void test_slow_onlooker(void)
{
    enum { SIZE = 32768, KEPT = OUTPUT_LIMIT / SIZE };
    int peer, sent = 0, lost = 0;
    uint8_t type;
    uint64_t told;
    static char data[SIZE], got[FRAME_MAXIMUM];
    struct client *client = connected(&peer);
    for (; client->output_length <= OUTPUT_LIMIT; sent++) {
        check(!clients_are_behind(&clients, 1000));
        client_send_output(client, FRAME_OUTPUT, data, SIZE, 1000);
    }
    check(sent >= KEPT && clients_are_behind(&clients, 1000) && clients_due(&clients, 1000) == 1000 + PATIENCE_MS && clients_due(&clients, 1000 + PATIENCE_MS) == 0);
    client_send_output(client, FRAME_OUTPUT, data, SIZE, 1000 + PATIENCE_MS - 1);
    sent++;
    check(client->lost == 0);
    for (; lost < 3; lost++) {
        check(!clients_are_behind(&clients, 1000 + PATIENCE_MS));
        client_send_output(client, FRAME_OUTPUT, data, SIZE, 1000 + PATIENCE_MS);
    }
    check(client->lost == 3 * SIZE && clients_due(&clients, 1000) == 0);
    check(frames_until_other(peer, client, &type, got) == sent && type == FRAME_LOST);
    memcpy(&told, got, sizeof told);
    check(told == 3 * SIZE && client->lost == 0 && client->patience < PATIENCE_MS);
    client_send_output(client, FRAME_OUTPUT, data, SIZE, 9000);
    check(frame_receive(peer, &type, got) == SIZE && type == FRAME_OUTPUT);
    done(client, peer);
}

/* The end comes behind the loss, which comes behind what was kept. */
static void test_loss_before_the_end(void)
{
    int peer;
    uint8_t type;
    static char data[FRAME_MAXIMUM], got[FRAME_MAXIMUM];
    struct client *client = connected(&peer);
    while (client->output_length <= OUTPUT_LIMIT)
        client_send_output(client, FRAME_OUTPUT, data, sizeof data, 1);
    clients_are_behind(&clients, 1);
    client_send_output(client, FRAME_OUTPUT, data, sizeof data, 1 + PATIENCE_MS);
    client_own_up(client);
    client_send(client, FRAME_EXIT, "code", 4);
    check(frames_until_other(peer, client, &type, got) > 0 && type == FRAME_LOST);
    check(frame_receive(peer, &type, got) == 4 && type == FRAME_EXIT && client->output_length == 0);
    done(client, peer);
}

static void test_reader_gone(void)
{
    int peer;
    struct client *client = connected(&peer);
    close(peer);
    client_send(client, FRAME_OUTPUT, "x", 1);
    check(client->fd == -1);
    client_send(client, FRAME_OUTPUT, "x", 1); /* to a free place: nothing happens */
    done(client, -1);
}

/* It has asked for something and is gone before the answer: its frame, and what follows it, goes with it. */
static void test_asker_gone(void)
{
    int peer;
    uint8_t type;
    char *payload;
    uint32_t result = ORDER_DONE;
    struct client *client = connected(&peer);
    for (int i = 0; i < 2; i++)
        check(frame_send(peer, FRAME_KILL, &result, sizeof result) == 0);
    check(client_receive(client) && client_frame(client, &type, &payload) == sizeof result);
    close(peer);
    client_send(client, FRAME_DONE, &result, sizeof result);
    check(client->fd == -1);
    client_consume(client);
    check(client_frame(client, &type, &payload) == -1);
}

static void test_places(void)
{
    clients_init(&clients);
    for (int i = 0; i < MAXIMUM_CLIENTS; i++)
        check(client_add(&clients, open("/dev/null", O_RDWR | O_CLOEXEC)));
    check(client_add(&clients, open("/dev/null", O_RDWR | O_CLOEXEC)) == &clients.list[0]); /* nobody has said a word yet */
    for (int i = 0; i < MAXIMUM_CLIENTS; i++)
        clients.list[i].input = xmalloc(1);
    int extra = open("/dev/null", O_RDWR | O_CLOEXEC);
    check(!client_add(&clients, extra) && fcntl(extra, F_GETFD) < 0);
    client_drop(&clients.list[7]);
    check(client_add(&clients, open("/dev/null", O_RDWR | O_CLOEXEC)) == &clients.list[7]);
    for (int i = 0; i < MAXIMUM_CLIENTS; i++)
        client_drop(&clients.list[i]);
}

static void test_blocking_side(void)
{
    int peer;
    uint8_t type;
    char payload[FRAME_MAXIMUM];
    struct client *client = connected(&peer);
    struct frame_header header = { .type = FRAME_OUTPUT, .length = FRAME_MAXIMUM + 1 };
    check(write(client->fd, &header, sizeof header) == sizeof header);
    check(frame_receive(peer, &type, payload) == -1 && type == 0);
    header.length = 3;
    check(write(client->fd, &header, sizeof header) == sizeof header && write(client->fd, "ab", 2) == 2);
    client_drop(client);
    check(frame_receive(peer, &type, payload) == -1); /* cut off in the middle */
    check(frame_receive(peer, &type, payload) == 0 && type == 0);
    close(peer);
}

int main(void)
{
    test_split_frames();
    test_many_in_one_read();
    test_largest_frame();
    test_oversize_frame();
    test_window();
    test_pending_order();
    test_slow_reader();
    test_slow_onlooker();
    test_loss_before_the_end();
    test_reader_gone();
    test_asker_gone();
    test_places();
    test_blocking_side();
    return 0;
}
