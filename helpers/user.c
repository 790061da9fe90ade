#include "user.h"
#include "rootpath.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAXIMUM_FILE = 16 << 20 };

/* One colon-separated line, as slices into the text. */
enum { MAXIMUM_COLUMNS = 7 };
struct line {
    size_t count;
    struct slice {
        const char *start;
        size_t length;
    } columns[MAXIMUM_COLUMNS];
};

/* Cuts the line at *at into columns and moves *at behind it; false at the end of the text. */
static bool next_line(const char **at, struct line *line)
{
    const char *start = *at;
    if (!start || !*start)
        return false;
    const char *end = strchr(start, '\n');
    size_t length = end ? (size_t)(end - start) : strlen(start);
    *at = end ? end + 1 : start + length;
    line->count = 0;
    while (line->count < MAXIMUM_COLUMNS) {
        const char *colon = memchr(start, ':', length);
        size_t part = colon ? (size_t)(colon - start) : length;
        line->columns[line->count++] = (struct slice){ start, part };
        if (!colon)
            break;
        start += part + 1;
        length -= part + 1;
    }
    return true;
}

static bool equals(struct slice slice, const char *text, size_t length)
{
    return slice.length == length && memcmp(slice.start, text, length) == 0;
}

/* A decimal id below 2^32 - 1, the value that chown(2) reserves. */
static bool parse_id(const char *text, size_t length, unsigned *id)
{
    unsigned long long value = 0;
    if (length == 0 || length > 10)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    *id = (unsigned)value;
    return value < 0xffffffffULL;
}

static void keep_group(struct user *user, gid_t gid)
{
    for (size_t i = 0; i < user->group_count; i++)
        if (user->groups[i] == gid)
            return;
    if (user->group_count < MAXIMUM_GROUPS)
        user->groups[user->group_count++] = gid;
}

/* Finds a group by name, or takes a number as it is. */
static bool find_group(const char *name, size_t length, const char *group, unsigned *gid)
{
    struct line line;
    for (const char *at = group; next_line(&at, &line);)
        if (line.count >= 3 && equals(line.columns[0], name, length))
            return parse_id(line.columns[2].start, line.columns[2].length, gid);
    return parse_id(name, length, gid);
}

/* Whether `name` stands in the comma-separated list of members. */
static bool is_member(struct slice members, struct slice name)
{
    const char *at = members.start, *end = members.start + members.length;
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        size_t length = comma ? (size_t)(comma - at) : (size_t)(end - at);
        if (equals(name, at, length))
            return true;
        at += length + 1;
    }
    return false;
}

static void keep_memberships(struct user *user, struct slice name, const char *group)
{
    struct line line;
    unsigned gid;
    for (const char *at = group; next_line(&at, &line);)
        if (line.count >= 4 && is_member(line.columns[3], name) && parse_id(line.columns[2].start, line.columns[2].length, &gid))
            keep_group(user, gid);
}

/* The passwd line whose name, or else whose uid, is the given word. */
static bool find_user(const char *name, size_t length, const char *passwd, struct line *found)
{
    unsigned wanted = 0, uid;
    bool numeric = parse_id(name, length, &wanted);
    for (const char *at = passwd; next_line(&at, found);)
        if (found->count >= 4 && equals(found->columns[0], name, length))
            return true;
    for (const char *at = passwd; numeric && next_line(&at, found);)
        if (found->count >= 4 && parse_id(found->columns[2].start, found->columns[2].length, &uid) && uid == wanted)
            return true;
    return false;
}

struct user *user_resolve(const char *spec, const char *passwd, const char *group, const char **reason)
{
    const char *colon = strchr(spec, ':');
    size_t length = colon ? (size_t)(colon - spec) : strlen(spec);
    const char *name = length ? spec : "0";
    if (!length)
        length = 1;
    struct line line;
    unsigned uid = 0, gid = 0;
    bool known = find_user(name, length, passwd, &line);
    *reason = known ? "its line in /etc/passwd is damaged" : "no such user in the container's /etc/passwd";
    if (known && (!parse_id(line.columns[2].start, line.columns[2].length, &uid) ||
                  !parse_id(line.columns[3].start, line.columns[3].length, &gid)))
        return NULL;
    if (!known && !parse_id(name, length, &uid))
        return NULL;
    if (colon && colon[1] && !find_group(colon + 1, strlen(colon + 1), group, &gid)) {
        *reason = "no such group in the container's /etc/group";
        return NULL;
    }
    struct user *user = xmalloc(sizeof *user);
    *user = (struct user){ .uid = uid, .gid = gid };
    keep_group(user, gid);
    if (known && !(colon && colon[1]))
        keep_memberships(user, line.columns[0], group);
    bool homed = known && line.count >= 6 && line.columns[5].length > 0;
    user->home = homed ? strndup(line.columns[5].start, line.columns[5].length) : strdup("/");
    if (!user->home)
        die("out of memory");
    return user;
}

int user_add_group(struct user *user, const char *name, const char *group)
{
    unsigned gid;
    if (!find_group(name, strlen(name), group, &gid))
        return -1;
    keep_group(user, gid);
    return 0;
}

/* A hostile image may put a FIFO or a device where the file should be. */
static char *load_text(int root, const char *path)
{
    struct stat status;
    autoclose int fd = root_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, true);
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return NULL;
    if (status.st_size > MAXIMUM_FILE)
        die("%s in the container is larger than 16 MiB", path);
    char *text = xmalloc((size_t)status.st_size + 1);
    ssize_t length = read_all(fd, text, (size_t)status.st_size);
    if (length < 0)
        die_errno("cannot read %s in the container", path);
    text[length] = 0;
    return text;
}

struct user *user_load(int root, const char *spec, char *const *extra_groups, size_t extra_count)
{
    const char *reason = NULL;
    autofree char *passwd = load_text(root, "/etc/passwd"), *group = load_text(root, "/etc/group");
    struct user *user = user_resolve(spec, passwd, group, &reason);
    if (!user)
        die("unable to find user %s: %s", spec, reason);
    for (size_t i = 0; i < extra_count; i++)
        if (user_add_group(user, extra_groups[i], group) < 0)
            die("unable to find group %s: no such group in the container's /etc/group", extra_groups[i]);
    return user;
}
