/* The whole server in a child, this process on both its sides: the one who asks, and the servers that it asks. */
#include "check.h"
#include "dns-connections.h"
#include "dns-forward.h"
#include "dns.h"
#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SERVERS = 2, PATIENCE = 20000 };

static char top[] = "/tmp/skiff-dns-serve-XXXXXX";
static int datagrams, listener, servers[SERVERS], streams[SERVERS], asker;
static struct sockaddr_in address;
static uint8_t query[DNS_LONGEST_ANSWER], asked[DNS_LONGEST_ANSWER], answer[DNS_LONGEST_ANSWER];
static struct sockaddr_storage source;
static pid_t child;

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
static void start(int count)
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

static void stop(int number)
{
    int status;
    check(kill(child, number) == 0 && waitpid(child, &status, 0) == child);
    check(number == SIGKILL ? WIFSIGNALED(status) : WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static size_t make(int id, const char *name, int type)
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

static bool is_there(int fd, int milliseconds)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    return poll(&wait, 1, milliseconds) == 1;
}

static void ask(int id, const char *name, int type)
{
    size_t size = make(id, name, type);
    check(send(asker, query, size, 0) == (ssize_t)size);
}

/* The code of the answer to `id`. */
static int code_of(int id, size_t *size)
{
    check(is_there(asker, PATIENCE));
    ssize_t got = recv(asker, answer, sizeof answer, 0);
    check(got >= DNS_HEADER && dns_get16(answer) == id && answer[2] & 0x80);
    if (size)
        *size = (size_t)got;
    return dns_code(answer);
}

/* Which of two has something. */
static int which(const int fds[SERVERS])
{
    struct pollfd wait[SERVERS] = { { .fd = fds[0], .events = POLLIN }, { .fd = fds[1], .events = POLLIN } };
    check(poll(wait, SERVERS, PATIENCE) > 0);
    return wait[0].revents ? 0 : 1;
}

/* What one of the servers is asked. */
static size_t take(int server)
{
    socklen_t length = sizeof source;
    check(is_there(servers[server], PATIENCE));
    ssize_t got = recvfrom(servers[server], asked, sizeof asked, 0, (struct sockaddr *)&source, &length);
    check(got > DNS_HEADER);
    return (size_t)got;
}

static void reply(int server, const uint8_t *bytes, size_t size)
{
    check(sendto(servers[server], bytes, size, 0, (struct sockaddr *)&source, source.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)) == (ssize_t)size);
}

/* The question, turned into an answer with this code. */
static void reply_code(int server, size_t size, int code)
{
    asked[2] |= 0x80;
    asked[3] = (uint8_t)(0x80 | code);
    reply(server, asked, size);
}

/* Whoever is asked answers: which one it is depends on how long a test takes. */
static void reply_of_any(int code)
{
    int server = which(servers);
    reply_code(server, take(server), code);
}

static void test_own_names(void)
{
    size_t size;
    ask(1, "REDIS", DNS_A);
    check(code_of(1, &size) == DNS_NOERROR && dns_get16(answer + 6) == 1 && memcmp(answer + size - 4, "\254\22\0\2", 4) == 0 && memcmp(answer + DNS_HEADER + 1, "REDIS", 5) == 0);
    ask(2, "redis.front", DNS_AAAA);
    check(code_of(2, &size) == DNS_NOERROR && dns_get16(answer + 6) == 0);
    ask(3, "redis", 65); /* HTTPS: musl and browsers ask for it */
    check(code_of(3, NULL) == DNS_NOERROR && dns_get16(answer + 6) == 0);
    ask(4, "2.0.18.172.in-addr.arpa", DNS_PTR);
    check(code_of(4, NULL) == DNS_NOERROR && dns_get16(answer + 6) == 1);
    ask(5, "99.0.18.172.in-addr.arpa", DNS_PTR); /* nobody's, and nobody else is asked */
    check(code_of(5, NULL) == DNS_NXDOMAIN && !is_there(servers[0], 0) && !is_there(servers[1], 0));
    /* Each address comes first now and then. */
    unsigned seen = 0;
    for (int i = 0; i < 1000 && seen != 7; i++) {
        ask(6, "many", DNS_A);
        check(code_of(6, NULL) == DNS_NOERROR && dns_get16(answer + 6) == 3);
        seen |= 1u << (answer[DNS_HEADER + 6 + 4 + 15] - 3);
    }
    check(seen == 7);
}

