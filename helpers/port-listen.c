#include "port.h"
#include "util.h"

#include <arpa/inet.h>
#include <dirent.h>
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
    while (listeners->count > from)
        close_fd(&listeners->list[--listeners->count].fd);
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
        struct listener listener = { .udp = strcmp(record->fields[1], "udp") == 0, .port = port };
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

/* The container that has the port, if `name` is the file of one: locked as long as that lives. To be freed, or NULL. */
static char *holder_in(int directory, const char *name, const char *protocol, const char *address, uint16_t port)
{
    autoclose int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
        return NULL;
    autofree char *text = read_file(directory, name, PORT_LIST_SIZE, NULL);
    char *list = text ? strchr(text, '\n') : NULL;
    if (!list)
        return NULL;
    *list++ = 0;
    return port_is_listed(list, protocol, address, port) ? xasprintf("container %s", text) : NULL;
}

/* A word for the sentence, to be freed. */
static char *holder_of(const struct plan *file, const char *protocol, const char *address, uint16_t port)
{
    const struct record *holders = plan_find(file, "port-holders", 3);
    DIR *directory = holders ? opendir(holders->fields[1]) : NULL;
    char *holder = NULL;
    for (struct dirent *entry; directory && !holder && (entry = readdir(directory));)
        if (entry->d_name[0] != '.')
            holder = holder_in(dirfd(directory), entry->d_name, protocol, address, port);
    if (directory)
        closedir(directory);
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
    if (error == -EMFILE || error == -ENFILE)
        return xasprintf("%d cannot publish so many ports: each takes an open file for every address, and you may have no more; publish fewer, or have an administrator raise that limit (nofile)", EXIT_SKIFF);
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

/* The first port that is free, behind the last one of the same range: of many, each would otherwise begin with all that the others have taken. */
static int bind_first(struct listeners *listeners, const struct record *record, unsigned first, unsigned last, uint16_t port, const char **at)
{
    static struct { unsigned range, taken; } of[2]; /* TCP, UDP */
    int protocol = strcmp(record->fields[1], "udp") == 0;
    unsigned count = last - first + 1, offset = of[protocol].range == (first << 16 | last) ? of[protocol].taken + 1 - first : 0;
    int result = -EADDRINUSE;
    for (unsigned tried = 0; tried < count && result == -EADDRINUSE; tried++, offset++) {
        of[protocol].taken = first + offset % count;
        result = bind_all(listeners, record, (uint16_t)of[protocol].taken, port, at);
    }
    of[protocol].range = first << 16 | last;
    return result;
}

static char *publish(const struct plan *file, const struct record *record, const char *before, struct listeners *listeners)
{
    if (record->count < 6)
        die("a record 'publish' of the network file has %zu fields", record->count - 1);
    uint16_t first = (uint16_t)parse_number(record->fields[2], 1, UINT16_MAX, "port"), last = (uint16_t)parse_number(record->fields[3], first, UINT16_MAX, "port"),
             port = (uint16_t)parse_number(record->fields[4], 1, UINT16_MAX, "port");
    const char *at = "";
    int result = first < last ? bind_again(listeners, record, first, last, port, before) : -EADDRINUSE;
    if (result == -EADDRINUSE)
        result = bind_first(listeners, record, first, last, port, &at);
    if (result == -EADDRINUSE && last > first)
        return xasprintf("%d cannot publish port %u: all ports from %u to %u are in use", EXIT_SKIFF, port, first, last);
    return result == 0 ? NULL : why_not(file, record, at, first, result);
}

/* Opens and locks the file that says who has the ports, or -1. A monitor may just be removing one, and the directory with it. */
static int open_note(const struct record *holders)
{
    struct stat status;
    autofree char *path = xasprintf("%s/%s", holders->fields[1], holders->fields[2]);
    for (int tries = 0; tries < NOTE_TRIES; tries++) {
        autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 && errno == ENOENT)
            mkdir(holders->fields[1], 0700);
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
    if (!holders || listeners->note < 0)
        return;
    autofree char *list = port_list(listeners), *text = xasprintf("%s\n%s", holders->fields[3], list);
    if (ftruncate(listeners->note, 0) == 0 && pwrite(listeners->note, text, strlen(text), 0) < 0)
        close_fd(&listeners->note);
}

char *port_listen(const struct plan *file, const char *before, struct listeners *listeners)
{
    const struct record *holders = plan_find(file, "port-holders", 3);
    *listeners = (struct listeners){ .note = -1 };
    for (size_t i = 0; i < file->count; i++) {
        char *problem = strcmp(file->records[i].fields[0], "publish") == 0 ? publish(file, &file->records[i], before, listeners) : NULL;
        if (problem) {
            close_listeners(listeners, 0);
            return problem;
        }
    }
    if (holders && listeners->count > 0)
        listeners->note = open_note(holders);
    port_note(file, listeners);
    return NULL;
}
