#include "dns-connections.h"
#include "util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

void dns_connections_init(struct dns_connections *connections)
{
    for (int i = 0; i < DNS_CONNECTIONS; i++)
        connections->list[i].fd = -1;
}

static void hang_up(struct dns_connection *connection)
{
    close_fd(&connection->fd);
    free(connection->rest);
    free(connection->question);
    connection->rest = connection->question = NULL;
    connection->waits = false;
}

/* A free place, made so if need be: those with an outstanding question go last. `make`: one that is free now and was not before. */
static struct dns_connection *find_place(struct dns_connections *connections, bool make)
{
    struct dns_connection *oldest = NULL;
    for (int i = 0; i < DNS_CONNECTIONS; i++) {
        struct dns_connection *here = &connections->list[i];
        if (here->fd < 0 && !make)
            return here;
        if (here->fd < 0)
            continue;
        bool is_better = !oldest || (oldest->waits && !here->waits) || (oldest->waits == here->waits && here->deadline < oldest->deadline);
        oldest = is_better ? here : oldest;
    }
    if (oldest)
        hang_up(oldest);
    return oldest;
}

void dns_connections_accept(struct dns_connections *connections, int listener, int64_t now)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE))
        find_place(connections, true); /* the next turn accepts it */
    if (fd < 0)
        return;
    struct dns_connection *connection = find_place(connections, false);
    connection->fd = fd;
    connection->turn++;
    connection->question = xmalloc(2 + DNS_LONGEST_QUESTION);
    connection->got = 0;
    connection->deadline = now + DNS_IDLE;
}

static bool is_transient(void)
{
    return errno == EAGAIN || errno == EINTR;
}

static void send_rest(struct dns_connection *connection)
{
    ssize_t sent = send(connection->fd, connection->rest + connection->rest_sent, connection->rest_size - connection->rest_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && !is_transient()) {
        hang_up(connection);
        return;
    }
    connection->rest_sent += sent > 0 ? (size_t)sent : 0;
    if (connection->rest_sent < connection->rest_size)
        return;
    free(connection->rest);
    connection->rest = NULL;
}

/* In one segment where it can be, RFC 7766, section 8. */
static ssize_t send_answer(int fd, const uint8_t *answer, size_t size)
{
    uint8_t length[2];
    dns_put16(length, (uint16_t)size);
    struct iovec parts[2] = { { length, 2 }, { (void *)answer, size } };
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void dns_connections_answer(struct dns_connections *connections, int index, unsigned turn, const uint8_t *answer, size_t size)
{
    struct dns_connection *connection = &connections->list[index];
    if (connection->fd < 0 || connection->turn != turn || !connection->waits)
        return;
    connection->waits = false;
    ssize_t sent = size > 0 ? send_answer(connection->fd, answer, size) : -1;
    if (size == 0 || (sent < 0 && !is_transient())) {
        hang_up(connection);
        return;
    }
    if (sent == (ssize_t)size + 2)
        return;
    connection->rest_size = size + 2;
    connection->rest_sent = sent > 0 ? (size_t)sent : 0;
    connection->rest = xmalloc(size + 2);
    dns_put16(connection->rest, (uint16_t)size);
    memcpy(connection->rest + 2, answer, size);
}

/* Reads as far as one question goes; what comes behind it waits in the kernel. False: the connection is over. */
static bool read_question(struct dns_connection *connection)
{
    size_t wanted = connection->got < 2 ? 2 : 2u + dns_get16(connection->question);
    ssize_t got = recv(connection->fd, connection->question + connection->got, wanted - connection->got, MSG_DONTWAIT);
    if (got <= 0)
        return got < 0 && is_transient();
    connection->got += (size_t)got;
    return connection->got < 2 || dns_get16(connection->question) <= DNS_LONGEST_QUESTION;
}

static bool is_whole(const struct dns_connection *connection)
{
    return connection->got >= 2 && connection->got == 2u + dns_get16(connection->question);
}

static void read_and_ask(struct dns_connections *connections, int index, int64_t now)
{
    struct dns_connection *connection = &connections->list[index];
    size_t before = connection->got;
    bool goes_on = read_question(connection);
    if (goes_on && before < 2 && connection->got == 2)
        goes_on = read_question(connection); /* the rest is mostly there already */
    if (!goes_on) {
        hang_up(connection);
        return;
    }
    if (!is_whole(connection))
        return;
    size_t size = connection->got - 2;
    connection->got = 0;
    connection->waits = true;
    connection->deadline = now + DNS_IDLE;
    connections->ask(connections->context, index, connection->turn, connection->question + 2, size);
}

void dns_connections_wait(const struct dns_connections *connections, struct pollfd *fds)
{
    for (int i = 0; i < DNS_CONNECTIONS; i++) {
        const struct dns_connection *connection = &connections->list[i];
        fds[i] = (struct pollfd){ .fd = connection->fd, .events = connection->rest ? POLLOUT : POLLIN };
        if (connection->waits)
            fds[i].fd = -1;
    }
}

void dns_connections_turn(struct dns_connections *connections, const struct pollfd *fds, int64_t now)
{
    for (int i = 0; i < DNS_CONNECTIONS; i++) {
        struct dns_connection *connection = &connections->list[i];
        if (!fds[i].revents || connection->fd != fds[i].fd)
            continue;
        if (connection->rest)
            send_rest(connection);
        else
            read_and_ask(connections, i, now);
    }
}

void dns_connections_expire(struct dns_connections *connections, int64_t now)
{
    for (int i = 0; i < DNS_CONNECTIONS; i++)
        if (connections->list[i].fd >= 0 && !connections->list[i].waits && connections->list[i].deadline <= now)
            hang_up(&connections->list[i]);
}

int64_t dns_connections_deadline(const struct dns_connections *connections)
{
    int64_t first = -1;
    for (int i = 0; i < DNS_CONNECTIONS; i++) {
        const struct dns_connection *connection = &connections->list[i];
        if (connection->fd >= 0 && !connection->waits && (first < 0 || connection->deadline < first))
            first = connection->deadline;
    }
    return first;
}

bool dns_connections_end(struct dns_connections *connections)
{
    bool any = false;
    for (int i = 0; i < DNS_CONNECTIONS; i++) {
        struct dns_connection *connection = &connections->list[i];
        if (!connection->waits && !connection->rest)
            hang_up(connection);
        any |= connection->fd >= 0;
    }
    return any;
}
