/* Other networks for a container that runs (order J): what its network file says is compared with what is attached, and made so. */
#include "monitor-parts.h"
#include "monitor-network.h"
#include "endpoint.h"
#include "leases.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHANGE_MS = 10000 }; /* a device comes in 2 ms and goes in 17 */

static bool is_endpoint(const struct record *record)
{
    return strcmp(record->fields[0], "endpoint") == 0 && record->count > ENDPOINT_FIELDS;
}

static bool has_endpoint(const struct plan *file, const char *id)
{
    for (size_t i = 0; i < file->count; i++)
        if (is_endpoint(&file->records[i]) && strcmp(file->records[i].fields[1], id) == 0)
            return true;
    return false;
}

/* Whether record `at` begins an endpoint of `file` that `other` does not have. */
static bool only_here(const struct plan *file, size_t at, const struct plan *other)
{
    return is_endpoint(&file->records[at]) && !has_endpoint(other, file->records[at].fields[1]);
}

/* The names of an endpoint go before its device. */
static void forget_names(const struct plan *file, size_t at)
{
    for (size_t i = at + 1; i < file->count && !is_endpoint(&file->records[i]); i++)
        if (strcmp(file->records[i].fields[0], "lease") == 0 && file->records[i].count == 3)
            unlink(file->records[i].fields[2]);
}

static void undo(const struct plan *now, const struct plan *before, size_t until, int holder, int container)
{
    for (size_t i = 0; i <= until; i++)
        if (only_here(now, i, before))
            free(endpoint_detach(now, i, holder, container));
}

/* In a child, as for the first time. New devices come before old ones go: what cannot be had leaves all as it was. */
static _Noreturn void change_all(const struct plan *before, const char *path, int holder, int container, int report)
{
    die_hook = NULL;
    die_fd = report;
    if (setns(holder, CLONE_NEWNET) < 0)
        die_errno("cannot enter the user's network namespace");
    const struct plan *now = plan_read(path);
    for (size_t i = 0; i < now->count; i++) {
        char *words = only_here(now, i, before) ? endpoint_attach(now, i, holder, container) : NULL;
        if (words) {
            undo(now, before, i, holder, container);
            die("%s", words);
        }
    }
    for (size_t i = 0; i < before->count; i++) {
        if (!only_here(before, i, now))
            continue;
        forget_names(before, i);
        char *words = endpoint_detach(before, i, holder, container);
        if (words)
            die("%s", words);
    }
    char *words = endpoint_routes(now, container);
    if (words)
        die("%s", words);
    if (leases_up(now) < 0)
        die_errno("cannot make the container's addresses known");
    if (plan_find(now, "dns-scope", 2) && self.network.datagrams < 0)
        network_send_dns(container, report);
    packet_send(report, &(char){ NETWORK_DONE }, 1, -1);
    _exit(0);
}

/* Takes what the child says until it is done; else a sentence to be freed. The monitor does nothing else for these milliseconds. */
static char *hear(int report)
{
    for (;;) {
        char text[2048];
        int fd = -1;
        struct pollfd slot = { .fd = report, .events = POLLIN };
        if (poll(&slot, 1, CHANGE_MS) == 0)
            return xasprintf("the kernel has not changed the networks within %d s", CHANGE_MS / 1000);
        ssize_t length = packet_receive(report, text, sizeof text - 1, &fd);
        text[length > 0 ? length : 0] = 0;
        if (length == 1 && network_take_dns(text[0], fd))
            continue;
        close_fd(&fd);
        if (length == 1 && text[0] == NETWORK_DONE)
            return NULL;
        const char *words = strchr(text, ' ');
        return xasprintf("%s", words ? words + 1 : "what should change them has been killed");
    }
}

/* NULL, or a sentence to be freed. */
static char *make_changes(const char *path)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return xasprintf("%s", errno_words(errno));
    pid_t pid = fork();
    if (pid == 0)
        change_all(self.network.file, path, MONITOR_HOLDER_NETNS, self.network.container, ends[1]);
    close(ends[1]);
    autoclose int report = ends[0];
    return pid < 0 ? xasprintf("%s", errno_words(errno)) : hear(report);
}

static void tell_changes(const struct plan *before, const struct plan *now)
{
    for (size_t i = 0; i < before->count; i++)
        if (only_here(before, i, now))
            network_tell(before, i, "disconnect");
    for (size_t i = 0; i < now->count; i++)
        if (only_here(now, i, before))
            network_tell(now, i, "connect");
}

char *monitor_change_networks(void)
{
    const char *path = plan_text(self.plan, "network-file", NULL);
    if (!path || !self.network.file)
        return xasprintf("%s", "it was not started with networks");
    struct plan *now = plan_read(path), *before = self.network.file;
    char *words = ports_begin_change(now);
    if (!words)
        words = make_changes(path);
    if (words) {
        ports_end_change(before);
        free(now);
        return words;
    }
    self.network.file = now;
    tell_changes(before, now);
    free(before);
    network_restart_dns();
    ports_end_change(now);
    return NULL;
}
