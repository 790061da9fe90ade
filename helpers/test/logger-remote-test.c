/* Connections to receivers: down, slow, gone and back; what is dropped is counted and told, and nothing waits without end. */
#include "logger-remote.h"
#include "util.h"
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static char place[] = "/tmp/remote-test-XXXXXX";

/* A socket at NAME below `place`. */
static int listen_at(const char *name, int type, char *path, size_t room)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    snprintf(path, room, "%s/%s", place, name);
    unlink(path);
    strcpy(address.sun_path, path);
    check(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    check(type == SOCK_DGRAM || listen(fd, 4) == 0);
    return fd;
}

static char *words[20];
static struct record records[4];
static struct plan plan = { .records = records };

/* A plan with these records; the fields are not copied. */
static const struct plan *plan_of(char *network, char *path, char *limit, char *patience, char *start, char *tries, char *encoder)
{
    static char *encode[8];
    static const struct { const char *driver; char *fields[7]; size_t count; } forms[] = {
        { "syslog", { "log-encode", "syslog", "unix", "3", "tag", "host" }, 6 },
        { "journald", { "log-encode", "journald", "A", "b" }, 4 },
        { "fluentd", { "log-encode", "fluentd", "tag", "seconds" }, 4 },
    };
    char *remote[] = { "log-remote", network, path, "0", limit, patience, start, tries, "20", "40", path };
    memcpy(words, remote, sizeof remote);
    records[0] = (struct record){ sizeof remote / sizeof *remote, words };
    plan.count = 2;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcmp(forms[i].driver, encoder) == 0) {
            memcpy(encode, forms[i].fields, sizeof forms[i].fields);
            records[1] = (struct record){ forms[i].count, encode };
        }
    return &plan;
}

static void add(struct log_remote *remote, const char *text)
{
    struct log_entry entry = { .text = text, .size = strlen(text), .whole = true, .time = { 1700000000, 0 } };
    log_remote_add(remote, &entry);
    log_remote_flush(remote);
}

/* What the monitor does, until the condition holds; at most 5 s. */
static void turn(struct log_remote *remote)
{
    struct pollfd slot = log_remote_slot(remote);
    if (poll(&slot, slot.fd >= 0, 5) > 0)
        log_remote_ready(remote, slot.revents);
    log_remote_tick(remote);
}
#define until(remote, condition) \
    do { \
        long long end = log_clock() + 5000; \
        while (!(condition)) { \
            check(log_clock() < end); \
            turn(remote); \
        } \
    } while (0)

static bool holds_text(char *text, size_t room, int fd, const char *wanted)
{
    size_t length = strlen(text);
    ssize_t n = recv(fd, text + length, room - length - 1, MSG_DONTWAIT);
    text[length + (n > 0 ? (size_t)n : 0)] = 0;
    return strstr(text, wanted) != NULL;
}

static void release(struct log_remote *remote)
{
    close_fd(&remote->fd);
    queue_clear(&remote->queue);
    bytes_free(&remote->prefix);
    free(remote);
}

/* Gone and back: what was printed meanwhile comes, each line once and in order. */
static void test_return(void)
{
    char path[108], text[4096] = "";
    int listener = listen_at("return", SOCK_STREAM, path, sizeof path);
    struct log_remote *remote = log_remote_open(plan_of("unix", path, "100000", "0", "now", "0", "syslog"));
    int peer = accept(listener, NULL, NULL);
    add(remote, "one");
    until(remote, holds_text(text, sizeof text, peer, ": one\n"));
    close(peer);
    close(listener);
    until(remote, remote->state == REMOTE_DOWN);
    add(remote, "two");
    add(remote, "three");
    check(log_remote_deadline(remote) > 0 && remote->queue.messages == 2);
    listener = listen_at("return", SOCK_STREAM, path, sizeof path);
    until(remote, remote->state == REMOTE_UP);
    peer = accept(listener, NULL, NULL);
    text[0] = 0;
    until(remote, holds_text(text, sizeof text, peer, ": three\n"));
    check(strstr(text, ": two\n") && strstr(text, ": two\n") < strstr(text, ": three\n") && !strstr(text, "not sent"));
    check(log_remote_deadline(remote) == 0 && remote->delay_now == remote->delay);
    release(remote);
    close(peer);
    close(listener);
}

