#include "clients.h"
#include "util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void clients_init(struct clients *clients)
{
    memset(clients, 0, sizeof *clients);
    for (int i = 0; i < MAXIMUM_CLIENTS; i++)
        clients->list[i].fd = -1;
}

/* Who has never said a word only waits for the end, and will ask again: it makes room for one that may have an order. */
static struct client *free_place(struct clients *clients)
{
    struct client *silent = NULL;
    for (int i = 0; i < MAXIMUM_CLIENTS; i++) {
        struct client *client = &clients->list[i];
        if (client->fd < 0)
            return client;
        if (!client->input && !silent)
            silent = client;
    }
    if (silent)
        client_drop(silent);
    return silent;
}

struct client *client_add(struct clients *clients, int fd)
{
    struct client *client = free_place(clients);
    if (!client) {
        close(fd);
        return NULL;
    }
    *client = (struct client){ .fd = fd, .patience = PATIENCE_MS };
    set_nonblocking(fd, true);
    return client;
}

void client_drop(struct client *client)
{
    close_fd(&client->fd);
    free(client->input);
    free(client->pending);
    free(client->output);
    *client = (struct client){ .fd = -1 };
}

static void keep_output(struct client *client, const void *data, size_t size)
{
    char *output = realloc(client->output, client->output_length + size);
    if (!output) {
        client_drop(client);
        return;
    }
    memcpy(output + client->output_length, data, size);
    client->output = output;
    client->output_length += size;
}

static void send_or_keep(struct client *client, const char *data, size_t size)
{
    if (client->fd < 0 || size == 0)
        return;
    ssize_t sent = 0;
    if (client->output_length == 0) {
        sent = send(client->fd, data, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            client_drop(client);
            return;
        }
        if (sent < 0)
            sent = 0;
    }
    if ((size_t)sent < size)
        keep_output(client, data + sent, size - (size_t)sent);
}

void client_send(struct client *client, uint8_t type, const void *payload, size_t length)
{
    struct frame_header header = { .type = type, .length = (uint32_t)length };
    send_or_keep(client, (const char *)&header, sizeof header);
    send_or_keep(client, payload, length);
}

static bool is_full(const struct client *client)
{
    return !client->holds && !client->leaves && client->output_length > OUTPUT_LIMIT;
}

/* Whether it was full for longer than it is waited for. */
static bool is_given_up(const struct client *client, long long now)
{
    return is_full(client) && client->full_at && now >= client->full_at + client->patience;
}

void client_send_output(struct client *client, uint8_t type, const void *payload, size_t length, long long now)
{
    if (client->lost || is_given_up(client, now))
        client->lost += length;
    else
        client_send(client, type, payload, length);
}

void client_own_up(struct client *client)
{
    uint64_t lost = client->lost;
    client->lost = 0;
    if (lost)
        client_send(client, FRAME_LOST, &lost, sizeof lost);
}

void client_flush(struct client *client)
{
    ssize_t sent = send(client->fd, client->output, client->output_length, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (sent < 0) {
        client_drop(client);
        return;
    }
    client->output_length -= (size_t)sent;
    memmove(client->output, client->output + sent, client->output_length);
    if (client->output_length == 0) {
        free(client->output);
        client->output = NULL;
        client->full_at = 0;
        if (client->lost)
            client->patience /= 8;
        client_own_up(client);
        if (client->leaves && !client->output_length)
            client_drop(client);
    }
}

void clients_part(struct clients *clients)
{
    for (int i = 0; i < MAXIMUM_CLIENTS; i++) {
        struct client *client = &clients->list[i];
        if (client->fd >= 0)
            client_own_up(client);
        client->leaves = client->fd >= 0;
        client->wants_output = client->sends_input = false;
        client->pending_length = 0;
        if (client->leaves && !client->output_length)
            client_drop(client);
    }
}

bool client_receive(struct client *client)
{
    enum { ROOM = FRAME_HEADER + FRAME_MAXIMUM };
    if (!client->input)
        client->input = xmalloc(ROOM);
    ssize_t n = recv(client->fd, client->input + client->input_length, ROOM - client->input_length, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n <= 0) {
        client_drop(client);
        return false;
    }
    client->input_length += (size_t)n;
    return true;
}

ssize_t client_frame(const struct client *client, uint8_t *type, char **payload)
{
    struct frame_header header;
    if (client->fd < 0 || client->input_length < FRAME_HEADER)
        return -1;
    memcpy(&header, client->input, FRAME_HEADER);
    if (header.length > FRAME_MAXIMUM) {
        /* Not one of ours: shut it, and the next receive drops it. */
        shutdown(client->fd, SHUT_RDWR);
        return -1;
    }
    if (client->input_length < FRAME_HEADER + header.length)
        return -1;
    *type = header.type;
    *payload = client->input + FRAME_HEADER;
    return (ssize_t)header.length;
}

void client_consume(struct client *client)
{
    struct frame_header header;
    if (client->fd < 0)
        return; /* the answer to it found nobody: it was dropped, with its input */
    memcpy(&header, client->input, FRAME_HEADER);
    client->input_length -= FRAME_HEADER + header.length;
    memmove(client->input, client->input + FRAME_HEADER + header.length, client->input_length);
}

void client_keep_pending(struct client *client, const char *data, size_t size)
{
    if (size > FRAME_WINDOW - client->pending_length) {
        shutdown(client->fd, SHUT_RDWR);
        return;
    }
    if (!client->pending)
        client->pending = xmalloc(FRAME_WINDOW);
    memcpy(client->pending + client->pending_length, data, size);
    client->pending_length += size;
}

void client_take_pending(struct client *client, size_t size)
{
    uint32_t taken = (uint32_t)size;
    client->pending_length -= size;
    memmove(client->pending, client->pending + size, client->pending_length);
    client_send(client, FRAME_TAKEN, &taken, sizeof taken);
}

/* Of those who do not hold the container up: whether this one is waited for. */
static bool is_waited_for(const struct client *client)
{
    return is_full(client) && client->full_at && !client->lost;
}

bool clients_are_behind(struct clients *clients, long long now)
{
    bool behind = false;
    for (int i = 0; i < MAXIMUM_CLIENTS; i++) {
        struct client *client = &clients->list[i];
        if (client->fd < 0 || client->leaves)
            continue;
        if (is_full(client) && !client->full_at)
            client->full_at = now;
        behind |= client->holds ? client->output_length > 0 : is_waited_for(client) && !is_given_up(client, now);
    }
    return behind;
}

long long clients_due(const struct clients *clients, long long now)
{
    long long first = 0;
    for (int i = 0; i < MAXIMUM_CLIENTS; i++) {
        const struct client *client = &clients->list[i];
        long long due = client->full_at + client->patience;
        if (client->fd >= 0 && is_waited_for(client) && due > now && (!first || due < first))
            first = due;
    }
    return first;
}
