#include "port-stage.h"
#include "check.h"
#include "net-space.h"
#include "endpoint.h"
#include "firewall.h"
#include "link.h"
#include "roles.h"
#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[] = "/tmp/skiff-port-XXXXXX", program[PATH_MAX];
static int host, holder, container;
static pid_t servers[16];
static size_t count;

static int new_network(void)
{
    struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
    check(unshare(CLONE_NEWNET) == 0);
    autoclose int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    check(fd >= 0 && ioctl(any, SIOCSIFFLAGS, &loopback) == 0);
    return fd;
}

/* A file of records: fields are divided by blanks, records by line ends. */
static void write_records(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    check(file && fprintf(file, "1%cskiff-plan-1%c", 0, 0) > 0);
    while (*text) {
        size_t length = strcspn(text, "\n"), fields = 1;
        for (size_t i = 0; i < length; i++)
            fields += text[i] == ' ';
        fprintf(file, "%zu%c", fields, 0);
        for (size_t i = 0; i < length; i++)
            fputc(text[i] == ' ' ? 0 : text[i], file);
        fputc(0, file);
        text += length + 1;
    }
    check(fclose(file) == 0);
}

char *stage_file(const char *name, const char *publish, bool with_target)
{
    char *path = xasprintf("%s/%s", top, name);
    autofree char *text = xasprintf("bridge br-red 1 1500 " GATEWAY4 "/16 " GATEWAY6 "/64\nendpoint a1 n1 veth veth0a br-red - eth0 02:42:ac:12:00:02 1500\n"
                                    "address " CONTAINER4 "/16\naddress " CONTAINER6 "/64\ndefault-route " GATEWAY4 " eth0\ndefault-route " GATEWAY6 " eth0\n"
                                    "port-holders %s/holders %s-id %s\n%s%s", top, name, name, publish,
                                    with_target ? "port-target " CONTAINER4 " " GATEWAY4 " 172.18.0.0/16\nport-target " CONTAINER6 " " GATEWAY6 " fd18::/64\n" : "");
    write_records(path, text);
    return path;
}

/* Only some tests bring it along. */
#pragma weak role_port

static void find_program(void)
{
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 64);
    check(length > 0);
    program[length] = 0;
    for (int i = 0; i < 3; i++) /* …/helpers-asan/test/NAME */
        *strrchr(program, '/') = 0;
    strcat(program, "/helpers/skiff-helper");
}

