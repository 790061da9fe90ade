/*
 * The role as it ships, between three network namespaces: the "host", where clients are, that of the holder with its firewall, and a container with an
 * echo server. This process is the monitor.
 */
#include "check.h"
#include "endpoint.h"
#include "firewall.h"
#include "link.h"
#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[] = "/tmp/skiff-port-role-XXXXXX", program[PATH_MAX];
static int host, holder, container;

static void be_root(void)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    check(unshare(CLONE_NEWUSER) == 0);
    autofree char *uids = xasprintf("0 %u 1", uid), *gids = xasprintf("0 %u 1", gid);
    check(write_file(AT_FDCWD, "/proc/self/setgroups", "deny") == 0 || errno == ENOENT);
    check(write_file(AT_FDCWD, "/proc/self/uid_map", uids) == 0 && write_file(AT_FDCWD, "/proc/self/gid_map", gids) == 0);
}

static int new_network(void)
{
    struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
    check(unshare(CLONE_NEWNET) == 0);
    autoclose int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    check(fd >= 0 && ioctl(any, SIOCSIFFLAGS, &loopback) == 0);
    return fd;
}

static struct sockaddr_in place(const char *address, int port)
{
    struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    check(inet_pton(AF_INET, address, &name.sin_addr) == 1);
    return name;
}

/* A file of records: fields are divided by blanks, records by line ends. */
static void write_records(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    check(file && fprintf(file, "1%cskiff-plan-1%c", 0, 0) > 0);
    while (*text) {
        size_t length = strcspn(text, "\n"), count = 1;
        for (size_t i = 0; i < length; i++)
            count += text[i] == ' ';
        fprintf(file, "%zu%c", count, 0);
        for (size_t i = 0; i < length; i++)
            fputc(text[i] == ' ' ? 0 : text[i], file);
        fputc(0, file);
        text += length + 1;
    }
    check(fclose(file) == 0);
}

static char *network_file(const char *name, const char *publish, bool with_target)
{
    char *path = xasprintf("%s/%s", top, name);
    autofree char *text = xasprintf("bridge br-red 1 1500 172.18.0.1/16\nendpoint a1 n1 veth veth0a br-red - eth0 02:42:ac:12:00:02 1500\naddress 172.18.0.2/16\ndefault-route 172.18.0.1 eth0\n"
                                    "port-holders %s/holders %s-id %s\n%s%s", top, name, name, publish, with_target ? "port-target 172.18.0.2 172.18.0.1 172.18.0.0/16\n" : "");
    write_records(path, text);
    return path;
}

struct role {
    pid_t pid;
    int socket;
    char said[512];
};

static struct role start_after(const char *path, const char *before)
{
    struct role role = { 0 };
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    role.pid = fork();
    check(role.pid >= 0);
    if (role.pid == 0) {
        int far = fcntl(ends[1], F_DUPFD_CLOEXEC, 10), network = fcntl(holder, F_DUPFD_CLOEXEC, 10);
        check(setns(host, CLONE_NEWNET) == 0);
        null_stdio(3);
        dup2(far, 3);
        dup2(network, 4);
        execl(program, program, "port", path, NULL);
        _exit(127);
    }
    close(ends[1]);
    role.socket = ends[0];
    check(send(role.socket, before, strlen(before), 0) > 0);
    ssize_t length = recv(role.socket, role.said, sizeof role.said - 1, 0);
    check(length > 0);
    return role;
}

static struct role start(const char *path)
{
    return start_after(path, "\n");
}

static void stop(struct role role)
{
    int status;
    close(role.socket);
    check(waitpid(role.pid, &status, 0) == role.pid && WIFEXITED(status));
}

/* Both kinds of echo, each after a line with the client's address; over TCP all is said once no more comes, so the half that is closed must stay half. */
static void serve_tcp(int listener)
{
    static char data[1 << 16];
    for (;;) {
        struct sockaddr_in client;
        socklen_t size = sizeof client;
        int fd = accept(listener, (struct sockaddr *)&client, &size);
        if (fork() != 0) {
            close(fd);
            continue;
        }
        size_t total = 0;
        for (ssize_t n; (n = read(fd, data, sizeof data)) > 0;)
            total += (size_t)n;
        dprintf(fd, "%s %d %zu", inet_ntoa(client.sin_addr), ntohs(client.sin_port), total);
        _exit(0);
    }
}

