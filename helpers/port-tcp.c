#include "port.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    /* Larger ones are no faster, and all pipes of a user share a limit (pipe(7), pipe-user-pages-soft) beyond which his next ones are tiny. */
    PIPE_SIZE = 1 << 18,
    POOL = 8,         /* empty pipes that are kept */
    MOVES = 32,       /* of one direction, before others have their turn */
    ACCEPTS = 16,
};

/* One direction. Its pipe is there only while there is something in it; without one, data goes by a copy. */
struct way {
    int from, to, pipe[2];
    size_t inside;
    bool ended, shut; /* no more comes; and that has been passed on */
};

struct end {
    struct watched watched;
    struct connection *connection;
};

struct connection {
    struct end ends[2]; /* client, container */
    int client, inner;
    struct way ways[2];
    bool connecting, waiting, dead;
    struct connection *next, **here; /* in the list of all */
    struct connection *next_waiting, *next_dead;
};

static int pool[POOL][2], pooled;
static size_t pipes, connections;
static struct connection *all, *waiting, *dead;

static bool take_pipe(int ends[2])
{
    if (pooled > 0) {
        pooled--;
        ends[0] = pool[pooled][0];
        ends[1] = pool[pooled][1];
        return true;
    }
    if (pipes >= port_room.pipes || pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return false;
    pipes++;
    fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE); /* a smaller one is slower, no more */
    return true;
}

static void give_pipe(struct way *way)
{
    if (way->pipe[0] < 0)
        return;
    if (way->inside == 0 && pooled < POOL) {
        pool[pooled][0] = way->pipe[0];
        pool[pooled++][1] = way->pipe[1];
        way->pipe[0] = way->pipe[1] = -1;
        return;
    }
    close_fd(&way->pipe[0]);
    close_fd(&way->pipe[1]);
    pipes--;
}

