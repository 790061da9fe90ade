#include "dns.h"
#include "dns-confine.h"
#include "dns-connections.h"
#include "dns-forward.h"
#include "roles.h"
#include "util.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    AT_ONCE = 32,               /* datagrams, before others have their turn */
    NETWORK_NAMESPACE = 3,      /* fd: of the container */
    LARGEST_DATAGRAM = 65507,
};

/* What poll(2) looks at, in this order. */
enum { DATAGRAMS, LISTENER, CONNECTIONS, EXCHANGES = CONNECTIONS + DNS_CONNECTIONS, ALL = EXCHANGES + DNS_OUTSTANDING };

struct server {
    struct dns_config *config;
    struct dns_forward forward;
    struct dns_connections connections;
    int datagrams, listener;
    struct pollfd fds[ALL];
};

static uint8_t block[DNS_LONGEST_ANSWER];
static struct server server;
static volatile sig_atomic_t is_to_end;

static void note_end(int number)
{
    (void)number;
    is_to_end = 1;
}

/* What is too long for a datagram is asked again by TCP. */
static void send_datagram(const struct dns_asker *asker, uint8_t *answer, size_t size)
{
    if (size > LARGEST_DATAGRAM)
        size = dns_truncate(answer, size);
    /* Should the asker's buffer be full, it is not our memory that keeps the answer. */
    if (size > 0)
        sendto(server.datagrams, answer, size, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&asker->address, sizeof asker->address);
}

static void deliver(void *context, const struct dns_asker *asker, uint8_t *answer, size_t size)
{
    (void)context;
    if (asker->connection < 0)
        send_datagram(asker, answer, size);
    else
        dns_connections_answer(&server.connections, asker->connection, asker->turn, answer, size);
}

static void answer_question(const struct dns_asker *asker, const uint8_t *query, size_t size)
{
    size_t answer_size = 0;
    switch (dns_answer(&server.config->known, query, size, asker->connection >= 0, block, &answer_size)) {
    case DNS_FORWARD: dns_forward(&server.forward, asker, query, size); break;
    case DNS_ANSWERED:
    case DNS_SILENT: deliver(NULL, asker, block, answer_size); break;
    }
}

static void ask_by_connection(void *context, int connection, unsigned turn, const uint8_t *query, size_t size)
{
    (void)context;
    answer_question(&(struct dns_asker){ .connection = connection, .turn = turn }, query, size);
}

static void take_datagrams(void)
{
    /* One byte more than the longest, so that a longer one is seen to be too long. */
    uint8_t query[DNS_LONGEST_QUESTION + 1];
    for (int i = 0; i < AT_ONCE; i++) {
        struct dns_asker asker = { .connection = -1 };
        socklen_t length = sizeof asker.address;
        ssize_t size = recvfrom(server.datagrams, query, sizeof query, MSG_DONTWAIT, (struct sockaddr *)&asker.address, &length);
        if (size < 0)
            return;
        answer_question(&asker, query, (size_t)size);
    }
}

static int64_t earlier(int64_t one, int64_t other)
{
    if (one < 0 || other < 0)
        return one < 0 ? other : one;
    return one < other ? one : other;
}

/* Sleeps until something comes, for ever with nothing outstanding. False after a signal. */
static bool wait_for_something(const sigset_t *signals)
{
    int64_t deadline = earlier(dns_forward_deadline(&server.forward), dns_connections_deadline(&server.connections)), left = deadline - dns_now();
    left = left > 0 ? left : 0;
    struct timespec timeout = { .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };
    server.fds[DATAGRAMS] = (struct pollfd){ .fd = is_to_end ? -1 : server.datagrams, .events = POLLIN };
    server.fds[LISTENER] = (struct pollfd){ .fd = is_to_end ? -1 : server.listener, .events = POLLIN };
    dns_connections_wait(&server.connections, server.fds + CONNECTIONS);
    dns_forward_wait(&server.forward, server.fds + EXCHANGES);
    return ppoll(server.fds, EXCHANGES + server.forward.count, deadline < 0 ? NULL : &timeout, signals) >= 0;
}

static void take_turns(size_t exchanges)
{
    int64_t now = dns_now();
    dns_forward_turn(&server.forward, server.fds + EXCHANGES, exchanges);
    dns_connections_turn(&server.connections, server.fds + CONNECTIONS, now);
    if (server.fds[LISTENER].revents)
        dns_connections_accept(&server.connections, server.listener, now);
    if (server.fds[DATAGRAMS].revents)
        take_datagrams();
}

void dns_serve(struct dns_config *config, int datagrams, int listener)
{
    sigset_t signals;
    struct sigaction action = { .sa_handler = note_end };
    is_to_end = 0;
    sigaction(SIGTERM, &action, NULL);
    sigprocmask(SIG_SETMASK, NULL, &signals);
    sigdelset(&signals, SIGTERM);
    server.config = config;
    server.forward.config = config;
    server.forward.block = block;
    server.forward.deliver = deliver;
    server.datagrams = datagrams;
    server.listener = listener;
    server.connections.ask = ask_by_connection;
    dns_connections_init(&server.connections);
    for (;;) {
        size_t exchanges = server.forward.count;
        if (wait_for_something(&signals))
            take_turns(exchanges);
        dns_forward_expire(&server.forward, dns_now());
        dns_connections_expire(&server.connections, dns_now());
        if (is_to_end && !dns_connections_end(&server.connections) && server.forward.count == 0)
            return;
    }
}

/* Sockets for all outstanding questions, and a few files. */
static void allow_sockets(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 2 * DNS_OUTSTANDING) {
        limit.rlim_cur = limit.rlim_max < 2 * DNS_OUTSTANDING ? limit.rlim_max : 2 * DNS_OUTSTANDING;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Where servers are asked from; sockets that are there stay where they were made. */
static void choose_network(const struct plan *file)
{
    if (dns_is_from_container(file) && setns(NETWORK_NAMESPACE, CLONE_NEWNET) < 0)
        die_errno("cannot enter the container's network namespace");
    close_from(NETWORK_NAMESPACE);
}

int role_dns(int argc, char **argv)
{
    static struct dns_config config;
    sigset_t term;
    if (argc != 2)
        die("dns: PATH");
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    prctl(PR_SET_NAME, "skiff-dns");
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_SETMASK, &term, NULL);
    const struct plan *file = plan_read(argv[1]);
    choose_network(file);
    dns_config_read(&config, file);
    allow_sockets();
    set_nonblocking(1, true);
    size_t count = config.known.names.scope_count;
    int *directories = xmalloc((count + 1) * sizeof *directories);
    for (size_t i = 0; i < count; i++)
        directories[i] = config.known.names.scopes[i].directory;
    dns_confine(directories, count);
    free(directories);
    dns_serve(&config, 0, 1);
    return 0;
}
