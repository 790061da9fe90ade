/* A container's places in networks: attached when it has its namespaces, its name server, and what is given back when it ends. */
#include "monitor-parts.h"
#include "monitor-network.h"
#include "dns-sockets.h"
#include "endpoint.h"
#include "events.h"
#include "holder.h"
#include "leases.h"
#include "sandbox.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    EGRESS_MS = 15000,       /* slirp4netns takes 40 ms */
    DNS_LIVES_MS = 1000,     /* one that ends sooner has not begun well */
    DNS_TRIES = 10,          /* as often in a row, and it is not started again */
};

void network_send_dns(int container, int report)
{
    if (setns(container, CLONE_NEWNET) < 0)
        die_errno("cannot enter the container's network namespace");
    int datagrams, listener;
    dns_open(&datagrams, &listener);
    packet_send(report, &(char){ NETWORK_DATAGRAMS }, 1, datagrams);
    packet_send(report, &(char){ NETWORK_LISTENER }, 1, listener);
}

/* Whether one of the networks has a way out. */
static bool wants_egress(const struct plan *file)
{
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->records[i].fields[0], "bridge") == 0 && file->records[i].count > 2 && strcmp(file->records[i].fields[2], "1") == 0)
            return true;
    return false;
}

static void wait_egress(int holder)
{
    autoclose int fd = egress_watch(holder);
    if (fd < 0)
        die_errno("cannot watch the way out of networks");
    long long until = monitor_now() + EGRESS_MS;
    while (!egress_is_up(fd)) {
        struct pollfd slot = { .fd = fd, .events = POLLIN };
        long long left = until - monitor_now();
        if (left <= 0)
            die("slirp4netns has not made a way out of the networks within %d s; try it with --network slirp4netns", EGRESS_MS / 1000);
        poll(&slot, 1, (int)left);
    }
}

/*
 * In a child, because there is no way back into the host's network namespace: from the holder's there is, to and from the container's. Its last word is
 * NETWORK_DONE, or why it could not be.
 */
static _Noreturn void attach_all(const char *path, int holder, int container, int report)
{
    die_hook = NULL;
    die_fd = report;
    if (setns(holder, CLONE_NEWNET) < 0)
        die_errno("cannot enter the user's network namespace");
    const struct plan *file = plan_read(path);
    for (size_t i = 0; i < file->count; i++) {
        char *words = strcmp(file->records[i].fields[0], "endpoint") == 0 ? endpoint_attach(file, i, holder, container) : NULL;
        if (words)
            die("%s", words);
    }
    char *words = endpoint_routes(file, container);
    if (words)
        die("%s", words);
    if (wants_egress(file))
        wait_egress(holder);
    if (leases_up(file) < 0)
        die_errno("cannot make the container's addresses known");
    if (plan_find(file, "dns-scope", 2))
        network_send_dns(container, report);
    packet_send(report, &(char){ NETWORK_DONE }, 1, -1);
    _exit(0);
}

/* The holder of the first container is started beside its sandbox. */
static void need_holder(void)
{
    char *words = NULL;
    if (self.network.ready < 0)
        return;
    autoclose int netns = holder_await(&self.network.ready, &words);
    if (words)
        die("%s", words);
    if (dup3(netns, MONITOR_HOLDER_NETNS, O_CLOEXEC) < 0)
        die_errno("cannot keep the user's network namespace");
}

void monitor_start_network(pid_t host_pid)
{
    const char *path = plan_text(self.plan, "network-file", NULL);
    int ends[2];
    char name[64];
    if (!path)
        return;
    snprintf(name, sizeof name, "/proc/%d/ns/net", host_pid);
    self.network.container = open(name, O_RDONLY | O_CLOEXEC);
    if (self.network.container < 0)
        die_errno("cannot open the container's network namespace");
    need_holder();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        die_errno("cannot make a socket");
    pid_t pid = fork();
    if (pid < 0)
        die_errno("cannot start what joins the container to its networks");
    if (pid == 0)
        attach_all(path, MONITOR_HOLDER_NETNS, self.network.container, ends[1]);
    close(ends[1]);
    self.network.report = ends[0];
    autofree struct plan *file = plan_read(path);
    ports_start(file);
}

