#include "volume-users.h"
#include "frames.h"
#include "util.h"
#include "volume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif

static void make_room(struct volume_users *users)
{
    if (users->count < users->capacity)
        return;
    users->capacity = users->capacity ? users->capacity * 2 : 8;
    struct volume_user *list = xmalloc(users->capacity * sizeof *list);
    if (users->count)
        memcpy(list, users->list, users->count * sizeof *list);
    free(users->list);
    users->list = list;
}

void users_accept(struct volume_users *users, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    make_room(users);
    users->list[users->count++] = (struct volume_user){ .fd = fd };
}

static void drop(struct volume_users *users, size_t i)
{
    close(users->list[i].fd);
    users->list[i] = users->list[--users->count];
}

void users_fill(const struct volume_users *users, struct pollfd *slots)
{
    for (size_t i = 0; i < users->count; i++)
        slots[i] = (struct pollfd){ .fd = users->list[i].fd, .events = users->list[i].leaves ? 0 : POLLIN };
}

static void take(struct volume_users *users, size_t i)
{
    char byte = 0;
    ssize_t length = recv(users->list[i].fd, &byte, 1, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (length <= 0)
        drop(users, i);
    else if (byte == VOLUME_MOUNT)
        users->list[i].waits = true;
    else if (byte == VOLUME_END)
        users->list[i].leaves = true;
}

void users_take(struct volume_users *users, const struct pollfd *slots, size_t count)
{
    /* From the last one, because another takes the place of one that goes. */
    for (size_t i = count; i-- > 0;)
        if (slots[i].revents)
            take(users, i);
}

bool users_wait(const struct volume_users *users)
{
    for (size_t i = 0; i < users->count; i++)
        if (users->list[i].waits)
            return true;
    return false;
}

static void answer(int fd, const char *name, const char *target)
{
    autoclose int copy = (int)syscall(SYS_open_tree, AT_FDCWD, target, OPEN_TREE_CLONE | O_CLOEXEC);
    if (copy >= 0) {
        packet_send(fd, &(char){ VOLUME_MOUNT }, 1, copy);
        return;
    }
    autofree char *words = xasprintf("%d cannot copy the mount of the volume %s: %s (this needs Linux 5.2)", EXIT_SKIFF, name, errno_words(errno));
    packet_send(fd, words, strlen(words), -1);
}

void users_answer(struct volume_users *users, const char *name, const char *target, const char *refusal)
{
    for (size_t i = 0; i < users->count; i++) {
        struct volume_user *user = &users->list[i];
        if (!user->waits)
            continue;
        user->waits = false;
        if (refusal)
            packet_send(user->fd, refusal, strlen(refusal), -1);
        else
            answer(user->fd, name, target);
    }
}

bool users_stay(const struct volume_users *users)
{
    for (size_t i = 0; i < users->count; i++)
        if (!users->list[i].leaves)
            return true;
    return false;
}

void users_part(struct volume_users *users)
{
    if (!users_stay(users))
        return;
    for (size_t i = users->count; i-- > 0;)
        if (users->list[i].leaves)
            drop(users, i);
}
