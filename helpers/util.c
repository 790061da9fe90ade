#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int die_fd = -1;
void (*die_hook)(int code, const char *text);

const char *errno_words(int error)
{
    switch (error) {
    case ENOSPC: return "no space left on the disk";
    case EDQUOT: return "your disk quota is used up";
    default: return strerror(error);
    }
}

static _Noreturn void end_with(int code, const char *text)
{
    if (die_hook)
        die_hook(code, text);
    else if (die_fd >= 0)
        dprintf(die_fd, "%d %s", code, text);
    else
        dprintf(2, "skiff: %s\n", text);
    _exit(code);
}

/* Text from an image may be part of a message: nothing in it may steer a terminal or break the line. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

static _Noreturn void vdie(int code, int error, const char *format, va_list arguments)
{
    char text[2048];
    int length = vsnprintf(text, sizeof text, format, arguments);
    if (length < 0)
        length = 0;
    if ((size_t)length < sizeof text && error)
        snprintf(text + length, sizeof text - (size_t)length, ": %s", errno_words(error));
    make_printable(text);
    end_with(code, text);
}

void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vdie(EXIT_SKIFF, 0, format, arguments);
}

void die_errno(const char *format, ...)
{
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    vdie(EXIT_SKIFF, error, format, arguments);
}

void die_code(int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vdie(code, 0, format, arguments);
}

void *xmalloc(size_t size)
{
    void *memory = malloc(size ? size : 1);
    if (!memory)
        die("out of memory");
    return memory;
}

char *xasprintf(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        die("out of memory");
    va_end(arguments);
    return text;
}

long long parse_number(const char *text, long long minimum, long long maximum, const char *what)
{
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < minimum || value > maximum)
        die("bad %s in the launch plan: '%s'", what, text);
    return value;
}

int write_all(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            /* Whoever shares our stdout may have made it non-blocking for all. */
            struct pollfd wait = { .fd = fd, .events = POLLOUT };
            poll(&wait, 1, -1);
            continue;
        }
        if (n < 0)
            return -1;
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

ssize_t read_all(int fd, void *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = read(fd, (char *)data + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

char *read_file(int dirfd, const char *path, size_t limit, size_t *size)
{
    autoclose int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    size_t capacity = 4096, length = 0;
    char *text = xmalloc(capacity);
    for (;;) {
        ssize_t n = read_all(fd, text + length, capacity - length - 1);
        if (n < 0) {
            free(text);
            return NULL;
        }
        length += (size_t)n;
        if (length < capacity - 1)
            break;
        if (capacity > limit) {
            free(text);
            errno = EFBIG;
            return NULL;
        }
        capacity *= 2;
        if (!(text = realloc(text, capacity)))
            die("out of memory");
    }
    text[length] = 0;
    if (size)
        *size = length;
    return text;
}

int write_file(int dirfd, const char *path, const char *text)
{
    autoclose int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    return write_all(fd, text, strlen(text));
}

void set_cloexec(int fd, bool on)
{
    fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0);
}

void set_nonblocking(int fd, bool on)
{
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

void null_stdio(unsigned mask)
{
    autoclose int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        die_errno("cannot open /dev/null");
    for (int i = 0; i < 3; i++)
        if (mask & (1u << i))
            dup2(fd, i);
    if (fd < 3)
        fd = -1;
}

void close_from(int first)
{
    if (syscall(SYS_close_range, first, ~0U, 0) == 0)
        return;
    long limit = sysconf(_SC_OPEN_MAX);
    for (int fd = first; fd < limit; fd++)
        close(fd);
}

static char *process_stat(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    return read_file(AT_FDCWD, path, 65536, NULL);
}

char process_state(pid_t pid)
{
    autofree char *text = process_stat(pid);
    const char *closing = text ? strrchr(text, ')') : NULL;
    return closing && closing[1] == ' ' ? closing[2] : 0;
}

/* A field of /proc/PID/stat from the third on, as a number; 0 when there is no such process. */
static unsigned long long process_field(pid_t pid, int number)
{
    char *closing;
    autofree char *text = process_stat(pid);
    /* The command name may hold anything, so count fields after the last parenthesis. */
    if (!text || !(closing = strrchr(text, ')')))
        return 0;
    char *save = NULL, *field = strtok_r(closing + 1, " ", &save);
    for (int i = 3; field && i < number; i++)
        field = strtok_r(NULL, " ", &save);
    return field ? strtoull(field, NULL, 10) : 0;
}

unsigned long long process_start_time(pid_t pid)
{
    return process_field(pid, 22);
}

pid_t process_parent(pid_t pid)
{
    return (pid_t)process_field(pid, 4);
}

int pidfd_of(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

void format_now(char *out)
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(out, 21, "%Y-%m-%dT%H:%M:%S.", &parts);
    snprintf(out + 20, 11, "%09ldZ", now.tv_nsec);
}