void stage_set(void)
{
    struct link loopback;
    check(mkdtemp(top));
    find_program();
    space_root();
    autofree char *path = stage_file("first", "", true);
    host = new_network();
    autoclose int fd = netlink_open(host, NETLINK_ROUTE);
    check(link_find(fd, "lo", &loopback) == 0 && link_address(fd, loopback.index, CLIENT4 "/32") == 0 && link_address(fd, loopback.index, CLIENT6 "/128") == 0);
    holder = new_network();
    check(write_file(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", "1") == 0 && write_file(AT_FDCWD, "/proc/sys/net/ipv6/conf/all/forwarding", "1") == 0);
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

void stage_clear(void)
{
    for (size_t i = 0; i < count; i++)
        check(kill(servers[i], SIGKILL) == 0 && waitpid(servers[i], NULL, 0) == servers[i]);
    autofree char *remove = xasprintf("rm -r %s", top);
    check(system(remove) == 0);
}

struct role role_start_after(const char *path, rlim_t files, const char *before)
{
    struct role role = { 0 };
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    role.pid = fork();
    check(role.pid >= 0);
    if (role.pid == 0) {
        struct rlimit limit = { files, files };
        int far = fcntl(ends[1], F_DUPFD_CLOEXEC, 10), network = fcntl(holder, F_DUPFD_CLOEXEC, 10);
        check(setns(host, CLONE_NEWNET) == 0);
        null_stdio(3);
        dup2(far, 3);
        dup2(network, 4);
        if (files > 0)
            check(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        if (role_port)
            _exit(role_port(2, (char *[]){ (char *)(uintptr_t)"port", (char *)(uintptr_t)path, NULL }));
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

struct role role_start(const char *path, rlim_t files)
{
    return role_start_after(path, files, "\n");
}

void role_stop(struct role role)
{
    int status;
    close(role.socket);
    check(waitpid(role.pid, &status, 0) == role.pid && WIFEXITED(status));
    check(WEXITSTATUS(status) == 0 || role.said[0] == '1'); /* it said why */
}

void role_tell(struct role role)
{
    int waiting = 1;
    check(send(role.socket, "", 1, 0) == 1);
    /* A packet counts as unread until it is read, and the role does all that follows in the same turn. */
    while (ioctl(role.socket, TIOCOUTQ, &waiting) == 0 && waiting > 0)
        usleep(1000);
}

static void begin_server(struct role role)
{
    /* The role ends when nobody has its socket any more. */
    close(role.socket);
    check(setns(container, CLONE_NEWNET) == 0);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

static int open_server(int type, uint16_t port)
{
    int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0), one = 1, zero = 0;
    struct sockaddr_in6 name = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    check(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero) == 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
    check(bind(fd, (struct sockaddr *)&name, sizeof name) == 0 && (type == SOCK_DGRAM || listen(fd, 4096) == 0));
    return fd;
}

/* An address in IPv6's clothes becomes what it is. */
static union address plain(struct sockaddr_in6 name)
{
    union address address = { .v6 = name };
    if (!IN6_IS_ADDR_V4MAPPED(&name.sin6_addr))
        return address;
    address = (union address){ .v4 = { .sin_family = AF_INET, .sin_port = name.sin6_port } };
    memcpy(&address.v4.sin_addr, name.sin6_addr.s6_addr + 12, 4);
    return address;
}

static _Noreturn void serve_each(int listener, serve_one *one)
{
    for (;;) {
        struct sockaddr_in6 name;
        socklen_t size = sizeof name;
        int fd = accept(listener, (struct sockaddr *)&name, &size);
        if (fd >= 0 && fork() == 0) {
            union address client = plain(name);
            close(listener);
            one(fd, &client);
            _exit(0);
        }
        close(fd);
    }
}

static _Noreturn void serve_datagrams(int fd)
{
    for (;;) {
        char data[128];
        struct sockaddr_in6 name;
        socklen_t size = sizeof name;
        if (recvfrom(fd, data, sizeof data, 0, (struct sockaddr *)&name, &size) < 0)
            continue;
        union address client = plain(name);
        const char *words = address_words(&client);
        sendto(fd, words, strlen(words), 0, (struct sockaddr *)&name, size);
    }
}

static void greet(int epoll, int listener)
{
    struct sockaddr_in6 name;
    socklen_t size = sizeof name;
    int fd = accept4(listener, (struct sockaddr *)&name, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
    if (fd < 0)
        return;
    union address client = plain(name);
    dprintf(fd, "%s\n", address_words(&client));
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static _Noreturn void greet_all(int listener)
{
    static char data[1 << 16];
    struct epoll_event events[64] = { { .events = EPOLLIN, .data.fd = listener } };
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    allow_files();
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, events) == 0);
    for (;;) {
        int ready = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener)
                greet(epoll, fd);
            else if (read(fd, data, sizeof data) <= 0)
                close(fd);
        }
    }
}

/* In a child: nobody can connect before the parent has heard that the socket is there. */
static void start_server(struct role role, int type, uint16_t port, serve_one *one, bool crowd)
{
    int ends[2];
    char byte;
    check(count < sizeof servers / sizeof *servers && pipe2(ends, O_CLOEXEC) == 0);
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        begin_server(role);
        int fd = open_server(type, port);
        check(write(ends[1], "", 1) == 1);
        if (type == SOCK_DGRAM)
            serve_datagrams(fd);
        if (crowd)
            greet_all(fd);
        serve_each(fd, one);
    }
    servers[count++] = pid;
    close(ends[1]);
    check(read(ends[0], &byte, 1) == 1);
    close(ends[0]);
}

void stage_serve(struct role role, uint16_t port, serve_one *one)
{
    start_server(role, SOCK_STREAM, port, one, false);
}

void stage_serve_udp(struct role role, uint16_t port)
{
    start_server(role, SOCK_DGRAM, port, NULL, false);
}

void stage_greet(struct role role, uint16_t port)
{
    start_server(role, SOCK_STREAM, port, NULL, true);
}

int dial(int type, const char *from, const char *to, uint16_t port)
{
    union address source, target;
    check(address_parse(from, 0, &source) && address_parse(to, port, &target));
    int fd = socket(source.any.sa_family, type | SOCK_CLOEXEC, 0), one = 1;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    check(fd >= 0 && bind(fd, &source.any, address_size(&source)) == 0 && connect(fd, &target.any, address_size(&target)) == 0);
    return fd;
}

const char *address_words(const union address *address)
{
    static char words[INET6_ADDRSTRLEN + 8];
    bool six = address->any.sa_family == AF_INET6;
    check(inet_ntop(address->any.sa_family, six ? (const void *)&address->v6.sin6_addr : &address->v4.sin_addr, words, INET6_ADDRSTRLEN));
    snprintf(words + strlen(words), 8, " %u", ntohs(six ? address->v6.sin6_port : address->v4.sin_port));
    return words;
}

const char *own_words(int fd)
{
    union address own;
    socklen_t size = sizeof own;
    check(getsockname(fd, &own.any, &size) == 0);
    return address_words(&own);
}

rlim_t allow_files(void)
{
    struct rlimit limit;
    check(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    check(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    return limit.rlim_max;
}

size_t private_memory(pid_t pid)
{
    autofree char *path = xasprintf("/proc/%d/smaps_rollup", pid), *text = read_file(AT_FDCWD, path, 1 << 16, NULL);
    const char *line = text ? strstr(text, "Private_Dirty:") : NULL;
    check(line);
    return strtoul(strchr(line, ':') + 1, NULL, 10) * 1024;
}
