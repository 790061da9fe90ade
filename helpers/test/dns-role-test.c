/*
 * The role as it ships, sandbox and all, between two network namespaces: that of the "host", where it is started, and that of
 * the "container", where its sockets are. In each a server of ours listens at 127.0.0.1. This process is the monitor, too.
 */
#include "check.h"
#include "dns-sides.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { HOST, CONTAINER };

static char top[] = "/tmp/skiff-dns-role-XXXXXX", program[PATH_MAX], network_file[PATH_MAX];
static int namespaces[2], datagrams, listener;

/* A user namespace where we may make networks; nothing to set where we are root already. */
static void be_root(void)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    if (unshare(CLONE_NEWUSER) < 0) {
        perror("unshare");
        exit(1);
    }
    char *uids = xasprintf("0 %u 1", uid), *gids = xasprintf("0 %u 1", gid);
    check(write_file(AT_FDCWD, "/proc/self/setgroups", "deny") == 0 || errno == ENOENT);
    check(write_file(AT_FDCWD, "/proc/self/uid_map", uids) == 0 && write_file(AT_FDCWD, "/proc/self/gid_map", gids) == 0);
    free(uids);
    free(gids);
}

static int bound(int type, const char *address, int port)
{
    struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    unsigned char *bytes = (unsigned char *)&name.sin_addr;
    check(sscanf(address, "%hhu.%hhu.%hhu.%hhu", bytes, bytes + 1, bytes + 2, bytes + 3) == 4);
    check(fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof name) == 0);
    return fd;
}

static void new_network(int index)
{
    struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
    check(unshare(CLONE_NEWNET) == 0);
    namespaces[index] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    servers[index] = bound(SOCK_DGRAM, "127.0.0.1", 53);
    check(namespaces[index] >= 0 && ioctl(servers[index], SIOCSIFFLAGS, &loopback) == 0);
}

static void write_text(const char *path, const char *text, size_t size)
{
    FILE *file = fopen(path, "w");
    check(file && fwrite(text, 1, size, file) == size && fclose(file) == 0);
}

static void write_network_file(const char *from, bool with_server)
{
    char text[PATH_MAX + 512];
    int size = snprintf(text, sizeof text, "1%cskiff-plan-1%c2%caddress%c172.18.0.3/16%c3%cdns-scope%c%s/up%cfront%c2%cdns-from%c%s%c3%cdns-link%cStore%cRedis%c", 0, 0, 0, 0, 0, 0, 0,
                        top, 0, 0, 0, 0, from, 0, 0, 0, 0, 0);
    check(size > 0);
    if (with_server)
        size += snprintf(text + size, sizeof text - (size_t)size, "2%cdns-server%c127.0.0.1%c", 0, 0, 0);
    write_text(network_file, text, (size_t)size);
}

/* What the monitor does. */
static void start_role(void)
{
    child = fork();
    check(child >= 0);
    if (child > 0)
        return;
    int high = fcntl(namespaces[CONTAINER], F_DUPFD, 20);
    char *arguments[] = { program, "dns", network_file, NULL }, *environment[] = { NULL };
    if (setns(namespaces[HOST], CLONE_NEWNET) < 0 || high < 0 || dup2(datagrams, 0) < 0 || dup2(listener, 1) < 0 || dup2(high, 3) < 0)
        _exit(1);
    execve(program, arguments, environment);
    _exit(127);
}

static void test_answers(void)
{
    size_t size;
    ask(1, "Store.FRONT", DNS_A);
    check(code_of(1, &size) == DNS_NOERROR && dns_get16(answer + 6) == 1 && memcmp(answer + size - 4, "\254\22\0\2", 4) == 0);
    ask(2, "redis", DNS_AAAA);
    check(code_of(2, NULL) == DNS_NOERROR && dns_get16(answer + 6) == 0);
    ask(3, "7.0.18.172.in-addr.arpa", DNS_PTR);
    check(code_of(3, NULL) == DNS_NXDOMAIN);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in name;
    socklen_t length = sizeof name;
    check(getsockname(listener, (struct sockaddr *)&name, &length) == 0 && connect(fd, (struct sockaddr *)&name, sizeof name) == 0);
    say(fd, query, make(4, "redis", DNS_A));
    check(hear(fd, answer) > DNS_HEADER && dns_get16(answer) == 4 && dns_get16(answer + 6) == 1);
    close(fd);
    ask(5, "example.com", DNS_A);
    reply_of_any(DNS_NOERROR);
    check(code_of(5, NULL) == DNS_NOERROR);
}

/* From /proc, which shows this of a process that cannot be traced, too. */
static long status_of(const char *name, int base)
{
    char *path = xasprintf("/proc/%d/status", child), *text = read_file(AT_FDCWD, path, 65536, NULL);
    check(text && strstr(text, name));
    long value = strtol(strstr(text, name) + strlen(name), NULL, base);
    free(path);
    free(text);
    return value;
}

static void test_confinement(void)
{
    check(status_of("CapEff:", 16) == 0 && status_of("CapPrm:", 16) == 0 && status_of("CapAmb:", 16) == 0);
    check(status_of("NoNewPrivs:", 10) == 1 && status_of("Seccomp:", 10) == 2);
    check(status_of("VmRSS:", 10) < 1024);
}

