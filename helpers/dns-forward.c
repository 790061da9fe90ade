#include "dns-forward.h"
#include "util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

int64_t dns_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static bool by_tcp(const struct dns_exchange *exchange)
{
    return exchange->asker.connection >= 0;
}

/* Gives up what belongs to one server. */
static void hang_up(struct dns_exchange *exchange)
{
    close_fd(&exchange->fd);
    free(exchange->answer);
    exchange->answer = NULL;
    exchange->got = exchange->sent = 0;
}

static void forget(struct dns_forward *forward, size_t index)
{
    struct dns_exchange *exchange = &forward->list[index];
    hang_up(exchange);
    free(exchange->query);
    memmove(exchange, exchange + 1, (--forward->count - index) * sizeof *exchange);
}

static void finish(struct dns_forward *forward, size_t index, uint8_t *answer, size_t size)
{
    struct dns_asker asker = forward->list[index].asker;
    dns_put16(answer, forward->list[index].asked_id);
    forget(forward, index);
    forward->deliver(forward->context, &asker, answer, size);
}

static void fail(struct dns_forward *forward, size_t index)
{
    const struct dns_exchange *exchange = &forward->list[index];
    finish(forward, index, forward->block, dns_answer_code(exchange->query + 2, exchange->size, DNS_SERVFAIL, forward->block));
}

/* The first that has not been tried, those that did not answer lately last; -1 when all have been. */
static int choose(const struct dns_config *config, unsigned tried, int64_t now)
{
    int slow = -1;
    for (size_t i = 0; i < config->server_count; i++) {
        if (tried & 1u << i)
            continue;
        if (config->servers[i].slow_until <= now)
            return (int)i;
        slow = slow < 0 ? (int)i : slow;
    }
    return slow;
}

