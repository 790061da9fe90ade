/* Questions that others answer: who is asked, who is believed, who is given up. */
#include "check.h"
#include "dns-forward.h"
#include "dns-sides.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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
    close(servers[0]);
    ask(64, "example.com", DNS_A);
    check(code_of(64, NULL) == DNS_SERVFAIL);
    stop(SIGTERM);
}

int main(void)
{
    set_up();
    start(SERVERS);
    test_forwarding();
    test_next_server();
    test_flood();
    test_end();
    tear_down();
    return 0;
}
