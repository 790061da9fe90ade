/* The role as it ships: who it says that it is, whom the container sees, what is refused, where it leads, what it costs. */
#include "port-stage.h"
#include "check.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Tells the client's address and how much came once no more comes, so the half that is closed must stay half. */
static void tell(int fd, const union address *client)
{
    static char data[1 << 16];
    size_t total = 0;
    for (ssize_t n; (n = read(fd, data, sizeof data)) > 0;)
        total += (size_t)n;
    dprintf(fd, "%s %zu", address_words(client), total);
}

/* Without `seen` the container sees the client's own address and port. */
static void tcp_shows(const char *from, const char *to, const char *seen, size_t bytes)
{
    static char text[128], data[1 << 16];
    autoclose int fd = dial(SOCK_STREAM, from, to, 8080);
    for (size_t left = bytes; left > 0;) {
        size_t part = left < sizeof data ? left : sizeof data;
        check(write_all(fd, data, part) == 0);
        left -= part;
    }
    check(shutdown(fd, SHUT_WR) == 0);
    ssize_t length = read_all(fd, text, sizeof text - 1);
    check(length > 0);
    text[length] = 0;
    autofree char *end = xasprintf(" %zu", bytes), *start = seen ? xasprintf("%s ", seen) : xasprintf("%s%s", own_words(fd), end);
    check(strlen(text) > strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0);
    text[strlen(start)] = 0;
    check_text(text, start);
}

static void udp_shows(const char *from, const char *to)
{
    char text[128];
    autoclose int fd = dial(SOCK_DGRAM, from, to, 8080);
    for (int i = 0; i < 3; i++) {
        check(send(fd, "x", 1, 0) == 1);
        ssize_t length = recv(fd, text, sizeof text - 1, 0);
        check(length > 0);
        text[length] = 0;
        check_text(text, own_words(fd));
    }
}

static void clients_are_shown(void)
{
    tcp_shows(CLIENT4, "127.0.0.1", NULL, 3);
    tcp_shows(CLIENT4, "127.0.0.1", NULL, 10000000);
    tcp_shows("127.0.0.1", "127.0.0.1", GATEWAY4, 100);
    tcp_shows(CLIENT6, "::1", NULL, 10000000);
    tcp_shows(CLIENT6, CLIENT6, NULL, 0);
    tcp_shows("::1", "::1", GATEWAY6, 100);
    udp_shows(CLIENT4, "127.0.0.1");
    udp_shows(CLIENT4, CLIENT4);
    udp_shows(CLIENT6, "::1");
    udp_shows(CLIENT6, CLIENT6);
}

static void is_reset(const char *from, const char *to, const char *what)
{
    char byte;
    autoclose int fd = dial(SOCK_STREAM, from, to, 8080);
    ssize_t n = read(fd, &byte, 1);
    if (!(n < 0 && errno == ECONNRESET))
        fprintf(stderr, "%s: not reset\n", what);
    check(n < 0 && errno == ECONNRESET);
}

static void is_said(const char *name, const char *publish, const char *said)
{
    autofree char *path = stage_file(name, publish, true);
    struct role role = role_start(path, 0);
    check_text(role.said, said);
    role_stop(role);
}

static void conflicts_are_told(void)
{
    is_said("second", "publish tcp 8080 8080 80 127.0.0.1\n", "125 cannot publish port 127.0.0.1:8080/tcp: it is in use by container first; choose another one, or stop that");
    is_said("third", "publish udp 8080 8080 80 ::1\n", "125 cannot publish port [::1]:8080/udp: it is in use by container first; choose another one, or stop that");
    is_said("next", "publish tcp 8080 8082 80 0.0.0.0 ?::\n", "tcp 0.0.0.0 8081 8081 80\ntcp :: 8081 8081 80\n");
    is_said("elsewhere", "publish tcp 8090 8090 80 10.98.0.1\n", "125 cannot publish port 8090 on 10.98.0.1: this machine does not have that address");
}