static bool has_sent(struct dns_exchange *exchange)
{
    size_t left = exchange->size + 2 - exchange->sent;
    ssize_t sent = send(exchange->fd, exchange->query + exchange->sent, left, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
    exchange->sent += (size_t)sent;
    return true;
}

static bool send_datagram(const struct dns_exchange *exchange)
{
    return send(exchange->fd, exchange->query + 2, exchange->size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)exchange->size;
}

/* A new socket and a new id for each server: what a spoofer has to guess. */
static bool ask(struct dns_exchange *exchange, const struct dns_server *server)
{
    uint16_t id;
    if (getrandom(&id, sizeof id, 0) != sizeof id)
        return false;
    memcpy(exchange->query + 2, &id, sizeof id);
    exchange->fd = socket(server->address.ss_family, (by_tcp(exchange) ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (exchange->fd < 0 || (connect(exchange->fd, (const struct sockaddr *)&server->address, server->length) < 0 && errno != EINPROGRESS))
        return false;
    return by_tcp(exchange) || send_datagram(exchange);
}

/* Asks the next server, or ends with the failure when there is none. */
static void go_on(struct dns_forward *forward, size_t index)
{
    struct dns_exchange *exchange = &forward->list[index];
    int64_t now = dns_now();
    for (;;) {
        hang_up(exchange);
        int server = choose(forward->config, exchange->tried, now);
        if (server < 0) {
            fail(forward, index);
            return;
        }
        exchange->server = (unsigned)server;
        exchange->tried |= 1u << server;
        bool is_last = choose(forward->config, exchange->tried, now) < 0;
        exchange->deadline = now + (is_last ? DNS_LAST_OF_ALL : DNS_ONE_OF_MANY);
        if (ask(exchange, &forward->config->servers[server]))
            return;
    }
}

/* Asked again, because we or the server seem to have lost it: the same question goes out once more. */
static bool is_repeated(const struct dns_forward *forward, const struct dns_asker *asker, const uint8_t *query, size_t size)
{
    if (asker->connection >= 0)
        return false;
    for (size_t i = 0; i < forward->count; i++) {
        const struct dns_exchange *exchange = &forward->list[i];
        const struct sockaddr_in *address = &exchange->asker.address;
        if (by_tcp(exchange) || exchange->size != size || exchange->asked_id != dns_get16(query) || address->sin_port != asker->address.sin_port ||
            address->sin_addr.s_addr != asker->address.sin_addr.s_addr || memcmp(exchange->query + 4, query + 2, size - 2) != 0)
            continue;
        send_datagram(exchange);
        return true;
    }
    return false;
}

void dns_forward(struct dns_forward *forward, const struct dns_asker *asker, const uint8_t *query, size_t size)
{
    if (is_repeated(forward, asker, query, size))
        return;
    struct dns_exchange exchange = { .asker = *asker, .fd = -1, .asked_id = dns_get16(query), .size = size, .query = xmalloc(size + 2) };
    dns_put16(exchange.query, (uint16_t)size);
    memcpy(exchange.query + 2, query, size);
    if (forward->count == DNS_OUTSTANDING)
        fail(forward, 0);
    forward->list[forward->count++] = exchange;
    go_on(forward, forward->count - 1);
}

/* What a server said: delivered, or a reason to ask the next one, as Docker does with these two codes. */
static void take(struct dns_forward *forward, size_t index, uint8_t *answer, size_t size)
{
    forward->config->servers[forward->list[index].server].slow_until = 0;
    int code = dns_code(answer);
    if (code == DNS_SERVFAIL || code == DNS_REFUSED)
        go_on(forward, index);
    else
        finish(forward, index, answer, size);
}

/* What is no answer to our question is somebody else's idea, and we go on waiting. */
static void receive_datagram(struct dns_forward *forward, size_t index)
{
    struct dns_exchange *exchange = &forward->list[index];
    ssize_t got = recv(exchange->fd, forward->block, DNS_LONGEST_ANSWER, MSG_DONTWAIT);
    if (got < 0 && errno != EAGAIN && errno != EINTR)
        go_on(forward, index);
    else if (got >= 0 && dns_is_answer(forward->block, (size_t)got, exchange->query + 2, exchange->size))
        take(forward, index, forward->block, (size_t)got);
}

static void receive_stream(struct dns_forward *forward, size_t index)
{
    struct dns_exchange *exchange = &forward->list[index];
    if (!exchange->answer)
        exchange->answer = xmalloc(DNS_LONGEST_ANSWER + 2);
    size_t wanted = exchange->got < 2 ? 2 : 2u + dns_get16(exchange->answer);
    ssize_t got = recv(exchange->fd, exchange->answer + exchange->got, wanted - exchange->got, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        go_on(forward, index);
        return;
    }
    exchange->got += (size_t)got;
    if (exchange->got < 2 || exchange->got < 2u + dns_get16(exchange->answer))
        return;
    size_t size = exchange->got - 2;
    if (!dns_is_answer(exchange->answer + 2, size, exchange->query + 2, exchange->size)) {
        go_on(forward, index);
        return;
    }
    memcpy(forward->block, exchange->answer + 2, size);
    take(forward, index, forward->block, size);
}

void dns_forward_wait(const struct dns_forward *forward, struct pollfd *fds)
{
    for (size_t i = 0; i < forward->count; i++) {
        const struct dns_exchange *exchange = &forward->list[i];
        bool sends = by_tcp(exchange) && exchange->sent < exchange->size + 2;
        fds[i] = (struct pollfd){ .fd = exchange->fd, .events = sends ? POLLOUT : POLLIN };
    }
}

void dns_forward_turn(struct dns_forward *forward, const struct pollfd *fds, size_t count)
{
    /* From the last to the first: what is finished makes those behind it move up. */
    for (size_t i = count; i-- > 0;) {
        struct dns_exchange *exchange = &forward->list[i];
        if (!fds[i].revents)
            continue;
        if (!by_tcp(exchange))
            receive_datagram(forward, i);
        else if (exchange->sent == exchange->size + 2)
            receive_stream(forward, i);
        else if (!has_sent(exchange))
            go_on(forward, i);
    }
}

void dns_forward_expire(struct dns_forward *forward, int64_t now)
{
    for (size_t i = forward->count; i-- > 0;)
        if (forward->list[i].deadline <= now) {
            forward->config->servers[forward->list[i].server].slow_until = now + DNS_SLOW_FOR;
            go_on(forward, i);
        }
}

int64_t dns_forward_deadline(const struct dns_forward *forward)
{
    int64_t first = -1;
    for (size_t i = 0; i < forward->count; i++)
        if (first < 0 || forward->list[i].deadline < first)
            first = forward->list[i].deadline;
    return first;
}