static void serve_udp(int fd)
{
    for (;;) {
        char data[64];
        struct sockaddr_in client;
        socklen_t size = sizeof client;
        if (recvfrom(fd, data, sizeof data, 0, (struct sockaddr *)&client, &size) < 0)
            continue;
        int length = snprintf(data, sizeof data, "%s %d", inet_ntoa(client.sin_addr), ntohs(client.sin_port));
        sendto(fd, data, (size_t)length, 0, (struct sockaddr *)&client, size);
    }
}

/* Without the role's socket: the role ends when nobody has that any more. */
static pid_t serve(int type, int held)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    close(held);
    check(setns(container, CLONE_NEWNET) == 0);
    signal(SIGCHLD, SIG_IGN);
    struct sockaddr_in name = place("172.18.0.2", 80);
    int fd = socket(AF_INET, type, 0), one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    check(bind(fd, (struct sockaddr *)&name, sizeof name) == 0);
    if (type == SOCK_DGRAM)
        serve_udp(fd);
    check(listen(fd, 1000) == 0);
    serve_tcp(fd);
    return 0;
}

/* From an address of the host to one of its ports. */
static int dial(int type, const char *from, const char *to, int port)
{
    struct sockaddr_in source = place(from, 0), target = place(to, port);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    check(fd >= 0 && bind(fd, (struct sockaddr *)&source, sizeof source) == 0 && connect(fd, (struct sockaddr *)&target, sizeof target) == 0);
    return fd;
}

static int own_port(int fd)
{
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    check(getsockname(fd, (struct sockaddr *)&name, &size) == 0);
    return ntohs(name.sin_port);
}

static void tcp_shows_the_client(const char *from, const char *seen, size_t bytes)
{
    char text[128], data[4096] = { 0 };
    autoclose int fd = dial(SOCK_STREAM, from, "127.0.0.1", 8080);
    for (size_t left = bytes; left > 0;) {
        size_t part = left < sizeof data ? left : sizeof data;
        check(write_all(fd, data, part) == 0);
        left -= part;
    }
    check(shutdown(fd, SHUT_WR) == 0);
    ssize_t length = read_all(fd, text, sizeof text - 1);
    check(length > 0);
    text[length] = 0;
    bool same = strcmp(from, seen) == 0;
    autofree char *start = same ? xasprintf("%s %d %zu", seen, own_port(fd), bytes) : xasprintf("%s ", seen), *end = xasprintf(" %zu", bytes);
    check(strncmp(text, start, strlen(start)) == 0 && strcmp(text + strlen(text) - strlen(end), end) == 0);
}

static void udp_shows_the_client(void)
{
    char text[128];
    autoclose int fd = dial(SOCK_DGRAM, "10.99.0.7", "127.0.0.1", 8080);
    for (int i = 0; i < 3; i++) {
        check(send(fd, "x", 1, 0) == 1);
        ssize_t length = recv(fd, text, sizeof text - 1, 0);
        check(length > 0);
        text[length] = 0;
        autofree char *wanted = xasprintf("10.99.0.7 %d", own_port(fd));
        check_text(text, wanted);
    }
}

static void is_reset(const char *what)
{
    char byte;
    autoclose int fd = dial(SOCK_STREAM, "10.99.0.7", "127.0.0.1", 8080);
    ssize_t n = read(fd, &byte, 1);
    if (!(n < 0 && errno == ECONNRESET))
        fprintf(stderr, "%s: not reset\n", what);
    check(n < 0 && errno == ECONNRESET);
}

/* As many as fit into the limit of this process, all open at once. */
static void many_at_once(void)
{
    enum { MANY = 400 };
    static int fds[MANY];
    for (int i = 0; i < MANY; i++)
        fds[i] = dial(SOCK_STREAM, "10.99.0.7", "127.0.0.1", 8080);
    for (int i = 0; i < MANY; i++) {
        char text[64];
        check(send(fds[i], "abc", 3, MSG_NOSIGNAL) == 3 && shutdown(fds[i], SHUT_WR) == 0);
        ssize_t length = read_all(fds[i], text, sizeof text - 1);
        check(length > 0);
        text[length] = 0;
        check(strncmp(text, "10.99.0.7 ", 10) == 0 && strcmp(text + strlen(text) - 2, " 3") == 0);
        close(fds[i]);
    }
}

static void conflicts_are_told(void)
{
    autofree char *taken = network_file("second", "publish tcp 8080 8080 80 127.0.0.1\n", true), *next = network_file("third", "publish tcp 8080 8082 80 0.0.0.0 ?::\n", true),
                  *low = network_file("low", "publish tcp 8090 8090 80 10.98.0.1\n", true);
    struct role role = start(taken);
    check_text(role.said, "125 cannot publish port 127.0.0.1:8080/tcp: it is in use by container first; choose another one, or stop that");
    stop(role);
    struct role other = start(next);
    check(strncmp(other.said, "tcp 0.0.0.0 8081 8081 80\n", 25) == 0);
    stop(other);
    struct role none = start(low);
    check_text(none.said, "125 cannot publish port 8090 on 10.98.0.1: this machine does not have that address");
    stop(none);
}