static void test_forwarding(void)
{
    ask(10, "example.com", DNS_A);
    size_t size = take(0);
    uint8_t wrong[512];
    memcpy(wrong, asked, size);
    wrong[2] |= 0x80;
    wrong[0] ^= 1; /* another id: not believed */
    reply(0, wrong, size);
    wrong[0] ^= 1;
    wrong[DNS_HEADER + 1] ^= 1; /* another question: neither */
    reply(0, wrong, size);
    reply(0, (const uint8_t *)"x", 1);
    check(!is_there(asker, 50));
    reply_code(0, size, DNS_NXDOMAIN);
    check(code_of(10, NULL) == DNS_NXDOMAIN);
    /* Ids and ports of ours are others each time. */
    unsigned ids = 0, ports = 0, last_id = 0, last_port = 0;
    for (int i = 0; i < 16; i++) {
        ask(11, "example.com", DNS_A);
        size = take(0);
        unsigned id = dns_get16(asked), port = ((struct sockaddr_in *)&source)->sin_port;
        ids += id != last_id, ports += port != last_port, last_id = id, last_port = port;
        reply_code(0, size, DNS_NOERROR);
        check(code_of(11, NULL) == DNS_NOERROR);
    }
    check(ids > 12 && ports > 12);
}

static void test_next_server(void)
{
    ask(20, "example.com", DNS_A);
    reply_code(0, take(0), DNS_REFUSED);
    reply_code(1, take(1), DNS_NOERROR); /* over IPv6 */
    check(code_of(20, NULL) == DNS_NOERROR);
    ask(21, "example.com", DNS_A);
    reply_code(0, take(0), DNS_SERVFAIL);
    reply_code(1, take(1), DNS_SERVFAIL);
    check(code_of(21, NULL) == DNS_SERVFAIL);
    /* One that is silent is given up, and the next question goes to the other at once. */
    ask(22, "example.com", DNS_A);
    take(0);
    reply_code(1, take(1), DNS_NOERROR);
    check(code_of(22, NULL) == DNS_NOERROR);
    ask(23, "example.com", DNS_A);
    reply_code(1, take(1), DNS_NOERROR);
    check(code_of(23, NULL) == DNS_NOERROR);
    /* Asked again while we wait: the same goes out again, and there is one answer. */
    ask(24, "example.com", DNS_A);
    take(1);
    ask(24, "example.com", DNS_A);
    reply_code(1, take(1), DNS_NOERROR);
    check(code_of(24, NULL) == DNS_NOERROR && !is_there(asker, 50));
}

static void test_flood(void)
{
    char name[32];
    int refused = 0, own = 0;
    for (int i = 0; i < DNS_OUTSTANDING + 40; i++) {
        snprintf(name, sizeof name, "flood%d.example.com", i);
        ask(1000 + i, name, DNS_A);
        while (is_there(asker, 0)) {
            check(recv(asker, answer, sizeof answer, 0) > 0 && dns_code(answer) == DNS_SERVFAIL && dns_get16(answer) == 1000 + refused);
            refused++;
        }
    }
    ask(9, "redis", DNS_A); /* who needs nobody else is not held up */
    while (!own) {
        check(is_there(asker, PATIENCE) && recv(asker, answer, sizeof answer, 0) > 0);
        own = dns_get16(answer) == 9;
        refused += !own;
    }
    check(refused == 40 && dns_code(answer) == DNS_NOERROR);
    for (int i = 0; i < DNS_OUTSTANDING + 40; i++) /* of those given up nobody waits for an answer */
        reply_of_any(DNS_NOERROR);
    for (int i = 0; i < DNS_OUTSTANDING; i++)
        check(is_there(asker, PATIENCE) && recv(asker, answer, sizeof answer, 0) > 0 && dns_code(answer) == DNS_NOERROR);
    check(!is_there(asker, 50));
}

static void test_nonsense(void)
{
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        size_t size = i % 50 == 0 ? 60000 : random % 600;
        for (size_t k = 0; k < size; k++) {
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            query[k] = (uint8_t)(k == 2 || k == 4 || (k > 5 && k < 10) ? 0 : random);
        }
        if (i % 2)
            query[5] = 1;
        if (size > 0)
            send(asker, query, size, MSG_DONTWAIT);
        while (is_there(asker, 0))
            check(recv(asker, answer, sizeof answer, 0) >= DNS_HEADER);
    }
    ask(8, "redis", DNS_A);
    while (is_there(asker, PATIENCE) && recv(asker, answer, sizeof answer, 0) > 0 && dns_get16(answer) != 8)
        ;
    check(dns_get16(answer) == 8 && dns_code(answer) == DNS_NOERROR && dns_get16(answer + 6) == 1);
}

