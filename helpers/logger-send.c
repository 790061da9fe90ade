/* How messages leave: many at once where the other side takes a stream of bytes, one by one where each is a datagram. */
#include "logger-remote.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { AT_ONCE = 64 };

static bool is_stream(int fd)
{
    int type = SOCK_STREAM;
    socklen_t size = sizeof type;
    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
    return type == SOCK_STREAM;
}

static void taken(struct log_remote *remote, size_t count)
{
    size_t size;
    count += remote->sent;
    while (queue_next(&remote->queue, NULL, &size) && count >= size) {
        count -= size;
        queue_drop(&remote->queue);
    }
    remote->sent = count;
}

static ssize_t send_stream(struct log_remote *remote)
{
    struct iovec parts[AT_ONCE];
    struct msghdr message = { .msg_iov = parts };
    size_t size;
    for (const char *at = NULL; message.msg_iovlen < AT_ONCE && (at = queue_next(&remote->queue, at, &size)); message.msg_iovlen++)
        parts[message.msg_iovlen] = (struct iovec){ (char *)at, size };
    parts[0].iov_base = (char *)parts[0].iov_base + remote->sent;
    parts[0].iov_len -= remote->sent;
    ssize_t count = sendmsg(remote->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0)
        taken(remote, (size_t)count);
    return count;
}

/* As sd_journal_send(3) does it: what is too large for a datagram goes as a file in memory, sealed so that the reader can trust its size. */
static ssize_t send_file(int fd, const char *data, size_t size)
{
    char control[CMSG_SPACE(sizeof(int))] = { 0 };
    struct msghdr message = { .msg_control = control, .msg_controllen = sizeof control };
    autoclose int file = memfd_create("journal-message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0 || write_all(file, data, size) < 0 || fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof file);
    memcpy(CMSG_DATA(header), &file, sizeof file);
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static ssize_t send_datagram(struct log_remote *remote)
{
    size_t size;
    const char *data = queue_next(&remote->queue, NULL, &size);
    ssize_t count = send(remote->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    /* With UDP this is the answer to an earlier datagram. */
    if (count < 0 && errno == ECONNREFUSED && remote->network == NETWORK_UDP)
        count = send(remote->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EMSGSIZE && remote->encoder == &journald_encoder)
        count = send_file(remote->fd, data, size);
    /* One that no datagram can hold, or that nobody wants now: lost, as UDP loses them. */
    if (count < 0 && (errno == EMSGSIZE || (remote->network == NETWORK_UDP && !remote->packer && errno != EAGAIN && errno != ENOBUFS))) {
        remote->dropped += errno == EMSGSIZE;
        count = 0;
    }
    if (count >= 0)
        queue_drop(&remote->queue);
    return count;
}

int log_send(struct log_remote *remote)
{
    size_t size;
    bool stream = queue_next(&remote->queue, NULL, &size) && is_stream(remote->fd);
    while (queue_next(&remote->queue, NULL, &size)) {
        ssize_t count = stream ? send_stream(remote) : send_datagram(remote);
        if (count >= 0 || errno == EINTR)
            continue;
        return errno == EAGAIN || errno == ENOBUFS ? 0 : -1;
    }
    return 1;
}