static void start_dns(void)
{
    char *path = (char *)(uintptr_t)plan_need(self.plan, "network-file");
    char *arguments[] = { "skiff-helper", "dns", path, NULL };
    self.network.dns_began = monitor_now();
    self.network.dns = fork();
    if (self.network.dns == 0)
        monitor_exec(self.network.datagrams, self.network.listener, -1, self.network.container, -1, arguments);
}

void monitor_note_network(pid_t pid)
{
    ports_note(pid);
    if (pid != self.network.dns || pid <= 0)
        return;
    self.network.dns = 0;
    self.network.dns_tries = monitor_now() - self.network.dns_began < DNS_LIVES_MS ? self.network.dns_tries + 1 : 0;
    if (!self.exited && self.network.datagrams >= 0 && self.network.dns_tries < DNS_TRIES)
        start_dns();
}

/* The record `endpoint-event` has the members of its attributes. */
void network_tell(const struct plan *file, size_t at, const char *action)
{
    const struct record *events = plan_find(self.plan, "events", 1);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    for (size_t i = at + 1; events && i < file->count && strcmp(file->records[i].fields[0], "endpoint") != 0; i++) {
        if (strcmp(file->records[i].fields[0], "endpoint-event") != 0 || file->records[i].count < 2)
            continue;
        autofree char *line = xasprintf("{\"Type\":\"network\",\"Action\":\"%s\",\"Actor\":{\"ID\":\"%s\",\"Attributes\":{%s}},\"scope\":\"local\",\"time\":%lld,\"timeNano\":%lld%09ld}\n",
                                        action, file->records[at].fields[2], file->records[i].fields[1], (long long)now.tv_sec, (long long)now.tv_sec, now.tv_nsec);
        (void)event_append(events->fields[1], line);
    }
}

static void tell_all(const char *action)
{
    for (size_t i = 0; i < self.network.file->count; i++)
        if (strcmp(self.network.file->records[i].fields[0], "endpoint") == 0 && self.network.file->records[i].count > 2)
            network_tell(self.network.file, i, action);
}

bool network_take_dns(char kind, int fd)
{
    if (kind != NETWORK_DATAGRAMS && kind != NETWORK_LISTENER)
        return false;
    int *place = kind == NETWORK_DATAGRAMS ? &self.network.datagrams : &self.network.listener;
    close_fd(place);
    *place = fd;
    return true;
}

void network_restart_dns(void)
{
    pid_t former = self.network.dns;
    self.network.dns = 0;
    if (!plan_find(self.network.file, "dns-scope", 2)) {
        close_fd(&self.network.datagrams);
        close_fd(&self.network.listener);
    } else if (self.network.datagrams >= 0 && self.network.listener >= 0) {
        start_dns();
    }
    /* It answers what it has forwarded already (dns.c). */
    if (former > 0)
        kill(former, SIGTERM);
}

void network_go_on(void)
{
    uint8_t type = PACKET_NETWORK;
    if (packet_send(self.report, &type, 1, -1) < 0)
        monitor_note_failure(EXIT_SKIFF, "the sandbox ended while the network came up");
}

static void network_done(void)
{
    close_fd(&self.network.report);
    self.network.file = plan_read(plan_need(self.plan, "network-file"));
    tell_all("connect");
    network_restart_dns();
    if (!ports_are_awaited())
        network_go_on();
}

void monitor_take_network(void)
{
    char text[2048];
    int fd = -1;
    ssize_t length = packet_receive(self.network.report, text, sizeof text - 1, &fd);
    text[length > 0 ? length : 0] = 0;
    if (length == 1 && network_take_dns(text[0], fd))
        return;
    if (length == 1 && text[0] == NETWORK_DONE)
        network_done();
    else {
        close_fd(&self.network.report);
        const char *words = strchr(text, ' ');
        monitor_note_failure(EXIT_SKIFF, words ? words + 1 : "the container could not be joined to its networks");
        if (!self.exited)
            kill(self.pid, SIGKILL);
    }
}

void monitor_end_network(void)
{
    if (self.network.dns > 0)
        kill(self.network.dns, SIGKILL);
    self.network.dns = 0;
    ports_end();
    close_fd(&self.network.report);
    close_fd(&self.network.datagrams);
    close_fd(&self.network.listener);
    close_fd(&self.network.container);
    if (self.network.file)
        tell_all("disconnect");
    free(self.network.file);
    self.network.file = NULL;
    leases_down(self.plan, false);
}
