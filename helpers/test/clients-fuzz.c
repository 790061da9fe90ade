/* libFuzzer: any bytes on the monitor's socket, in any pieces. The first byte says how long the pieces are. */
#include "clients.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void take_frames(struct client *client)
{
    uint8_t type;
    char *payload;
    ssize_t length;
    while ((length = client_frame(client, &type, &payload)) >= 0) {
        if (length > FRAME_MAXIMUM || payload < client->input || payload + length > client->input + client->input_length)
            __builtin_trap();
        if (type == FRAME_INPUT)
            client_keep_pending(client, payload, (size_t)length);
        if (client->pending_length > FRAME_WINDOW)
            __builtin_trap();
        client_consume(client);
        if (client->pending_length > FRAME_WINDOW / 2)
            client_take_pending(client, client->pending_length / 3);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];
    struct clients clients;
    size_t piece = size ? (size_t)data[0] * data[0] + 1 : 1;
    if (size < 2 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
        return 0;
    clients_init(&clients);
    struct client *client = client_add(&clients, ends[1]);
    for (size_t at = 1; at < size && client->fd >= 0; at += piece) {
        size_t now = size - at < piece ? size - at : piece;
        if (send(ends[0], data + at, now, MSG_NOSIGNAL) < 0)
            break;
        if (client_receive(client))
            take_frames(client);
    }
    if (client->fd >= 0)
        client_drop(client);
    close(ends[0]);
    return 0;
}
