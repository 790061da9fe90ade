/* Sockets to receivers of logs. Addresses are numeric: names were looked up when the plan was made. */
#include "logger-remote.h"
#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A peer that has vanished without a word is given up after this time, in ms. */
enum { SILENCE = 30000 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
};

/* The length of the address in `address`; 0 with errno. */
static socklen_t fill(union address *address, const struct log_remote *remote)
{
    const char *host = remote->hosts[remote->next_host];
    memset(address, 0, sizeof *address);
    if (remote->network == NETWORK_UDP || remote->network == NETWORK_TCP) {
        uint16_t port = htons((uint16_t)strtoul(remote->port, NULL, 10));
        if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
            address->v4.sin_family = AF_INET;
            address->v4.sin_port = port;
            return sizeof address->v4;
        }
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = port;
        errno = EINVAL;
        return inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1 ? sizeof address->v6 : 0;
    }
    size_t length = strlen(host);
    errno = ENAMETOOLONG;
    if (length >= sizeof address->local.sun_path)
        return 0;
    address->local.sun_family = AF_UNIX;
    memcpy(address->local.sun_path, host, length + 1);
    return sizeof address->local;
}

static int connect_as(const union address *address, socklen_t length, int type)
{
    int fd = socket(address->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, silence = SILENCE;
    if (fd < 0)
        return -1;
    if (type == SOCK_STREAM && address->any.sa_family != AF_UNIX) {
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof silence);
    }
    if (connect(fd, &address->any, length) == 0 || errno == EINPROGRESS)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int log_dial(struct log_remote *remote)
{
    union address address;
    socklen_t length = fill(&address, remote);
    bool stream = remote->network == NETWORK_TCP || remote->network == NETWORK_UNIX;
    if (length == 0)
        return -1;
    int fd = connect_as(&address, length, stream ? SOCK_STREAM : SOCK_DGRAM);
    if (fd < 0 && remote->network == NETWORK_LOCAL && errno == EPROTOTYPE)
        fd = connect_as(&address, length, SOCK_STREAM);
    return fd;
}

int log_dialled(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

static _Noreturn void exec_packer(struct log_remote *remote, int in, int out)
{
    char *arguments[] = { (char *)remote->packer, "gelf", remote->fields->fields[2], remote->fields->fields[3], NULL }, *environment[] = { NULL };
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    die_hook = NULL;
    set_nonblocking(out, false);
    dup2(in, 0);
    dup2(out, 1);
    null_stdio(1u << 2);
    close_from(3);
    execve(remote->packer, arguments, environment);
    _exit(EXIT_NOT_FOUND);
}

int log_pack(struct log_remote *remote, int fd)
{
    int pair[2], high;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    set_nonblocking(pair[0], true);
    pid_t child = fork();
    if (child == 0 && (high = fcntl(fd, F_DUPFD_CLOEXEC, 10)) >= 0)
        exec_packer(remote, pair[1], high);
    if (child == 0)
        _exit(EXIT_NOT_FOUND);
    close(pair[1]);
    close(fd);
    if (child < 0)
        close_fd(&pair[0]);
    else
        remote->packer_pid = child;
    return pair[0];
}
