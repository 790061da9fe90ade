#include "logger-remote.h"
#include "util.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECT_MS = 10000,      /* how long a connection may take */
    FINISH_MS = 10000,       /* how long the last messages may take in all, */
    FINISH_STILL_MS = 1000,  /* and how long while the other side takes none, but where it was to be waited for at any cost */
    OVERSHOOT = 8 << 20,     /* what one read from a container that is about to be held up may add to a full queue */
};

long long log_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void is_up(struct log_remote *remote)
{
    if (remote->packer && (remote->fd = log_pack(remote, remote->fd)) < 0) {
        remote->due = log_clock() + remote->delay_most;
        remote->state = REMOTE_DOWN;
        return;
    }
    remote->state = REMOTE_UP;
    remote->failed = 0;
    remote->due = 0;
    remote->sent = 0; /* a message of which the old connection took a part begins anew */
}

static void drop_waiting(struct log_remote *remote)
{
    remote->dropped += remote->queue.messages;
    queue_clear(&remote->queue);
    remote->sent = 0;
}

static void is_down(struct log_remote *remote)
{
    close_fd(&remote->fd);
    remote->state = REMOTE_DOWN;
    remote->next_host = (remote->next_host + 1) % remote->host_count;
    remote->due = log_clock() + remote->delay_now;
    remote->delay_now = 2 * remote->delay_now < remote->delay_most ? 2 * remote->delay_now : remote->delay_most;
    if (remote->tries && ++remote->failed > remote->tries) {
        drop_waiting(remote);
        remote->failed = 0;
    }
}

static void connect_now(struct log_remote *remote)
{
    if ((remote->fd = log_dial(remote)) < 0) {
        is_down(remote);
        return;
    }
    remote->state = REMOTE_CONNECTING;
    remote->due = log_clock() + CONNECT_MS;
}

static struct pollfd poll_once(const struct log_remote *remote, int timeout)
{
    struct pollfd slot = { .fd = remote->fd, .events = POLLOUT };
    poll(&slot, 1, timeout);
    return slot;
}

/* Whether the connection to the next host stands now or within `patience` ms; errno says why not. */
static bool connects(struct log_remote *remote, int patience)
{
    if ((remote->fd = log_dial(remote)) < 0)
        return false;
    int error = poll_once(remote, patience).revents ? log_dialled(remote->fd) : ETIMEDOUT;
    if (error)
        close_fd(&remote->fd);
    errno = error;
    return error == 0;
}

/* As in Docker, a receiver that cannot be reached at the start is the user's to know. */
static void connect_first(struct log_remote *remote)
{
    long long end = log_clock() + CONNECT_MS;
    for (size_t i = 0; i < remote->host_count; i++) {
        remote->next_host = i;
        long long left = end - log_clock();
        if (connects(remote, left > 0 ? (int)left : 0)) {
            is_up(remote);
            return;
        }
    }
    if (!remote->lazy)
        die("failed to initialize logging driver: dial %s: %s", remote->address, errno_words(errno));
    is_down(remote);
}

