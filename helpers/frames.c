#include "frames.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

int control_address(const char *path, struct sockaddr_un *address)
{
    autofree char *directory = xasprintf("%s", path);
    char *slash = strrchr(directory, '/');
    if (!slash)
        die("bad socket path in the launch plan");
    *slash = 0;
    int parent = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", parent, slash + 1);
    return parent;
}

int frame_send(int fd, uint8_t type, const void *payload, size_t length)
{
    struct frame_header header = { .type = type, .length = (uint32_t)length };
    char buffer[FRAME_HEADER + 256];
    /* Small frames in one write, so that a reader wakes up once. */
    if (length <= 256) {
        memcpy(buffer, &header, FRAME_HEADER);
        if (length)
            memcpy(buffer + FRAME_HEADER, payload, length);
        return write_all(fd, buffer, FRAME_HEADER + length);
    }
    return write_all(fd, &header, FRAME_HEADER) < 0 ? -1 : write_all(fd, payload, length);
}

ssize_t frame_receive(int fd, uint8_t *type, void *payload)
{
    struct frame_header header;
    ssize_t n = read_all(fd, &header, FRAME_HEADER);
    *type = 0;
    if (n == 0)
        return 0;
    if (n != FRAME_HEADER || header.length > FRAME_MAXIMUM)
        return -1;
    if (read_all(fd, payload, header.length) != (ssize_t)header.length)
        return -1;
    *type = header.type;
    return (ssize_t)header.length;
}

int packet_send(int socket, const void *data, size_t size, int fd)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct iovec part = { (void *)(uintptr_t)data, size };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

ssize_t packet_receive(int socket, void *data, size_t size, int *fd)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = { data, size };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    ssize_t n;
    *fd = -1;
    do
        n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    struct cmsghdr *header = n >= 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof *fd))
        memcpy(fd, CMSG_DATA(header), sizeof *fd);
    return n;
}