/* It has nothing to do, and does nothing: not one switch to it in half a second. On a busy machine it may be late for the last answer, once or twice. */
static void test_idleness(void)
{
    struct timespec half = { .tv_nsec = 500000000 };
    long before, after = -1;
    for (int i = 0; i < 10; i++) {
        before = status_of("voluntary_ctxt_switches:", 10);
        nanosleep(&half, NULL);
        after = status_of("voluntary_ctxt_switches:", 10);
        if (after == before)
            break;
    }
    check(after == before);
}

/* A thousand questions that others would have to answer, loops, 60 kB at once: the process and its size stay. */
static void test_hostility(void)
{
    uint64_t random = 88172645463325252u;
    char name[32];
    for (int i = 0; i < 5000; i++) {
        size_t size = i % 100 == 0 ? 60000 : random % 1200;
        for (size_t k = 0; k < size; k++) {
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            query[k] = (uint8_t)(k == 2 || k == 4 || (k > 5 && k < DNS_HEADER) ? 0 : k == 5 ? 1 : k == DNS_HEADER && i % 3 == 0 ? 0xc0 : random);
        }
        if (size > 0)
            send(asker, query, size, MSG_DONTWAIT);
        snprintf(name, sizeof name, "x%d.example.com", i);
        if (i % 5 == 0)
            ask(10, name, DNS_A);
        while (is_there(asker, 0))
            check(recv(asker, answer, sizeof answer, 0) >= DNS_HEADER);
    }
    do {
        ask(11, "redis", DNS_A);
        check(is_there(asker, PATIENCE) && recv(asker, answer, sizeof answer, 0) > 0);
    } while (dns_get16(answer) != 11 || dns_code(answer) != DNS_NOERROR);
    check(waitpid(child, NULL, WNOHANG) == 0 && status_of("VmRSS:", 10) < 2048);
}

static int by_value(const void *one, const void *other)
{
    double difference = *(const double *)one - *(const double *)other;
    return difference > 0 ? 1 : difference < 0 ? -1 : 0;
}

/* Told, and not judged: how busy the machine is nobody knows. */
static void measure(void)
{
    static double times[1000];
    for (int i = 0; i < 1000; i++) {
        struct timespec before, after;
        clock_gettime(CLOCK_MONOTONIC, &before);
        ask(i, "redis", DNS_A);
        check(code_of(i, NULL) == DNS_NOERROR);
        clock_gettime(CLOCK_MONOTONIC, &after);
        times[i] = (double)(after.tv_sec - before.tv_sec) * 1000 + (double)(after.tv_nsec - before.tv_nsec) / 1e6;
    }
    qsort(times, 1000, sizeof *times, by_value);
    printf("an answer takes %.3f ms (median of 1000)\n", times[500]);
}

/* Which of the two networks a question of others goes to. */
static void test_where_from(const char *from, int index, int other)
{
    write_network_file(from, true);
    start_role();
    ask(20, "example.com", DNS_A);
    check(which(servers) == index);
    reply_code(index, take(index), DNS_NXDOMAIN);
    check(code_of(20, NULL) == DNS_NXDOMAIN && !is_there(servers[other], 0));
    stop(SIGTERM);
}

static void set_up_role(void)
{
    char path[PATH_MAX];
    check(mkdtemp(top));
    snprintf(path, sizeof path, "%s/up", top);
    check(mkdir(path, 0755) == 0);
    snprintf(path, sizeof path, "%s/up/172.18.0.2", top);
    write_text(path, "name redis\n", 11);
    snprintf(network_file, sizeof network_file, "%s/network", top);
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 64);
    check(length > 0);
    program[length] = 0;
    for (int i = 0; i < 3; i++) /* …/helpers-asan/test/NAME */
        *strrchr(program, '/') = 0;
    strcat(program, "/helpers/skiff-helper");
    be_root();
    new_network(HOST);
    new_network(CONTAINER);
    datagrams = bound(SOCK_DGRAM, "127.0.0.11", 53);
    listener = bound(SOCK_STREAM, "127.0.0.11", 53);
    check(listen(listener, 64) == 0);
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    asker = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    check(getsockname(datagrams, (struct sockaddr *)&name, &size) == 0 && connect(asker, (struct sockaddr *)&name, size) == 0);
}

static void tear_down_role(void)
{
    check(chdir(top) == 0 && unlink("up/172.18.0.2") == 0 && rmdir("up") == 0 && unlink("network") == 0 && rmdir(top) == 0);
}

int main(void)
{
    set_up_role();
    test_where_from("host", HOST, CONTAINER);
    test_where_from("container", CONTAINER, HOST);
    write_network_file("host", true);
    start_role();
    test_answers();
    test_confinement();
    test_idleness();
    measure();
    test_hostility();
    stop(SIGKILL);
    ask(30, "redis", DNS_A); /* while nobody is there */
    write_network_file("host", false);
    start_role();
    do /* what was asked before is answered as well */
        check(is_there(asker, PATIENCE) && recv(asker, answer, sizeof answer, 0) > 0);
    while (dns_get16(answer) != 30);
    check(dns_code(answer) == DNS_NOERROR);
    ask(31, "example.com", DNS_A);
    check(code_of(31, NULL) == DNS_NXDOMAIN);
    stop(SIGTERM);
    tear_down_role();
    return 0;
}
