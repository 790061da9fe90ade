#include "port.h"
#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOTE_TRIES = 100 };

static int open_listener(bool udp, const union address *address)
{
    int one = 1;
    bool six = address->any.sa_family == AF_INET6;
    autoclose int fd = socket(address->any.sa_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || (six && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) < 0))
        return -1;
    /* After a restart connections of before may be in TIME-WAIT. For UDP the same option would let two have one port. */
    if (!udp)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    /* An answer has to come from the address that was asked. */
    else if (six ? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one) < 0 : setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one) < 0)
        return -1;
    if (bind(fd, &address->any, address_size(address)) < 0 || (!udp && listen(fd, 4096) < 0))
        return -1;
    int opened = fd;
    fd = -1;
    return opened;
}

static void close_listeners(struct listeners *listeners, size_t from)
{
    while (listeners->count > from) {
        close_fd(&listeners->list[--listeners->count].fd);
        close_fd(&listeners->list[listeners->count].note);
    }
}

static void add(struct listeners *listeners, struct listener listener)
{
    struct listener *list = realloc(listeners->list, (listeners->count + 1) * sizeof *list);
    if (!list)
        die("out of memory");
    listeners->list = list;
    list[listeners->count++] = listener;
}

/* One number on all addresses, those after `?` where the machine has them; 0 or a negative errno, and then none is open. */
static int bind_all(struct listeners *listeners, const struct record *record, uint16_t host_port, uint16_t port, const char **at)
{
    size_t before = listeners->count;
    for (size_t i = 5; i < record->count; i++) {
        const char *text = record->fields[i];
        bool perhaps = text[0] == '?';
        struct listener listener = { .udp = strcmp(record->fields[1], "udp") == 0, .port = port, .note = -1 };
        if (!address_parse(text + perhaps, host_port, &listener.address))
            die("a record 'publish' of the network file names no address: %s", text);
        *at = text + perhaps;
        listener.fd = open_listener(listener.udp, &listener.address);
        if (listener.fd < 0 && perhaps && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
            continue;
        if (listener.fd < 0) {
            int error = errno;
            close_listeners(listeners, before);
            return -error;
        }
        add(listeners, listener);
    }
    return 0;
}

/* Who has a port: the file is locked as long as he lives. A word for the sentence, to be freed, or NULL. */
static char *holder_at(const char *directory, const char *protocol, const char *address, uint16_t port)
{
    autofree char *path = xasprintf("%s/%s %s %u", directory, protocol, address, port);
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
        return NULL;
    autofree char *text = read_file(AT_FDCWD, path, 4096, NULL);
    char *name = text ? strchr(text, ' ') : NULL;
    if (!name)
        return NULL;
    name[strcspn(name, "\n")] = 0;
    return xasprintf("container %s", name + 1);
}

static char *holder_of(const struct plan *file, const char *protocol, const char *address, uint16_t port)
{
    const struct record *holders = plan_find(file, "port-holders", 3);
    const char *const places[] = { address, strchr(address, ':') ? "::" : "0.0.0.0" };
    char *holder = NULL;
    for (size_t i = 0; holders && !holder && i < 2; i++)
        holder = holder_at(holders->fields[1], protocol, places[i], port);
    return holder ? holder : xasprintf("another program");
}

static char *why_not(const struct plan *file, const struct record *record, const char *at, uint16_t port, int error)
{
    bool six = strchr(at, ':');
    const char *open = six ? "[" : "", *shut = six ? "]" : "", *protocol = record->fields[1];
    if (error == -EADDRINUSE) {
        autofree char *holder = holder_of(file, protocol, at, port);
        return xasprintf("%d cannot publish port %s%s%s:%u/%s: it is in use by %s; choose another one, or stop that", EXIT_SKIFF, open, at, shut, port, protocol, holder);
    }
    if (error == -EACCES && port < 1024)
        return xasprintf("%d cannot publish port %u: ports below 1024 are root's; choose a higher one, or ask an administrator to run: sysctl net.ipv4.ip_unprivileged_port_start=%u",
                         EXIT_SKIFF, port, port);
    if (error == -EADDRNOTAVAIL)
        return xasprintf("%d cannot publish port %u on %s: this machine does not have that address", EXIT_SKIFF, port, at);
    return xasprintf("%d cannot publish port %s%s%s:%u/%s: %s", EXIT_SKIFF, open, at, shut, port, protocol, errno_words(-error));
}

/* A port that was found before stays the same, as long as nobody has taken it meanwhile. 0, or a negative errno. */
static int bind_again(struct listeners *listeners, const struct record *record, unsigned first, unsigned last, uint16_t port, const char *before)
{
    const char *address = record->fields[5] + (record->fields[5][0] == '?'), *at;
    for (uint16_t host_port; (host_port = port_before(&before, record->fields[1], address, port)) != 0;)
        if (host_port >= first && host_port <= last && bind_all(listeners, record, host_port, port, &at) == 0)
            return 0;
    return -EADDRINUSE;
}

static char *publish(const struct plan *file, const struct record *record, const char *before, struct listeners *listeners)
{
    if (record->count < 6)
        die("a record 'publish' of the network file has %zu fields", record->count - 1);
    uint16_t first = (uint16_t)parse_number(record->fields[2], 1, UINT16_MAX, "port"), last = (uint16_t)parse_number(record->fields[3], first, UINT16_MAX, "port"),
             port = (uint16_t)parse_number(record->fields[4], 1, UINT16_MAX, "port");
    const char *at = "";
    int result = first < last ? bind_again(listeners, record, first, last, port, before) : -EADDRINUSE;
    for (unsigned host_port = first; host_port <= last && result == -EADDRINUSE; host_port++)
        result = bind_all(listeners, record, (uint16_t)host_port, port, &at);
    if (result == -EADDRINUSE && last > first)
        return xasprintf("%d cannot publish port %u: all ports from %u to %u are in use", EXIT_SKIFF, port, first, last);
    return result == 0 ? NULL : why_not(file, record, at, first, result);
}

static char *note_path(const struct record *holders, const struct listener *listener)
{
    char text[INET6_ADDRSTRLEN];
    return xasprintf("%s/%s %s %u", holders->fields[1], listener->udp ? "udp" : "tcp", address_text(&listener->address, text), address_port(&listener->address));
}

/* Opens and locks the file that says who has the port, or -1. A monitor may just be removing an old one, and the directory with it. */
static int open_note(const char *directory, const char *path)
{
    struct stat status;
    for (int tries = 0; tries < NOTE_TRIES; tries++) {
        autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 && errno == ENOENT)
            mkdir(directory, 0700);
        else if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
            usleep(1000);
        else if (fd >= 0 && fstat(fd, &status) == 0 && status.st_nlink > 0) {
            int note = fd;
            fd = -1;
            return note;
        }
    }
    return -1;
}

void port_note(const struct plan *file, struct listeners *listeners)
{
    const struct record *holders = plan_find(file, "port-holders", 3);
    if (!holders)
        return;
    autofree char *who = xasprintf("%s %s\n", holders->fields[2], holders->fields[3]);
    for (size_t i = 0; i < listeners->count; i++) {
        struct listener *listener = &listeners->list[i];
        autofree char *path = listener->note < 0 ? note_path(holders, listener) : NULL;
        if (path)
            listener->note = open_note(holders->fields[1], path);
        if (listener->note >= 0 && ftruncate(listener->note, 0) == 0 && pwrite(listener->note, who, strlen(who), 0) < 0)
            close_fd(&listener->note);
    }
}

char *port_listen(const struct plan *file, const char *before, struct listeners *listeners)
{
    *listeners = (struct listeners){ 0 };
    for (size_t i = 0; i < file->count; i++) {
        char *problem = strcmp(file->records[i].fields[0], "publish") == 0 ? publish(file, &file->records[i], before, listeners) : NULL;
        if (problem) {
            close_listeners(listeners, 0);
            return problem;
        }
    }
    port_note(file, listeners);
    return NULL;
}