/* With `reset` the peers learn that it did not end well. The memory stays until the end of this turn. */
static void end_connection(struct connection *connection, bool reset)
{
    const struct linger at_once = { .l_onoff = 1 };
    if (connection->dead)
        return;
    connection->dead = true;
    connection->next_dead = dead;
    dead = connection;
    connections--;
    *connection->here = connection->next;
    if (connection->next)
        connection->next->here = connection->here;
    if (reset) {
        setsockopt(connection->client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        setsockopt(connection->inner, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    give_pipe(&connection->ways[0]);
    give_pipe(&connection->ways[1]);
    close_fd(&connection->client);
    close_fd(&connection->inner);
}

enum progress { STUCK, MORE, BROKEN };

static enum progress why_not(void)
{
    return errno == EAGAIN ? STUCK : errno == EINTR ? MORE : BROKEN;
}

static enum progress move_by_pipe(struct way *way)
{
    if (way->inside == 0 && !way->ended) {
        ssize_t n = splice(way->from, NULL, way->pipe[1], NULL, PIPE_SIZE, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (n < 0)
            return why_not();
        way->ended = n == 0;
        way->inside = (size_t)n;
    }
    if (way->inside == 0)
        return STUCK;
    ssize_t n = splice(way->pipe[0], NULL, way->to, NULL, way->inside, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (n < 0)
        return why_not();
    way->inside -= (size_t)n;
    return MORE;
}

/* Nothing stays here: what the other side does not take remains in the socket that it came by. */
static enum progress move_by_copy(struct way *way)
{
    static char data[1 << 16];
    ssize_t there = way->ended ? 0 : recv(way->from, data, sizeof data, MSG_PEEK | MSG_DONTWAIT);
    if (there < 0)
        return why_not();
    way->ended = there == 0;
    if (way->ended)
        return STUCK;
    ssize_t taken = send(way->to, data, (size_t)there, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (taken < 0)
        return why_not();
    return recv(way->from, data, (size_t)taken, MSG_DONTWAIT) == taken ? MORE : BROKEN;
}

/* Moves what there is until one side would have to be waited for. */
static enum progress move(struct way *way)
{
    enum progress progress = MORE;
    for (int moves = 0; moves < MOVES && progress == MORE; moves++)
        progress = way->pipe[0] >= 0 || take_pipe(way->pipe) ? move_by_pipe(way) : move_by_copy(way);
    return progress;
}

static void pass_on_end(struct way *way)
{
    if (!way->ended || way->inside > 0 || way->shut)
        return;
    shutdown(way->to, SHUT_WR);
    way->shut = true;
}

static void carry(struct connection *connection)
{
    for (int i = 0; i < 2; i++) {
        struct way *way = &connection->ways[i];
        enum progress progress = way->shut ? STUCK : move(way);
        if (progress == BROKEN) {
            end_connection(connection, true);
            return;
        }
        pass_on_end(way);
        if (way->inside == 0)
            give_pipe(way);
        if (progress == MORE && !connection->waiting) {
            connection->waiting = true;
            connection->next_waiting = waiting;
            waiting = connection;
        }
    }
    if (connection->ways[0].shut && connection->ways[1].shut)
        end_connection(connection, false);
}

static bool is_connected(struct connection *connection)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(connection->inner, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error != 0) {
        end_connection(connection, true);
        return false;
    }
    connection->connecting = false;
    return true;
}

static void ready(struct watched *watched, uint32_t events)
{
    struct connection *connection = ((struct end *)(void *)watched)->connection;
    if (connection->dead)
        return;
    if (connection->connecting && (watched != &connection->ends[1].watched || !(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) || !is_connected(connection)))
        return;
    /* A reset overtakes what is on its way, as it does without us. */
    if (events & EPOLLERR)
        end_connection(connection, true);
    else
        carry(connection);
}

static const void *bytes_of(const union address *address)
{
    return address->any.sa_family == AF_INET6 ? (const void *)&address->v6.sin6_addr : (const void *)&address->v4.sin_addr;
}

/* To a client on this machine nothing need be paced, which BBR does: that takes a third of the throughput. */
static void hurry(int client, const union address *from)
{
    union address own;
    socklen_t size = sizeof own;
    if (getsockname(client, &own.any, &size) == 0 && own.any.sa_family == from->any.sa_family && memcmp(bytes_of(&own), bytes_of(from), from->any.sa_family == AF_INET6 ? 16 : 4) == 0)
        setsockopt(client, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
}

static void begin(int client, int inner)
{
    struct connection *connection = xmalloc(sizeof *connection);
    int one = 1;
    *connection = (struct connection){ .client = client, .inner = inner, .connecting = true, .next = all, .here = &all };
    if (all)
        all->here = &connection->next;
    all = connection;
    connections++;
    connection->ways[0] = (struct way){ .from = client, .to = inner, .pipe = { -1, -1 } };
    connection->ways[1] = (struct way){ .from = inner, .to = client, .pipe = { -1, -1 } };
    /* A client whose machine has gone shall not hold two fds for ever. */
    setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(inner, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    for (int i = 0; i < 2; i++) {
        connection->ends[i] = (struct end){ { ready }, connection };
        if (!port_watch(i == 0 ? client : inner, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &connection->ends[i].watched)) {
            end_connection(connection, true);
            return;
        }
    }
}

/* Nobody is there: the client hears it as it would from a closed port. */
static void turn_away(int client)
{
    const struct linger at_once = { .l_onoff = 1 };
    setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(client);
}

/* Whether there may be another one. */
static bool accept_one(const struct listener *listener, const struct port_targets *targets)
{
    static int spare = -1; /* without a free fd a connection could not even be turned away, and would wake us for ever */
    union address client, source, target;
    socklen_t size = sizeof client;
    if (spare < 0)
        spare = fcntl(port_epoll, F_DUPFD_CLOEXEC, 0);
    int fd = accept4(listener->fd, &client.any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
        close_fd(&spare);
        fd = accept4(listener->fd, &client.any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            turn_away(fd);
        return false;
    }
    if (fd < 0)
        return false;
    bool welcome = connections < port_room.connections && port_choose(targets, &client, listener->port, &source, &target);
    int inner = welcome ? port_dial(SOCK_STREAM, &source, &target) : -1;
    if (inner < 0)
        turn_away(fd);
    else {
        hurry(fd, &client);
        begin(fd, inner);
    }
    return true;
}

void port_tcp_accept(const struct listener *listener, const struct port_targets *targets)
{
    for (int i = 0; i < ACCEPTS && accept_one(listener, targets); i++)
        ;
}

void port_tcp_end_all(void)
{
    while (all)
        end_connection(all, true);
}

bool port_tcp_continue(void)
{
    struct connection *list = waiting;
    waiting = NULL;
    for (struct connection *next; list; list = next) {
        next = list->next_waiting;
        list->waiting = false;
        if (!list->dead)
            carry(list);
    }
    return waiting != NULL;
}

void port_tcp_sweep(void)
{
    for (struct connection **place = &dead; *place;) {
        struct connection *connection = *place;
        if (connection->waiting) {
            place = &connection->next_dead;
            continue;
        }
        *place = connection->next_dead;
        free(connection);
    }
}
