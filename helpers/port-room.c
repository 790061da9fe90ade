/*
 * The role raises its limit of open files to the hard one and divides it here. A connection takes two, so 10,000 of them need a hard limit of 20,100, and with
 * 1024 there is room for 450. Whoever comes when there is none is reset at once. Flows of UDP, where a UDP port is published, have a quarter; beyond that the one goes
 * that was silent longest. TCP goes through few pipes; with more readers that do not keep up, the others' data is copied, and what is not taken stays in the socket
 * that it came by. An idle role has 32 kB of memory for itself, and less than 200 bytes for each connection (test/port-role-test.c, test/port-crowd-test.c).
 */
#include "port.h"

enum {
    KEPT = 32,          /* standard input and its like, epoll, the monitor, who has the ports, a file that is being read */
    FDS_LISTENER = 1,
    FDS_CONNECTION = 2,
    FDS_PIPE = 2,
    MOST_PIPES = 32,    /* an eighth of what a user may have in pipes before his next ones are tiny */
    MOST_FLOWS = 16 * 1024,
};

struct port_room port_room;

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

struct port_room port_room_of(size_t files, const struct listeners *listeners)
{
    bool udp = false;
    for (size_t i = 0; i < listeners->count; i++)
        udp |= listeners->list[i].udp;
    struct port_room room = { .pipes = least(MOST_PIPES, files / 32) };
    size_t taken = KEPT + FDS_LISTENER * listeners->count + FDS_PIPE * room.pipes, left = files > taken ? files - taken : 0;
    room.flows = udp ? least(MOST_FLOWS, left / 4) : 0;
    room.connections = (left - room.flows) / FDS_CONNECTION;
    return room;
}
