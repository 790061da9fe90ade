#include "survivors.h"
#include "frames.h"
#include "util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    ANSWER_MS = 5000, /* a monitor that changes networks or sends its log answers late */
    ALONE_MS = 500,   /* a container that is just being started has no control socket yet */
    ROUND_MS = 20,
    ASKED_AT_ONCE = 512,
};

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

/* A socket on which the question has been sent; -1 where nobody listens. */
static int ask(int directory, const char *name, const struct fifo_question *question)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%.64s", directory, name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 || frame_send(fd, FRAME_NAMESPACE, question, sizeof *question) < 0))
        close_fd(&fd);
    return fd;
}

/* Everybody who listens in `directory`; how many there are. */
static size_t ask_all(int directory, const struct fifo_question *question, struct pollfd *asked)
{
    size_t count = 0;
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *names = copy < 0 ? NULL : fdopendir(copy);
    struct dirent *entry;
    while (names && count < ASKED_AT_ONCE && (entry = readdir(names))) {
        if (entry->d_type != DT_SOCK && entry->d_type != DT_UNKNOWN)
            continue;
        int fd = ask(directory, entry->d_name, question);
        if (fd >= 0)
            asked[count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
    }
    if (names)
        closedir(names);
    return count;
}

/* What one of them says: a namespace, or by closing the connection that it has none; that it goes on saying other things is passed over. */
static int hear(struct pollfd *one)
{
    char said[256];
    int namespace = -1;
    ssize_t length = packet_receive(one->fd, said, sizeof said, &namespace);
    if (length == 0 || (length < 0 && errno != EAGAIN))
        close_fd(&one->fd);
    return namespace;
}

/* Waits until one has it, or all who were asked have said that they do not. */
static int hear_all(struct pollfd *asked, size_t count, long long until)
{
    for (;;) {
        size_t left = 0;
        for (size_t i = 0; i < count; i++)
            left += asked[i].fd >= 0;
        long long time = until - now();
        if (left == 0 || time <= 0)
            return -1;
        if (poll(asked, count, (int)time) <= 0)
            continue;
        for (size_t i = 0; i < count; i++) {
            int namespace = asked[i].fd >= 0 && asked[i].revents ? hear(&asked[i]) : -1;
            if (namespace >= 0)
                return namespace;
        }
    }
}

/* Whether any of them has not said a word; closes all. */
static bool part(struct pollfd *asked, size_t count)
{
    bool silent = false;
    for (size_t i = 0; i < count; i++) {
        silent |= asked[i].fd >= 0;
        close_fd(&asked[i].fd);
    }
    return silent;
}

/* `fifo` is a read end: without a writer it is at its end. */
static bool is_held(int fifo)
{
    char byte;
    return read(fifo, &byte, 1) != 0;
}

int survivors_ask(int runtime, int fifo, bool *silent)
{
    static struct pollfd asked[ASKED_AT_ONCE];
    struct stat status;
    long long began = now();
    int namespace = -1;
    *silent = false;
    if (fstat(fifo, &status) < 0)
        die_errno("cannot look at a FIFO of the runtime directory");
    const struct fifo_question question = { .device = status.st_dev, .inode = status.st_ino };
    autoclose int directory = openat(runtime, "c", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (namespace < 0 && is_held(fifo) && now() < began + (*silent ? ANSWER_MS : ALONE_MS)) {
        size_t count = directory < 0 ? 0 : ask_all(directory, &question, asked);
        namespace = hear_all(asked, count, began + ANSWER_MS);
        *silent = part(asked, count) && namespace < 0;
        if (namespace < 0)
            usleep(ROUND_MS * 1000);
    }
    return namespace;
}