/* Down for good: the queue has its limit, what is over it is counted, and the receiver is told when it is back. */
static void test_bounded(void)
{
    char path[108], text[8192] = "", line[64];
    int listener = listen_at("bounded", SOCK_STREAM, path, sizeof path);
    struct log_remote *remote = log_remote_open(plan_of("unix", path, "2000", "-1", "now", "0", "syslog"));
    int peer = accept(listener, NULL, NULL);
    close(peer);
    close(listener);
    until(remote, remote->state == REMOTE_DOWN);
    for (int i = 0; i < 100; i++) {
        snprintf(line, sizeof line, "line %d", i);
        add(remote, line);
        check(!log_remote_is_behind(remote)); /* nobody waits for one that is down */
    }
    check(queue_size(&remote->queue) <= 2000 && remote->dropped + remote->queue.messages == 100 && remote->dropped > 50);
    unsigned long long dropped = remote->dropped;
    listener = listen_at("bounded", SOCK_STREAM, path, sizeof path);
    until(remote, remote->state == REMOTE_UP && remote->queue.messages == 0);
    peer = accept(listener, NULL, NULL);
    add(remote, "after");
    until(remote, holds_text(text, sizeof text, peer, ": after\n"));
    snprintf(line, sizeof line, "skiff: %llu lines were not sent", dropped);
    check(strstr(text, "line 0\n") && strstr(text, line) && strstr(text, line) < strstr(text, ": after\n"));
    check(!strstr(text, "line 99\n"));
    release(remote);
    close(peer);
    close(listener);
}

/* Slow: the container is held up while there is patience, and no longer. */
static void test_slow(const char *patience, bool holds, bool for_ever)
{
    char path[108], big[1001];
    memset(big, 'x', 1000);
    big[1000] = 0;
    int listener = listen_at("slow", SOCK_STREAM, path, sizeof path);
    struct log_remote *remote = log_remote_open(plan_of("unix", path, "10000", (char *)patience, "now", "0", "syslog"));
    int peer = accept(listener, NULL, NULL);
    for (int i = 0; i < 10000 && !log_remote_is_behind(remote) && !remote->dropped; i++)
        add(remote, big);
    check(log_remote_is_behind(remote) == holds && (remote->dropped > 0) != holds);
    if (holds) {
        check(remote->dropped == 0 && (log_remote_deadline(remote) > 0) != for_ever);
        long long end = log_clock() + (for_ever ? 300 : 5000);
        while (log_clock() < end && log_remote_is_behind(remote))
            turn(remote);
        check(log_remote_is_behind(remote) == for_ever);
    }
    if (holds && !for_ever) {
        add(remote, big);
        check(remote->dropped == 1 && !log_remote_is_behind(remote));
    }
    /* It reads on: everything goes back to what it was. */
    unsigned long long dropped = remote->dropped;
    char *sink = malloc(1 << 16);
    until(remote, (read(peer, sink, 1 << 16) > 0) && remote->queue.messages == 0);
    check(!log_remote_is_behind(remote) && !remote->gave_up && remote->dropped == dropped);
    free(sink);
    release(remote);
    close(peer);
    close(listener);
}

/* After so many attempts what waits is given up, as the options of gelf and fluentd say. */
static void test_tries(void)
{
    char path[108];
    int listener = listen_at("tries", SOCK_STREAM, path, sizeof path);
    struct log_remote *remote = log_remote_open(plan_of("unix", path, "100000", "0", "now", "2", "fluentd"));
    int peer = accept(listener, NULL, NULL);
    close(listener);
    unlink(path);
    close(peer);
    until(remote, remote->state == REMOTE_DOWN);
    add(remote, "lost");
    until(remote, remote->dropped == 1 && remote->queue.messages == 0);
    release(remote);
}

