/* What a monitor carries while the command runs: output to the log and the clients, input and orders from them. */
#include "monitor-parts.h"
#include "frames.h"
#include "sandbox.h"
#include "util.h"
#include "volume.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* With a receiver of the log less is read at once: a line of one byte becomes a message of hundreds, and all of them wait in memory. */
enum { CHUNK = 32768, SMALL_CHUNK = 4096 };

void monitor_tell_all(uint8_t type, const void *payload, size_t length)
{
    for (int i = 0; i < MAXIMUM_CLIENTS; i++)
        if (self.clients.list[i].fd >= 0 && !self.clients.list[i].leaves)
            client_send(&self.clients.list[i], type, payload, length);
}

void monitor_pump_output(int which)
{
    char data[CHUNK];
    ssize_t n = read(self.output[which], data, self.logger.remote ? SMALL_CHUNK : CHUNK);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        if (self.terminal)
            self.input = -1;
        close_fd(&self.output[which]);
        return;
    }
    logger_write(&self.logger, which, data, (size_t)n);
    long long now = monitor_now();
    for (int i = 0; i < MAXIMUM_CLIENTS; i++)
        if (self.clients.list[i].fd >= 0 && self.clients.list[i].wants_output)
            client_send_output(&self.clients.list[i], which ? FRAME_ERROR : FRAME_OUTPUT, data, (size_t)n, now);
}

static void close_input(void)
{
    if (!self.terminal)
        close_fd(&self.input);
}

/* A volume's program may take a minute until it turns out that it does not answer. */
static void tell_enough(void)
{
    uint8_t type = PACKET_ENOUGH;
    if (self.ends && self.pid <= 0 && self.report >= 0 && volumes_count(self.plan))
        packet_send(self.report, &type, 1, -1);
}

void monitor_signal(uint32_t number)
{
    int signal = number > 0 && number < NSIG ? (int)number : SIGKILL;
    /* What stands still shall not go on by that: everything in it gets a SIGCONT when it is unpaused. */
    if (self.state.paused && signal == SIGCONT)
        return;
    if (self.started && !self.exited)
        kill(self.pid, signal);
    else {
        self.early_signal = signal;
        tell_enough();
    }
}

static void resize(const char *payload)
{
    uint16_t words[2];
    memcpy(words, payload, sizeof words);
    bool same = self.size_told && self.size.ws_row == words[0] && self.size.ws_col == words[1];
    self.size = (struct winsize){ .ws_row = words[0], .ws_col = words[1] };
    if (!self.terminal || self.output[0] < 0)
        return;
    ioctl(self.output[0], TIOCSWINSZ, &self.size);
    if (!self.started || same)
        return;
    self.size_told = true;
    monitor_resize_event(&self.size);
}

void monitor_pump_input(void)
{
    /* What is typed before there is anything to type into waits; afterwards, without anything, it is dropped. */
    if (self.input < 0 && !self.started)
        return;
    for (int i = 0; i < MAXIMUM_CLIENTS; i++) {
        struct client *client = &self.clients.list[i];
        while (client->fd >= 0 && client->pending_length) {
            ssize_t n = self.input < 0 ? (ssize_t)client->pending_length : write(self.input, client->pending, client->pending_length);
            if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
            if (n < 0)
                close_input();
            else
                client_take_pending(client, (size_t)n);
        }
        if (client->fd >= 0 && client->closes_input && self.stdin_once)
            close_input();
    }
}

bool monitor_has_input(void)
{
    for (int i = 0; i < MAXIMUM_CLIENTS; i++)
        if (self.clients.list[i].fd >= 0 && self.clients.list[i].pending_length)
            return true;
    return false;
}

static void take_frame(struct client *client, uint8_t type, const char *payload, size_t length)
{
    uint32_t number = 0;
    if (client->leaves)
        return;
    if (type == FRAME_INPUT)
        client_keep_pending(client, payload, length);
    else if (type == FRAME_ATTACH) {
        client->wants_output = memchr(payload, 'o', length) != NULL;
        client->sends_input = memchr(payload, 'i', length) != NULL;
        if (self.started)
            client_send(client, FRAME_STARTED, NULL, 0);
    } else if (type == FRAME_CLOSE)
        client->closes_input = true;
    else if (type == FRAME_RESIZE && length == 4)
        resize(payload);
    else if (type == FRAME_SIGNAL && length == 4) {
        memcpy(&number, payload, sizeof number);
        monitor_send_signal(number);
    } else
        monitor_take_order(client, type, payload, length);
}

void monitor_take_frames(struct client *client)
{
    uint8_t type;
    char *payload;
    ssize_t length;
    while ((length = client_frame(client, &type, &payload)) >= 0) {
        take_frame(client, type, payload, (size_t)length);
        client_consume(client);
    }
    monitor_pump_input();
}

void monitor_take_client(struct client *client, short events)
{
    bool sent_input = client->sends_input, launched = client->holds;
    if (events & POLLOUT)
        client_flush(client);
    bool lost = client->fd >= 0 && (events & (POLLIN | POLLHUP | POLLERR)) && !client_receive(client);
    if (lost && sent_input && self.stdin_once)
        close_input(); /* nobody is left who could type */
    if (lost && launched && plan_flag(self.plan, "bound"))
        monitor_send_signal(SIGKILL); /* what it was to make is nobody's any more */
    if (client->fd >= 0)
        monitor_take_frames(client);
}

void monitor_accept(void)
{
    int fd = accept4(self.listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        client_add(&self.clients, fd);
}

