/* What other commands ask of a monitor: `stop`, `kill`, `pause` and `unpause`, `rename`, `network connect`, and who repairs what a kill has torn. */
#include "monitor-parts.h"
#include "frames.h"
#include "util.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void answer(struct client *client, uint32_t result)
{
    client_send(client, FRAME_DONE, &result, sizeof result);
}

static bool runs(void)
{
    return self.started && !self.exited;
}

/* The record shall not say that it stands still when it does not, nor the reverse; a full disk makes it stale, and ends nothing. */
static void note_paused(bool paused)
{
    self.state.paused = paused;
    if (self.directory >= 0)
        state_write(self.directory, &self.state);
}

void monitor_unpause(void)
{
    if (!self.state.paused)
        return;
    monitor_let_go_on();
    monitor_pause_health(false);
    note_paused(false);
    monitor_event("unpause", NULL);
}

static enum order_result set_paused(bool paused)
{
    if (!runs() || self.directory < 0)
        return ORDER_NOT_RUNNING;
    if (paused == (self.state.paused))
        return ORDER_ALREADY;
    if (!paused) {
        monitor_unpause();
        return ORDER_DONE;
    }
    monitor_cancel_check();
    if (!monitor_stop_processes()) {
        monitor_let_go_on();
        monitor_pause_health(false);
        return ORDER_FAILED;
    }
    monitor_pause_health(true);
    note_paused(true);
    monitor_event("pause", NULL);
    return ORDER_DONE;
}

/* Of two who stop it the less patient one decides. A machine that goes down, and somebody who starts it again at once, do not mean that it shall stay away. */
static void stop(const char *payload, size_t length)
{
    uint32_t words[3] = { 0 };
    memcpy(words, payload, length);
    self.stays = (words[2] & STOP_AGAIN) != 0;
    self.ends = true;
    if (!(words[2] & (STOP_AGAIN | STOP_SHUTDOWN)))
        self.state.stopped_by_user = true;
    self.stopping = !(words[2] & STOP_FORCE);
    self.killing = words[0] == SIGKILL;
    if (runs())
        monitor_signal_event((int)words[0]);
    monitor_signal(words[0]);
    long long kill_at = monitor_now() + words[1];
    if (words[1] != STOP_NEVER && (!self.kill_at || kill_at < self.kill_at))
        self.kill_at = kill_at;
    monitor_unpause();
}

void monitor_send_signal(uint32_t number)
{
    monitor_end_for_good((int)number, true);
    if (runs())
        monitor_signal_event((int)number);
    monitor_signal(number);
}

/* A paused container that is told to end the way it wants to be told goes on, to do so; as in Docker. */
static enum order_result take_kill(uint32_t number)
{
    const struct record *wanted = plan_find(self.plan, "stop", 2);
    if (!runs() && !self.restart_at)
        return ORDER_NOT_RUNNING;
    monitor_send_signal(number);
    if (wanted && number == (uint32_t)strtoul(wanted->fields[1], NULL, 10))
        monitor_unpause();
    return ORDER_DONE;
}

/* The one path that is removed with the container and is no tree is its name (src/runtime/gather.ts). */
static enum order_result rename_container(const char *path, size_t length)
{
    if (length == 0 || length >= PATH_MAX || path[0] != '/' || memchr(path, 0, length))
        return ORDER_FAILED;
    for (size_t i = 0; i < self.plan->count; i++) {
        struct record *record = &self.plan->records[i];
        if (strcmp(record->fields[0], "remove") == 0 && record->count == 2)
            record->fields[1] = xasprintf("%.*s", (int)length, path);
    }
    autofree char *name = xasprintf("%.*s", (int)length, path);
    monitor_rename_events(strrchr(name, '/') + 1);
    return ORDER_DONE;
}

static void change_networks(struct client *client)
{
    char message[1024];
    autofree char *words = runs() ? monitor_change_networks() : NULL;
    uint32_t result = !runs() ? ORDER_NOT_RUNNING : words ? ORDER_FAILED : ORDER_DONE;
    memcpy(message, &result, sizeof result);
    int length = snprintf(message + sizeof result, sizeof message - sizeof result, "%s", words ? words : "");
    size_t room = sizeof message - sizeof result - 1;
    client_send(client, FRAME_DONE, message, sizeof result + ((size_t)length < room ? (size_t)length : room));
}

static bool is_fifo(int fd, const struct fifo_question *question)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode) && status.st_dev == question->device && status.st_ino == question->inode;
}

/* Whoever takes the place of a killed keeper or network holder has to be in its namespace, and that lives on in us. */
static void hand_over(struct client *client, const char *payload)
{
    struct fifo_question question;
    memcpy(&question, payload, sizeof question);
    bool keeper = is_fifo(MONITOR_KEEPER, &question), holder = is_fifo(MONITOR_HOLDER, &question);
    autoclose int user = keeper ? open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC) : -1;
    int namespace = !holder ? user : self.network.ready < 0 ? MONITOR_HOLDER_NETNS : -1;
    struct {
        struct frame_header header;
        uint32_t result;
    } message = { { .type = FRAME_DONE, .length = sizeof message.result }, ORDER_DONE };
    if (namespace < 0 || client->output_length || packet_send(client->fd, &message, sizeof message, namespace) < 0)
        client_drop(client);
}

void monitor_take_order(struct client *client, uint8_t type, const char *payload, size_t length)
{
    uint32_t number = 0;
    if (length == sizeof number)
        memcpy(&number, payload, sizeof number);
    if (type == FRAME_STOP && (length == 8 || length == 12))
        stop(payload, length);
    else if (type == FRAME_KILL && length == 4)
        answer(client, take_kill(number));
    else if (type == FRAME_PAUSE && length == 4)
        answer(client, set_paused(number != 0));
    else if (type == FRAME_RENAME)
        answer(client, rename_container(payload, length));
    else if (type == FRAME_NETWORK && length == 0)
        change_networks(client);
    else if (type == FRAME_NAMESPACE && length == sizeof(struct fifo_question))
        hand_over(client, payload);
    else if (type == FRAME_POLICY)
        answer(client, monitor_change_policy(payload, length));
}