/* What is too large for a datagram comes to the journal as a sealed file. */
static void test_journal(void)
{
    char path[108], control[CMSG_SPACE(sizeof(int))], data[64];
    int fd = listen_at("journal", SOCK_DGRAM, path, sizeof path), file;
    struct log_remote *remote = log_remote_open(plan_of("unixgram", path, "100000000", "0", "now", "0", "journald"));
    add(remote, "small");
    char text[512] = "";
    until(remote, holds_text(text, sizeof text, fd, "\nA=b\n"));
    check(strncmp(text, "MESSAGE=small\nPRIORITY=6\n", 25) == 0);
    size_t size = 1 << 20;
    char *large = malloc(size + 1);
    memset(large, 'y', size);
    large[size] = 0;
    add(remote, large);
    struct iovec part = { data, sizeof data };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
    check(recvmsg(fd, &message, 0) == 0);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    check(header && header->cmsg_type == SCM_RIGHTS);
    memcpy(&file, CMSG_DATA(header), sizeof file);
    check((fcntl(file, F_GET_SEALS) & (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)) == (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE));
    check(lseek(file, 0, SEEK_END) > (off_t)size && pread(file, data, 10, 0) == 10 && memcmp(data, "MESSAGE=yy", 10) == 0);
    close(file);
    free(large);
    /* The journal restarts. */
    close(fd);
    add(remote, "lost or kept");
    fd = listen_at("journal", SOCK_DGRAM, path, sizeof path);
    until(remote, remote->state == REMOTE_UP && remote->queue.messages == 0);
    text[0] = 0;
    until(remote, holds_text(text, sizeof text, fd, "MESSAGE=lost or kept\n"));
    release(remote);
    close(fd);
}

/* `local` is a datagram socket, or a stream where the other side has made one. */
static void test_local(void)
{
    char path[108], text[512] = "";
    int fd = listen_at("local", SOCK_DGRAM, path, sizeof path);
    struct log_remote *remote = log_remote_open(plan_of("local", path, "1000", "0", "now", "0", "syslog"));
    add(remote, "datagram");
    until(remote, holds_text(text, sizeof text, fd, ": datagram\n"));
    release(remote);
    close(fd);
    fd = listen_at("local", SOCK_STREAM, path, sizeof path);
    remote = log_remote_open(plan_of("local", path, "1000", "0", "now", "0", "syslog"));
    int peer = accept(fd, NULL, NULL);
    add(remote, "stream");
    add(remote, "of two");
    text[0] = 0;
    until(remote, holds_text(text, sizeof text, peer, ": of two\n"));
    check(strstr(text, ": stream\n") != NULL);
    release(remote);
    close(peer);
    close(fd);
}

/* A receiver that is not there ends the process with a sentence, unless it may come later. */
static void test_start(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/nobody", place);
    int ends[2], status;
    check(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        die_fd = ends[1];
        log_remote_open(plan_of("unix", path, "1000", "0", "now", "0", "syslog"));
        _exit(0);
    }
    close(ends[1]);
    char text[512] = "", wanted[512];
    check(read(ends[0], text, sizeof text - 1) > 0);
    close(ends[0]);
    snprintf(wanted, sizeof wanted, "125 failed to initialize logging driver: dial %s: No such file or directory", path);
    check_text(text, wanted);
    check(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 125);
    struct log_remote *remote = log_remote_open(plan_of("unix", path, "1000", "0", "later", "0", "fluentd"));
    check(remote->state == REMOTE_DOWN);
    add(remote, "waits");
    check(remote->queue.messages == 1 && log_remote_deadline(remote) > 0);
    long long began = log_clock();
    log_remote_finish(remote); /* nobody waits for one that is down */
    check(log_clock() - began < 3000);
    release(remote);
}

/* The last messages: to one that reads they go, one that does not is left. */
static void test_finish(void)
{
    char path[108], big[1001];
    memset(big, 'x', 1000);
    big[1000] = 0;
    int listener = listen_at("finish", SOCK_STREAM, path, sizeof path);
    struct log_remote *remote = log_remote_open(plan_of("unix", path, "3000000", "0", "now", "0", "syslog"));
    int peer = accept(listener, NULL, NULL);
    for (int i = 0; i < 2000; i++)
        add(remote, big);
    check(remote->queue.messages > 0);
    pid_t child = fork();
    if (child == 0) {
        char *sink = malloc(1 << 16);
        size_t lines = 0;
        close_fd(&remote->fd);
        for (ssize_t n; (n = read(peer, sink, 1 << 16)) > 0;)
            for (ssize_t i = 0; i < n; i++)
                lines += sink[i] == '\n';
        _exit(lines == 2000 ? 0 : 1);
    }
    close(peer);
    log_remote_finish(remote);
    int status;
    check(waitpid(child, &status, 0) == child && status == 0);
    check(remote->queue.messages == 0);
    release(remote);
    close(listener);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    check(mkdtemp(place) != NULL);
    test_return();
    test_bounded();
    test_slow("0", false, false);
    test_slow("200", true, false);
    test_slow("-1", true, true);
    test_tries();
    test_journal();
    test_local();
    test_start();
    test_finish();
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", place);
    check(system(command) == 0);
    return 0;
}
