/* Those who use a volume, from its holder's side: a connection each. */
#ifndef SKIFF_VOLUME_USERS_H
#define SKIFF_VOLUME_USERS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct volume_user {
    int fd;
    bool waits;  /* for the mount */
    bool leaves; /* it wants to know when everything is done */
};

struct volume_users {
    struct volume_user *list;
    size_t count, capacity;
};

/* One who has connected; nothing where nobody has. */
void users_accept(struct volume_users *users, int listener);

/* Their places in poll(2), `users->count` of them, and what that says of the first `count`. */
void users_fill(const struct volume_users *users, struct pollfd *slots);
void users_take(struct volume_users *users, const struct pollfd *slots, size_t count);

/* Whether anybody waits for the mount. */
bool users_wait(const struct volume_users *users);
/* Answers those with a copy of the mount at `target` of the volume `name`, or with the refusal `<code> <sentence>`. */
void users_answer(struct volume_users *users, const char *name, const char *target, const char *refusal);

/* Whether anybody does not leave. */
bool users_stay(const struct volume_users *users);
/* Lets go those who leave, as long as others stay: there is nothing that they had to wait for. */
void users_part(struct volume_users *users);

#endif
