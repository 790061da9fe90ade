#include "dns-sides.h"
#include "check.h"
#include "dns.h"
#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[] = "/tmp/skiff-dns-serve-XXXXXX";
int servers[SERVERS], streams[SERVERS], asker;
static int datagrams, listener;
static struct sockaddr_in address;
uint8_t query[DNS_LONGEST_ANSWER], asked[DNS_LONGEST_ANSWER], answer[DNS_LONGEST_ANSWER];
struct sockaddr_storage source;
pid_t child;

static int port_of(int fd)
{
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    check(getsockname(fd, (struct sockaddr *)&name, &length) == 0);
    return ntohs(name.ss_family == AF_INET ? ((struct sockaddr_in *)&name)->sin_port : ((struct sockaddr_in6 *)&name)->sin6_port);
}

static int bound(int family, int type, int port)
{
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) }, .sin_port = htons((uint16_t)port) };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = htons((uint16_t)port) };
    int fd = socket(family, type | SOCK_CLOEXEC, 0);
    check(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){ 1 << 20 }, sizeof(int)); /* the flood has to fit in */
    if (bind(fd, family == AF_INET ? (struct sockaddr *)&four : (struct sockaddr *)&six, family == AF_INET ? sizeof four : sizeof six) < 0)
        close_fd(&fd);
    else if (type == SOCK_STREAM)
        check(listen(fd, 64) == 0);
    return fd;
}

/* A port that both kinds of sockets can have. */
static void bind_both(int family, int *udp, int *tcp)
{
    do {
        *udp = bound(family, SOCK_DGRAM, 0);
        check(*udp >= 0);
        *tcp = bound(family, SOCK_STREAM, port_of(*udp));
        if (*tcp < 0)
            close_fd(udp);
    } while (*tcp < 0);
}

static void write_lease(const char *file, const char *names)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", top, file);
    FILE *lease = fopen(path, "w");
    check(lease && fputs(names, lease) >= 0 && fclose(lease) == 0);
}

static void remove_lease(const char *file)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", top, file);
    check(unlink(path) == 0);
}

/* How the server is told whom to ask: as many of ours as `count`. */
void start(int count)
{
    child = fork();
    check(child >= 0);
    if (child > 0)
        return;
    static struct dns_config config;
    static struct dns_scope scope;
    static struct dns_subnet subnet = { .address = { 172, 18 }, .prefix = 16 };
    sigset_t term;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_SETMASK, &term, NULL);
    for (int i = 0; i < count; i++)
        check(dns_config_server(&config, i == 1 ? "::1" : "127.0.0.1", port_of(servers[i])));
    for (int i = 0; i < SERVERS; i++)
        close(servers[i]), close(streams[i]);
    close(asker);
    check(dns_scope_open(&scope, top, "front") == 0);
    config.known = (struct dns_known){ .names = { .scopes = &scope, .scope_count = 1 }, .subnets = &subnet, .subnet_count = 1, .has_servers = count > 0, .random = 1 };
    dns_serve(&config, datagrams, listener);
    dns_scope_close(&scope);
    exit(0);
}

void stop(int number)
{
    int status;
    check(kill(child, number) == 0 && waitpid(child, &status, 0) == child);
    check(number == SIGKILL ? WIFSIGNALED(status) : WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

size_t make(int id, const char *name, int type)
{
    size_t size = DNS_HEADER;
    memset(query, 0, DNS_HEADER);
    dns_put16(query, (uint16_t)id);
    query[2] = query[5] = 1;
    while (*name) {
        size_t length = strcspn(name, ".");
        query[size++] = (uint8_t)length;
        memcpy(query + size, name, length);
        size += length;
        name += length + (name[length] == '.');
    }
    query[size] = 0;
    dns_put16(query + size + 1, (uint16_t)type);
    dns_put16(query + size + 3, DNS_IN);
    return size + 5;
}

bool is_there(int fd, int milliseconds)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    return poll(&wait, 1, milliseconds) == 1;
}

void ask(int id, const char *name, int type)
{
    size_t size = make(id, name, type);
    check(send(asker, query, size, 0) == (ssize_t)size);
}

/* The code of the answer to `id`. */
int code_of(int id, size_t *size)
{
    check(is_there(asker, PATIENCE));
    ssize_t got = recv(asker, answer, sizeof answer, 0);
    check(got >= DNS_HEADER && dns_get16(answer) == id && answer[2] & 0x80);
    if (size)
        *size = (size_t)got;
    return dns_code(answer);
}

/* Which of two has something. */
int which(const int fds[SERVERS])
{
    struct pollfd wait[SERVERS] = { { .fd = fds[0], .events = POLLIN }, { .fd = fds[1], .events = POLLIN } };
    check(poll(wait, SERVERS, PATIENCE) > 0);
    return wait[0].revents ? 0 : 1;
}

/* What one of the servers is asked. */
size_t take(int server)
{
    socklen_t length = sizeof source;
    check(is_there(servers[server], PATIENCE));
    ssize_t got = recvfrom(servers[server], asked, sizeof asked, 0, (struct sockaddr *)&source, &length);
    check(got > DNS_HEADER);
    return (size_t)got;
}

void reply(int server, const uint8_t *bytes, size_t size)
{
    check(sendto(servers[server], bytes, size, 0, (struct sockaddr *)&source, source.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)) == (ssize_t)size);
}

/* The question, turned into an answer with this code. */
void reply_code(int server, size_t size, int code)
{
    asked[2] |= 0x80;
    asked[3] = (uint8_t)(0x80 | code);
    reply(server, asked, size);
}

/* Whoever is asked answers: which one it is depends on how long a test takes. */
void reply_of_any(int code)
{
    int server = which(servers);
    reply_code(server, take(server), code);
}

int call(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

void say(int fd, const uint8_t *bytes, size_t size)
{
    uint8_t length[2];
    dns_put16(length, (uint16_t)size);
    check(write_all(fd, length, 2) == 0 && write_all(fd, bytes, size) == 0);
}

size_t hear(int fd, uint8_t *bytes)
{
    uint8_t length[2];
    check(read_all(fd, length, 2) == 2 && read_all(fd, bytes, dns_get16(length)) == dns_get16(length));
    return dns_get16(length);
}

void set_up(void)
{
    char name[32];
    check(mkdtemp(top));
    write_lease("172.18.0.2", "name redis\n");
    for (int i = 3; i < 6; i++)
        snprintf(name, sizeof name, "172.18.0.%d", i), write_lease(name, "name a\nname many\n");
    for (int i = 0; i < 200; i++)
        snprintf(name, sizeof name, "172.18.1.%d", i), write_lease(name, "name b\nname crowd\n");
    bind_both(AF_INET, &datagrams, &listener);
    bind_both(AF_INET, &servers[0], &streams[0]);
    bind_both(AF_INET6, &servers[1], &streams[1]);
    set_nonblocking(listener, true);
    address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) }, .sin_port = htons((uint16_t)port_of(datagrams)) };
    asker = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(asker, SOL_SOCKET, SO_RCVBUF, &(int){ 1 << 20 }, sizeof(int));
    check(connect(asker, (struct sockaddr *)&address, sizeof address) == 0);
}

void tear_down(void)
{
    char name[32];
    for (int i = 2; i < 6; i++)
        snprintf(name, sizeof name, "172.18.0.%d", i), remove_lease(name);
    for (int i = 0; i < 200; i++)
        snprintf(name, sizeof name, "172.18.1.%d", i), remove_lease(name);
    check(rmdir(top) == 0);
}
