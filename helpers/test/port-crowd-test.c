/* Crowds at the role as it ships: 10,000 connections, a small limit of open files, the same clients again. */
#include "port-stage.h"
#include "check.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CROWD = 10000 };

static int clients[CROWD];

/* The line that the server says first; false when the connection is reset instead. */
static bool is_greeted(int fd)
{
    char line[128];
    size_t length = 0;
    for (ssize_t n; length == 0 || line[length - 1] != '\n'; length += (size_t)n) {
        n = recv(fd, line + length, sizeof line - length, 0);
        if (n < 0 && errno == ECONNRESET)
            return false;
        check(n > 0);
    }
    line[length - 1] = 0;
    check_text(line, own_words(fd));
    return true;
}

static int come(size_t i, uint16_t port)
{
    return i % 2 == 0 ? dial(SOCK_STREAM, CLIENT4, "127.0.0.1", port) : dial(SOCK_STREAM, CLIENT6, "::1", port);
}

static void leave_all(size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(clients[i]);
}

/* All are there at once, and each is who it is, by IPv4 and by IPv6. */
static void many_at_once(struct role role, size_t count)
{
    size_t before = private_memory(role.pid);
    for (size_t i = 0; i < count; i++)
        clients[i] = come(i, 8080);
    for (size_t i = 0; i < count; i++)
        check(is_greeted(clients[i]));
    size_t each = (private_memory(role.pid) - before) / count;
    printf("%zu connections at once, %zu bytes of memory each\n", count, each);
    check(each < 512);
    for (size_t i = 0; i < count; i++)
        check(send(clients[i], "abc", 3, MSG_NOSIGNAL) == 3);
    leave_all(count);
}

/* Processor time in clock ticks: proc_pid_stat(5), fields 14 and 15. */
static unsigned long long work_of(pid_t pid)
{
    unsigned long long user, system;
    autofree char *path = xasprintf("/proc/%d/stat", pid), *text = read_file(AT_FDCWD, path, 4096, NULL);
    check(text && sscanf(strrchr(text, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) == 2);
    return user + system;
}

static void is_at_rest(pid_t pid)
{
    for (unsigned long long before = work_of(pid), now;; before = now) {
        usleep(100000);
        now = work_of(pid);
        if (now == before && process_state(pid) == 'S')
            return;
    }
}

/* Those for whom there are no fds hear it at once, the others go on, and later ones are welcome when some have left. */
static void small_limit(void)
{
    enum { COME = 600 };
    autofree char *path = stage_file("small", "publish tcp 8081 8081 80 127.0.0.1 ::1\npublish udp 8081 8081 80 127.0.0.1\n", true);
    struct role role = role_start(path, 1024);
    size_t greeted = 0;
    for (size_t i = 0; i < COME; i++)
        clients[i] = come(i, 8081);
    for (size_t i = 0; i < COME; i++)
        greeted += is_greeted(clients[i]);
    printf("%zu connections with 1024 fds\n", greeted);
    check(greeted >= 300 && greeted < 512);
    is_at_rest(role.pid);
    leave_all(COME);
    for (size_t i = 0; i < 100; i++)
        for (bool in = false; !in; close(clients[i]))
            in = is_greeted(clients[i] = come(i, 8081));
    role_stop(role);
}

static int come_from(uint16_t port)
{
    union address source, target;
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(address_parse(CLIENT4, port, &source) && address_parse("127.0.0.1", 8080, &target));
    check(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 && bind(fd, &source.any, address_size(&source)) == 0);
    /* The kernel lets nobody have a port again within a second (tcp_tw_reuse). */
    while (connect(fd, &target.any, address_size(&target)) < 0)
        check(errno == EADDRNOTAVAIL && usleep(20000) == 0);
    return fd;
}

/* The client ends, so TIME-WAIT is on both of its sides; it comes again from the same port. */
static void same_client_again(void)
{
    for (int i = 0; i < 2; i++) {
        char byte;
        autoclose int fd = come_from(20000);
        check(is_greeted(fd) && shutdown(fd, SHUT_WR) == 0 && read(fd, &byte, 1) == 0);
    }
}

/* More than there are ports for clients of the host's own, who all come from the gateway. */
static void one_after_the_other(void)
{
    enum { MORE = 29000, SOME = 3000 };
    int count = getenv("SKIFF_SOAK") ? MORE : SOME;
    for (int i = 0; i < count; i++) {
        char line[64];
        autoclose int fd = dial(SOCK_STREAM, "127.0.0.1", "127.0.0.1", 8080);
        ssize_t n = read(fd, line, sizeof line);
        check(n > 0 && strncmp(line, GATEWAY4 " ", strlen(GATEWAY4) + 1) == 0);
    }
}

int main(void)
{
    enum { OTHERS = 200 };
    rlim_t files = allow_files();
    size_t most = (files - OTHERS) / 2, count = most < CROWD ? most : CROWD;
    stage_set();
    autofree char *path = stage_file("first", "publish tcp 8080 8080 80 0.0.0.0 ?::\n", true);
    struct role role = role_start(path, 0);
    stage_greet(role, 80);
    many_at_once(role, count);
    one_after_the_other();
    same_client_again();
    small_limit();
    is_at_rest(role.pid);
    role_stop(role);
    stage_clear();
    return 0;
}
