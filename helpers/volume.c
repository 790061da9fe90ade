/* Volumes from the side of those who use them: launch, the sandbox, the monitor. */
#include "volume.h"
#include "frames.h"
#include "roles.h"
#include "util.h"
#include "volume-holder.h"
#include "volume-place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4
#define MOVE_MOUNT_T_EMPTY_PATH 0x40
#endif

static bool is_volume(const struct record *record)
{
    return strcmp(record->fields[0], "volume") == 0;
}

size_t volumes_count(const struct plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++)
        count += is_volume(&plan->records[i]);
    return count;
}

static const struct record *check(const struct record *record)
{
    if (record->count <= VOLUME_FIELDS)
        die("record 'volume' of the launch plan has %zu fields", record->count);
    return record;
}

/* Under the lock of the place. Returns when the holder is ready to be asked. */
static void start_holder(const struct record *record, const struct keeper *keeper, int directory, int listener)
{
    int ready[2];
    char words[2048];
    if (pipe2(ready, O_CLOEXEC) < 0)
        die_errno("cannot make a pipe");
    pid_t pid = fork();
    if (pid < 0)
        die_errno("cannot start the holder of a volume");
    if (pid == 0)
        volume_hold(record, &(struct volume_start){ directory, listener, keeper->userns, keeper->alive, ready[1] });
    close(ready[1]);
    ssize_t length = read_all(ready[0], words, sizeof words - 1);
    close(ready[0]);
    if (length == 1 && !words[0])
        return;
    volume_place_remove(record->fields[VOLUME_DIRECTORY], directory);
    words[length > 0 ? length : 0] = 0;
    die("cannot mount the volume %s: %s", record->fields[VOLUME_NAME], length > 0 && strchr(words, ' ') ? strchr(words, ' ') + 1 : "the process that holds it ended at once");
}

static int acquire(const struct record *record, const struct keeper *keeper)
{
    autoclose int directory = -1;
    autoclose int lock = volume_place_lock(record->fields[VOLUME_DIRECTORY], false, &directory);
    int connection = volume_place_connect(directory);
    if (connection >= 0)
        return connection;
    autoclose int listener = volume_place_listen(directory);
    /* Before there is a holder, so that it finds its first user whatever becomes of us. */
    connection = volume_place_connect(directory);
    if (connection < 0)
        die_errno("cannot connect to the holder of the volume %s", record->fields[VOLUME_NAME]);
    start_holder(record, keeper, directory, listener);
    return connection;
}

int *volumes_acquire(const struct plan *plan, const struct keeper *keeper)
{
    size_t count = volumes_count(plan), done = 0;
    int *connections = count ? xmalloc(count * sizeof *connections) : NULL;
    for (size_t i = 0; i < plan->count; i++)
        if (is_volume(&plan->records[i]))
            connections[done++] = acquire(check(&plan->records[i]), keeper);
    return connections;
}

/* A program may take its time, for which nobody has to wait who does not want the container any more. */
static void wait_for_answer(const struct record *record, int connection, int enough)
{
    struct pollfd slots[2] = { { .fd = connection, .events = POLLIN }, { .fd = enough, .events = POLLIN } };
    while (poll(slots, 2, -1) < 0 && errno == EINTR)
        ;
    if (!slots[0].revents && slots[1].revents)
        die("the container was told to end before the volume %s was mounted", record->fields[VOLUME_NAME]);
}

/* A copy of the volume's mount; dies with the holder's sentence. */
static int ask_for_mount(const struct record *record, int enough)
{
    char answer[2048];
    int copy = -1;
    autoclose int directory = open(record->fields[VOLUME_DIRECTORY], O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    autoclose int connection = directory < 0 ? -1 : volume_place_connect(directory);
    ssize_t length = connection < 0 || packet_send(connection, &(char){ VOLUME_MOUNT }, 1, -1) < 0 ? -1 : 0;
    if (length == 0) {
        wait_for_answer(record, connection, enough);
        length = packet_receive(connection, answer, sizeof answer - 1, &copy);
    }
    if (length > 0 && answer[0] == VOLUME_MOUNT && copy >= 0)
        return copy;
    answer[length > 0 ? length : 0] = 0;
    const char *words = strchr(answer, ' ');
    if (words)
        die("%s", words + 1);
    die("the process that holds the volume %s has ended; start the container again", record->fields[VOLUME_NAME]);
}

void volumes_mount(const struct plan *plan, int enough)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct record *record = &plan->records[i];
        if (!is_volume(record) || strcmp(check(record)->fields[VOLUME_KIND], "after") == 0)
            continue;
        autoclose int copy = ask_for_mount(record, enough);
        autoclose int target = open(record->fields[VOLUME_TARGET], O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (target < 0 || syscall(SYS_move_mount, copy, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
            die_errno("cannot mount the volume %s on %s", record->fields[VOLUME_NAME], record->fields[VOLUME_TARGET]);
    }
}

void volumes_release(int first, size_t count)
{
    char byte;
    /* All at once: each may take its time to write out what it has. */
    for (size_t i = 0; i < count; i++)
        packet_send(first + (int)i, &(char){ VOLUME_END }, 1, -1);
    for (size_t i = 0; i < count; i++) {
        while (read_all(first + (int)i, &byte, 1) > 0)
            ;
        close(first + (int)i);
    }
}

/* skiff-helper sweep-volumes DIRECTORY...: removes the directories of holders that were killed; those that live, or are about to, are left. */
int role_sweep_volumes(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        autoclose int directory = -1;
        autoclose int lock = volume_place_lock(argv[i], true, &directory);
        autoclose int connection = lock < 0 ? -1 : volume_place_connect(directory);
        if (lock >= 0 && connection < 0)
            volume_place_remove(argv[i], directory);
    }
    return 0;
}