static int call(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

static void say(int fd, const uint8_t *bytes, size_t size)
{
    uint8_t length[2];
    dns_put16(length, (uint16_t)size);
    check(write_all(fd, length, 2) == 0 && write_all(fd, bytes, size) == 0);
}

static size_t hear(int fd, uint8_t *bytes)
{
    uint8_t length[2];
    check(read_all(fd, length, 2) == 2 && read_all(fd, bytes, dns_get16(length)) == dns_get16(length));
    return dns_get16(length);
}

static void test_truncation(void)
{
    size_t size;
    ask(30, "crowd", DNS_A);
    check(code_of(30, &size) == DNS_NOERROR && size <= DNS_PLAIN_UDP && answer[2] & 2);
    autoclose int fd = call();
    size = make(31, "crowd", DNS_A);
    say(fd, query, size);
    check(hear(fd, answer) == size + 200 * 16 && !(answer[2] & 2) && dns_get16(answer + 6) == 200);
}

static void test_connections(void)
{
    autoclose int fd = call();
    size_t size = make(40, "redis", DNS_A);
    uint8_t both[256];
    for (int i = 0; i < 2; i++) { /* two questions at once, a byte at a time the first */
        dns_put16(both + i * (size + 2), (uint16_t)size);
        memcpy(both + i * (size + 2) + 2, query, size);
    }
    for (size_t i = 0; i < size; i++)
        check(write_all(fd, both + i, 1) == 0);
    check(write_all(fd, both + size, size + 4) == 0);
    for (int i = 0; i < 2; i++)
        check(hear(fd, answer) == size + 16 && dns_get16(answer) == 40);
    /* Others are asked by TCP as well, and their answer may be as long as it likes. */
    size = make(41, "example.com", 16);
    say(fd, query, size);
    autoclose int stream = accept(streams[which(streams)], NULL, NULL);
    check(hear(stream, asked) == size);
    asked[2] |= 0x80;
    memset(asked + size, 'x', DNS_LONGEST_ANSWER - size);
    say(stream, asked, DNS_LONGEST_ANSWER);
    check(hear(fd, answer) == DNS_LONGEST_ANSWER && dns_get16(answer) == 41 && answer[DNS_LONGEST_ANSWER - 1] == 'x');
    /* The one that is asked hangs up: the next one is. */
    say(fd, query, size);
    close(accept(streams[which(streams)], NULL, NULL));
    autoclose int other = accept(streams[which(streams)], NULL, NULL);
    hear(other, asked);
    asked[2] |= 0x80;
    say(other, asked, size);
    check(hear(fd, answer) == size);
    /* Nonsense ends the connection. */
    uint8_t huge[2] = { 0xff, 0xff };
    check(write_all(fd, huge, 2) == 0 && read(fd, answer, 1) <= 0);
}

static void test_many_connections(void)
{
    int fds[DNS_CONNECTIONS + 8];
    for (int i = 0; i < DNS_CONNECTIONS + 8; i++)
        fds[i] = call();
    autoclose int fd = call();
    size_t size = make(50, "redis", DNS_A);
    say(fd, query, size);
    check(hear(fd, answer) == size + 16);
    check(read(fds[0], answer, 1) == 0); /* the one that was idle longest */
    for (int i = 0; i < DNS_CONNECTIONS + 8; i++)
        close(fds[i]);
}

/* The next one is there already when the old one is asked to end. */
static void test_end(void)
{
    ask(60, "example.com", DNS_A);
    int server = which(servers);
    size_t size = take(server);
    pid_t old = child;
    check(kill(old, SIGTERM) == 0);
    int status;
    check(waitpid(old, &status, WNOHANG) == 0);
    reply_code(server, size, DNS_NOERROR);
    check(code_of(60, NULL) == DNS_NOERROR);
    check(waitpid(old, &status, 0) == old && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ask(61, "redis", DNS_A); /* nobody is there, and nothing is lost */
    start(0);
    check(code_of(61, NULL) == DNS_NOERROR);
    ask(62, "example.com", DNS_A); /* without servers */
    check(code_of(62, NULL) == DNS_NXDOMAIN);
    stop(SIGKILL);
    ask(63, "redis", DNS_A);
    start(1);
    check(code_of(63, NULL) == DNS_NOERROR);
    /* Nobody listens where we ask: told at once, not when the time is over. */
    close_fd(&servers[0]);
    ask(64, "example.com", DNS_A);
    check(code_of(64, NULL) == DNS_SERVFAIL);
    stop(SIGTERM);
}

int main(void)
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
    start(0);
    test_nonsense();
    stop(SIGTERM);
    start(SERVERS);
    test_own_names();
    test_forwarding();
    test_next_server();
    test_flood();
    test_truncation();
    test_connections();
    test_many_connections();
    test_end();
    for (int i = 3; i < 6; i++)
        snprintf(name, sizeof name, "172.18.0.%d", i), remove_lease(name);
    for (int i = 0; i < 200; i++)
        snprintf(name, sizeof name, "172.18.1.%d", i), remove_lease(name);
    remove_lease("172.18.0.2");
    check(rmdir(top) == 0);
    return 0;
}