/* One that stands in for another has the same ports, though there are lower ones; a range is told as one. */
static void ports_stay(void)
{
    autofree char *path = network_file("fourth", "publish tcp 8085 8095 80 127.0.0.1\npublish tcp 8085 8095 81 127.0.0.1\npublish udp 8085 8095 80 127.0.0.1\n", true);
    struct role role = start(path);
    check_text(role.said, "tcp 127.0.0.1 8085 8086 80\nudp 127.0.0.1 8085 8085 80\n");
    stop(role);
    struct role next = start_after(path, "tcp 127.0.0.1 8091 8092 80\nudp 127.0.0.1 8090 8090 80\n");
    check_text(next.said, "tcp 127.0.0.1 8091 8092 80\nudp 127.0.0.1 8090 8090 80\n");
    struct role other = start_after(path, "tcp 127.0.0.1 8091 8091 80\nudp 127.0.0.1 9000 9000 80\n");
    check_text(other.said, "tcp 127.0.0.1 8085 8086 80\nudp 127.0.0.1 8085 8085 80\n");
    stop(other);
    stop(next);
}

static void set_the_stage(void)
{
    autofree char *path = network_file("first", "", true);
    host = new_network();
    autoclose int fd = netlink_open(host, NETLINK_ROUTE);
    struct link loopback;
    check(link_find(fd, "lo", &loopback) == 0 && link_address(fd, loopback.index, "10.99.0.7/32") == 0);
    holder = new_network();
    check(write_file(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", "1") == 0);
    container = new_network();
    check(setns(host, CLONE_NEWNET) == 0);
    char *problem = firewall_load(holder, "198.19.255.0/24", "198.19.255.3", "fd00::/64", "fd00::3");
    struct plan *file = plan_read(path);
    size_t at = 0;
    while (strcmp(file->records[at].fields[0], "endpoint") != 0)
        at++;
    problem = problem ? problem : endpoint_attach(file, at, holder, container);
    problem = problem ? problem : endpoint_routes(file, container);
    check_text(problem ? problem : "done", "done");
    free(file);
}

int main(void)
{
    check(mkdtemp(top));
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 64);
    check(length > 0);
    program[length] = 0;
    for (int i = 0; i < 3; i++) /* …/helpers-asan/test/NAME */
        *strrchr(program, '/') = 0;
    strcat(program, "/helpers/skiff-helper");
    be_root();
    set_the_stage();
    autofree char *path = network_file("first", "publish tcp 8080 8080 80 0.0.0.0 ?::\npublish udp 8080 8080 80 0.0.0.0\n", true);
    struct role role = start(path);
    check_text(role.said, "tcp 0.0.0.0 8080 8080 80\ntcp :: 8080 8080 80\nudp 0.0.0.0 8080 8080 80\n");
    is_reset("nobody listens in the container");
    pid_t tcp = serve(SOCK_STREAM, role.socket), udp = serve(SOCK_DGRAM, role.socket);
    for (bool up = false; !up; usleep(10000)) {
        char byte;
        autoclose int fd = dial(SOCK_STREAM, "10.99.0.7", "127.0.0.1", 8080);
        shutdown(fd, SHUT_WR);
        up = read(fd, &byte, 1) == 1;
    }
    tcp_shows_the_client("10.99.0.7", "10.99.0.7", 3);
    tcp_shows_the_client("10.99.0.7", "10.99.0.7", 10000000);
    tcp_shows_the_client("127.0.0.1", "172.18.0.1", 100);
    udp_shows_the_client();
    many_at_once();
    conflicts_are_told();
    ports_stay();
    free(network_file("first", "publish tcp 8080 8080 80 0.0.0.0 ?::\n", false));
    check(send(role.socket, "", 1, 0) == 1);
    usleep(200000);
    is_reset("without a target");
    kill(tcp, SIGKILL);
    kill(udp, SIGKILL);
    check(waitpid(tcp, NULL, 0) == tcp && waitpid(udp, NULL, 0) == udp);
    stop(role);
    autofree char *holders = xasprintf("%s/holders", top);
    check(access(holders, F_OK) < 0); /* nothing of it is left */
    autofree char *remove = xasprintf("rm -r %s", top);
    check(system(remove) == 0);
    return 0;
}
