/* What the name server knows itself, by UDP and TCP, and what nonsense does to it. */
#include "check.h"
#include "dns-connections.h"
#include "dns-sides.h"
#include "util.h"

#include <sys/socket.h>
#include <signal.h>
#include <unistd.h>

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

int main(void)
{
    set_up();
    start(0);
    test_nonsense();
    stop(SIGTERM);
    start(SERVERS);
    test_own_names();
    test_truncation();
    test_connections();
    test_many_connections();
    stop(SIGTERM);
    tear_down();
    return 0;
}