static enum log_network network_of(const char *name)
{
    static const char *const names[] = { "udp", "tcp", "unix", "unixgram", "local" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return (enum log_network)i;
    die("bad network of a log in the launch plan: '%s'", name);
}

static const struct log_encoder *encoder_of(const char *name)
{
    static const struct log_encoder *const all[] = { &syslog_encoder, &journald_encoder, &gelf_encoder, &fluentd_encoder };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    die("bad log driver in the launch plan: '%s'", name);
}

enum { FIELD_NETWORK = 1, FIELD_ADDRESS, FIELD_PORT, FIELD_LIMIT, FIELD_PATIENCE, FIELD_START, FIELD_TRIES, FIELD_DELAY, FIELD_DELAY_MOST, FIELD_HOSTS };

struct log_remote *log_remote_open(const struct plan *plan)
{
    const struct record *record = plan_find(plan, "log-remote", FIELD_DELAY_MOST);
    if (!record)
        return NULL;
    char *const *fields = record->fields;
    struct log_remote *remote = xmalloc(sizeof *remote);
    *remote = (struct log_remote){
        .network = network_of(fields[FIELD_NETWORK]), .address = fields[FIELD_ADDRESS], .port = fields[FIELD_PORT], .fd = -1, .clock_second = -1,
        .limit = (size_t)parse_number(fields[FIELD_LIMIT], 0, INT64_MAX / 2, "buffer of a log"),
        .patience = (int)parse_number(fields[FIELD_PATIENCE], -1, INT32_MAX, "patience of a log"), .lazy = strcmp(fields[FIELD_START], "later") == 0,
        .tries = (int)parse_number(fields[FIELD_TRIES], 0, INT32_MAX, "attempts of a log"),
        .delay = (int)parse_number(fields[FIELD_DELAY], 1, INT32_MAX / 2, "delay of a log"),
        .delay_most = (int)parse_number(fields[FIELD_DELAY_MOST], 1, INT32_MAX / 2, "delay of a log"),
        .hosts = fields + FIELD_HOSTS, .host_count = record->count - FIELD_HOSTS,
    };
    if (remote->host_count == 0)
        die("failed to initialize logging driver: %s", remote->address);
    remote->delay_now = remote->delay;
    remote->fields = plan_find(plan, "log-encode", 1);
    if (!remote->fields)
        die("the launch plan has no record 'log-encode'");
    remote->encoder = encoder_of(remote->fields->fields[1]);
    remote->encoder->open(remote, remote->fields);
    connect_first(remote);
    return remote;
}

/* The receiver is told that something is missing, in its place. */
static void tell_dropped(struct log_remote *remote)
{
    char text[96];
    int length = snprintf(text, sizeof text, "skiff: %llu %s not sent: the receiver was not reached, or too slow", remote->dropped,
                          remote->dropped == 1 ? "line was" : "lines were");
    struct log_entry entry = { .error = true, .text = text, .size = (size_t)length, .whole = true };
    clock_gettime(CLOCK_REALTIME, &entry.time);
    remote->dropped = 0;
    remote->encoder->encode(remote, &entry);
}

static bool is_full(const struct log_remote *remote)
{
    return queue_size(&remote->queue) > remote->limit;
}

/* Whether the container may be held up until there is room. */
static bool holds(const struct log_remote *remote)
{
    return remote->patience != 0 && remote->state == REMOTE_UP && !remote->gave_up;
}

void log_remote_add(struct log_remote *remote, const struct log_entry *entry)
{
    size_t room = remote->limit + (holds(remote) ? OVERSHOOT : 0);
    if (remote->dropped && remote->state == REMOTE_UP && queue_size(&remote->queue) <= remote->limit / 2)
        tell_dropped(remote);
    struct queue_mark mark = queue_mark(&remote->queue);
    remote->encoder->encode(remote, entry);
    /* One message at least is kept, however large: as Docker's ring does. */
    if (mark.messages > 0 && queue_size(&remote->queue) > room) {
        queue_rewind(&remote->queue, mark);
        remote->dropped++;
    }
}

void log_remote_flush(struct log_remote *remote)
{
    size_t waiting = remote->queue.messages;
    if (remote->state == REMOTE_UP && log_send(remote) < 0)
        is_down(remote);
    else if (remote->queue.messages < waiting)
        remote->delay_now = remote->delay; /* not as soon as it is connected: some take a connection and close it */
    if (!is_full(remote))
        remote->full_since = 0;
    if (queue_size(&remote->queue) <= remote->limit / 2)
        remote->gave_up = false;
}

struct pollfd log_remote_slot(const struct log_remote *remote)
{
    size_t size;
    short out = remote->state == REMOTE_CONNECTING || queue_next(&remote->queue, NULL, &size) ? POLLOUT : 0;
    return (struct pollfd){ .fd = remote->state == REMOTE_DOWN ? -1 : remote->fd, .events = (short)(POLLIN | out) };
}

/* A receiver says nothing that we need to know, but its end is. A datagram's failure is told by the next send. */
static bool has_ended(struct log_remote *remote)
{
    char words[512];
    ssize_t n = recv(remote->fd, words, sizeof words, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR && (remote->network != NETWORK_UDP || remote->packer));
}

void log_remote_ready(struct log_remote *remote, short events)
{
    if (remote->state == REMOTE_CONNECTING) {
        if (log_dialled(remote->fd) == 0)
            is_up(remote);
        else
            is_down(remote);
    } else if (remote->state == REMOTE_UP && (events & (POLLIN | POLLHUP | POLLERR)) && has_ended(remote)) {
        is_down(remote);
    }
    log_remote_flush(remote);
}

long long log_remote_deadline(const struct log_remote *remote)
{
    long long due = remote->due;
    /* Without anything to send there is no haste: the next entry looks. */
    if (remote->state == REMOTE_DOWN && remote->queue.messages == 0 && !remote->dropped)
        due = 0;
    long long patience = remote->full_since && remote->patience > 0 && !remote->gave_up ? remote->full_since + remote->patience : 0;
    return patience && (!due || patience < due) ? patience : due;
}

void log_remote_tick(struct log_remote *remote)
{
    if (remote->due && log_clock() >= remote->due) {
        if (remote->state == REMOTE_CONNECTING)
            is_down(remote);
        else if (remote->state == REMOTE_DOWN)
            connect_now(remote);
    }
    if (remote->full_since && remote->patience > 0 && log_clock() >= remote->full_since + remote->patience)
        remote->gave_up = true;
}

bool log_remote_is_behind(struct log_remote *remote)
{
    if (!is_full(remote) || !holds(remote))
        return false;
    if (!remote->full_since)
        remote->full_since = log_clock();
    return true;
}

/* The packer has messages in its socket that it has yet to send. */
static void end_packer(struct log_remote *remote)
{
    close_fd(&remote->fd);
    for (int waited = 0; remote->packer_pid && waited < FINISH_STILL_MS; waited++) {
        if (waitpid(remote->packer_pid, NULL, WNOHANG) != 0)
            remote->packer_pid = 0;
        else
            usleep(1000);
    }
}

/* Sends what waits while the other side takes it, for a limited time. */
static void send_last(struct log_remote *remote)
{
    size_t size;
    long long end = log_clock() + FINISH_MS;
    int still = remote->patience < 0 ? FINISH_MS : FINISH_STILL_MS;
    log_remote_flush(remote);
    while (remote->state != REMOTE_DOWN && queue_next(&remote->queue, NULL, &size) && log_clock() < end) {
        short events = poll_once(remote, still).revents;
        if (!events)
            break;
        log_remote_ready(remote, events);
    }
}

void log_remote_rest(struct log_remote *remote)
{
    if (!remote->packer_pid)
        return;
    send_last(remote);
    end_packer(remote);
    remote->state = REMOTE_DOWN;
    remote->due = log_clock();
}

void log_remote_finish(struct log_remote *remote)
{
    if (remote->dropped && remote->state == REMOTE_UP)
        tell_dropped(remote);
    send_last(remote);
    end_packer(remote);
}
