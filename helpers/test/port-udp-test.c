/* Flows of UDP under the sanitizers, with a clock of the test's own: idle ones end, there is a limit to them, and who was silent longest goes first. */
#include "port.h"
#include "check.h"
#include "net-space.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

int port_epoll = -1;
long long port_now = 1000000;

static int container; /* the socket behind the published port */
static struct listener published = { .udp = true, .port = 80 };
static struct port_targets targets;

bool port_watch(int fd, uint32_t events, struct watched *watched)
{
    struct epoll_event event = { .events = events, .data.ptr = watched };
    return epoll_ctl(port_epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static size_t open_files(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static int bound(const char *text, uint16_t port)
{
    union address address;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;
    check(fd >= 0 && address_parse(text, port, &address) && setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one) == 0);
    check(bind(fd, &address.any, address_size(&address)) == 0);
    return fd;
}

static int client(void)
{
    union address target;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    check(fd >= 0 && address_parse("127.0.0.1", 8080, &target) && connect(fd, &target.any, address_size(&target)) == 0);
    return fd;
}

/* One turn of the role: what has come from clients, then what the container has answered. */
static void turn(void)
{
    struct epoll_event events[64];
    port_udp_receive(&published, &targets);
    int count = epoll_wait(port_epoll, events, 64, 0);
    for (int i = 0; i < count; i++) {
        struct watched *watched = events[i].data.ptr;
        watched->ready(watched, events[i].events);
    }
}

/* The port that the container sees for this client, and answers to. */
static uint16_t seen(int fd, const char *word)
{
    char text[64];
    union address from;
    socklen_t size = sizeof from;
    check(send(fd, word, strlen(word), 0) == (ssize_t)strlen(word));
    turn();
    ssize_t length = recvfrom(container, text, sizeof text, 0, &from.any, &size);
    check(length == (ssize_t)strlen(word) && memcmp(text, word, strlen(word)) == 0);
    check(from.v4.sin_addr.s_addr == htonl(0x0a630001)); /* the gateway */
    check(sendto(container, text, (size_t)length, 0, &from.any, size) == length);
    turn();
    check(recv(fd, text, sizeof text, 0) == length);
    return ntohs(from.v4.sin_port);
}

static void idle_flows_end(void)
{
    size_t before = open_files();
    autoclose int one = client(), other = client();
    uint16_t first = seen(one, "one");
    check(seen(other, "other") != first && open_files() == before + 4);
    check(port_udp_expire() == 90000);
    port_now += 60000;
    check(seen(one, "still") == first);
    check(port_udp_expire() == 30000);
    port_now += 29999;
    check(port_udp_expire() == 1000 && open_files() == before + 4);
    port_now += 1;
    check(port_udp_expire() == 60000 && open_files() == before + 3);
    check(seen(one, "yet") == first);
    port_now += 90000;
    check(port_udp_expire() == -1 && open_files() == before + 2);
    seen(one, "anew");
    port_udp_end_all();
    check(port_udp_expire() == -1 && open_files() == before + 2);
}

static void drain(void)
{
    char rest[64];
    while (recv(container, rest, sizeof rest, 0) > 0)
        ;
}

/* A flood from many addresses takes no more than there is room for, and whoever goes on talking is not the one that goes. */
static void flows_are_bounded(void)
{
    enum { FLOOD = 300, ROOM = 10 };
    size_t before = open_files();
    port_room.flows = ROOM;
    autoclose int faithful = client();
    uint16_t port = seen(faithful, "hello");
    for (int i = 0; i < FLOOD; i++) {
        autoclose int fd = client();
        check(send(fd, "flood", 5, 0) == 5);
        turn();
        port_now += 10;
        if (i % (ROOM - 1) == 0) {
            drain();
            check(seen(faithful, "here") == port);
        }
        check(open_files() <= before + 2 + ROOM);
    }
    drain();
    port_udp_end_all();
    port_udp_expire();
    check(open_files() == before + 1);
}

/* Flows end while epoll still has something to tell of them. */
static void ends_with_answers_waiting(void)
{
    enum { SOME = 20 };
    int fds[SOME];
    struct epoll_event events[64];
    union address from;
    socklen_t size = sizeof from;
    char text[16];
    port_room.flows = SOME;
    for (int i = 0; i < SOME; i++) {
        fds[i] = client();
        check(send(fds[i], "x", 1, 0) == 1);
    }
    turn();
    for (int i = 0; i < SOME; i++)
        check(recvfrom(container, text, sizeof text, 0, &from.any, &size) == 1 && sendto(container, "y", 1, 0, &from.any, size) == 1);
    int count = epoll_wait(port_epoll, events, 64, 0);
    check(count == SOME);
    port_udp_end_all();
    for (int i = 0; i < count; i++) {
        struct watched *watched = events[i].data.ptr;
        watched->ready(watched, events[i].events);
    }
    check(port_udp_expire() == -1);
    for (int i = 0; i < SOME; i++)
        close(fds[i]);
}

static void room_is_divided(void)
{
    struct listener list[4] = { { .udp = true }, { .udp = false }, { .udp = false }, { .udp = false } };
    struct listeners both = { list, 4, -1 }, tcp = { list + 1, 3, -1 };
    for (size_t files = 0; files < 70000; files += 7) {
        struct port_room one = port_room_of(files, &both), other = port_room_of(files, &tcp);
        size_t taken = 2 * one.connections + 2 * one.pipes + one.flows + both.count;
        check(taken == both.count + 2 * one.pipes || taken <= files);
        check(other.flows == 0 && one.flows <= 16384 && one.pipes <= 32);
    }
    check(port_room_of(20100 + 64, &tcp).connections >= 10000);
}

int main(void)
{
    char words[][16] = { "port-target", "10.99.0.2", "10.99.0.1" }, *fields[] = { words[0], words[1], words[2], NULL };
    const struct record target = { 3, fields };
    int home = space_enter();
    space_run(home, "ip address add 10.99.0.1/32 dev lo && ip address add 10.99.0.2/32 dev lo");
    targets.v4 = &target;
    port_epoll = epoll_create1(EPOLL_CLOEXEC);
    port_room.flows = 100;
    published.fd = bound("127.0.0.1", 8080);
    container = bound("10.99.0.2", 80);
    idle_flows_end();
    flows_are_bounded();
    ends_with_answers_waiting();
    room_is_divided();
    return 0;
}
