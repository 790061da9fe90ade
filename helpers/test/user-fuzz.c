/* libFuzzer: --user, /etc/passwd and /etc/group of any content, separated by NULs. */
#include "user.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The text up to the next NUL as a copy of its own, so that a read beyond it is seen. */
static char *next_text(const uint8_t **at, const uint8_t *end)
{
    size_t length = *at < end ? strnlen((const char *)*at, (size_t)(end - *at)) : 0;
    char *text = malloc(length + 1);
    memcpy(text, *at, length);
    text[length] = 0;
    *at += length < (size_t)(end - *at) ? length + 1 : length;
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *at = data, *end = data + size;
    const char *reason = NULL;
    char *spec = next_text(&at, end), *extra = next_text(&at, end), *passwd = next_text(&at, end), *group = next_text(&at, end);
    struct user *user = user_resolve(spec, passwd, group, &reason);
    if (!user && !reason)
        __builtin_trap();
    if (user) {
        if (user->uid == (uid_t)-1 || user->gid == (gid_t)-1 || !user->home || !user->group_count || user->group_count > MAXIMUM_GROUPS)
            __builtin_trap();
        if (user->groups[0] != user->gid)
            __builtin_trap();
        user_add_group(user, extra, group);
        free(user->home);
        free(user);
    }
    free(spec);
    free(extra);
    free(passwd);
    free(group);
    return 0;
}