/* Who is called otherwise now is named so. */
static void names_change(struct role role, const char *path)
{
    autofree char *renamed = stage_file("renamed", "publish tcp 8080 8080 80 0.0.0.0 ?::\n", true), *note = xasprintf("%.*s/holders/first-id", (int)(strrchr(path, '/') - path), path);
    check(rename(renamed, path) == 0);
    role_tell(role);
    for (int tries = 0; tries < 5000; tries++, usleep(1000)) {
        autofree char *text = read_file(AT_FDCWD, note, 1000, NULL);
        if (text && strncmp(text, "renamed\ntcp 0.0.0.0 8080 8080 80\n", 33) == 0)
            return;
    }
    check(!"the file has the new name");
}

/* One that stands in for another has the same ports, though there are lower ones; a range is told as one. */
static void ports_stay(void)
{
    autofree char *path = stage_file("fourth", "publish tcp 8085 8095 80 127.0.0.1\npublish tcp 8085 8095 81 127.0.0.1\npublish udp 8085 8095 80 127.0.0.1\n", true);
    struct role role = role_start(path, 0);
    check_text(role.said, "tcp 127.0.0.1 8085 8086 80\nudp 127.0.0.1 8085 8085 80\n");
    role_stop(role);
    struct role next = role_start_after(path, 0, "tcp 127.0.0.1 8091 8092 80\nudp 127.0.0.1 8090 8090 80\n");
    check_text(next.said, "tcp 127.0.0.1 8091 8092 80\nudp 127.0.0.1 8090 8090 80\n");
    struct role other = role_start_after(path, 0, "tcp 127.0.0.1 8091 8091 80\nudp 127.0.0.1 9000 9000 80\n");
    check_text(other.said, "tcp 127.0.0.1 8085 8086 80\nudp 127.0.0.1 8085 8085 80\n");
    role_stop(other);
    role_stop(next);
}

/* Without root's capability, which a user does not have on his host. */
static void low_ports_are_refused(void)
{
    check(write_file(AT_FDCWD, "/proc/sys/net/ipv4/ip_unprivileged_port_start", "80") == 0);
    check(prctl(PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE, 0, 0, 0) == 0);
    is_said("low", "publish tcp 79 79 80 127.0.0.1\n",
            "125 cannot publish port 79: ports below 1024 are root's; choose a higher one, or ask an administrator to run: sysctl net.ipv4.ip_unprivileged_port_start=79");
    is_said("allowed", "publish tcp 80 80 80 127.0.0.1\npublish udp 80 80 80 ::1\n", "tcp 127.0.0.1 80 80 80\nudp ::1 80 80 80\n");
}

static void memory_is_little(struct role role)
{
    size_t idle = private_memory(role.pid);
    if (idle >= 100 * 1024)
        fprintf(stderr, "%zu bytes\n", idle);
    check(idle < 100 * 1024);
}

int main(void)
{
    stage_set();
    autofree char *path = stage_file("first", "publish tcp 8080 8080 80 0.0.0.0 ?::\npublish udp 8080 8080 80 0.0.0.0 ?::\n", true);
    struct role role = role_start(path, 0);
    check_text(role.said, "tcp 0.0.0.0 8080 8080 80\ntcp :: 8080 8080 80\nudp 0.0.0.0 8080 8080 80\nudp :: 8080 8080 80\n");
    memory_is_little(role);
    is_reset(CLIENT4, "127.0.0.1", "nobody listens in the container");
    stage_serve(role, 80, tell);
    stage_serve_udp(role, 80);
    clients_are_shown();
    conflicts_are_told();
    ports_stay();
    names_change(role, path);
    low_ports_are_refused();
    free(stage_file("first", "publish tcp 8080 8080 80 0.0.0.0 ?::\n", false));
    role_tell(role);
    is_reset(CLIENT4, "127.0.0.1", "without a target");
    is_reset(CLIENT6, "::1", "without a target");
    role_stop(role);
    stage_clear();
    return 0;
}
