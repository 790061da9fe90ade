#include "volume-mount.h"
#include "util.h"
#include "volume.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROBE_US = 2000 };

/* Fields behind the kind; `after` has only what begins with ENVIRONMENT. */
enum { FLAGS = VOLUME_MORE, DATA, TMPFS_FIELDS = DATA, SOURCE = DATA + 1, TYPE, WAY, FUSE_ENVIRONMENT, AFTER_ENVIRONMENT = VOLUME_MORE };

/* COUNT LINE... PROGRAM ARGUMENT... */
static struct volume_program program_from(const struct record *record, size_t at)
{
    struct volume_program program;
    size_t count = at < record->count ? (size_t)parse_number(record->fields[at], 0, 64, "number of environment lines") : record->count;
    if (at + count + 1 >= record->count || record->fields[at + 1 + count][0] != '/')
        die("record 'volume' of the launch plan names no program");
    program.environment = xmalloc((count + 1) * sizeof *program.environment);
    memcpy(program.environment, record->fields + at + 1, count * sizeof *program.environment);
    program.environment[count] = NULL;
    size_t arguments = record->count - at - 1 - count;
    program.arguments = xmalloc((arguments + 1) * sizeof *program.arguments);
    memcpy(program.arguments, record->fields + at + 1 + count, arguments * sizeof *program.arguments);
    program.arguments[arguments] = NULL;
    return program;
}

struct volume_wish volume_wish_from(const struct record *record)
{
    char **f = record->fields;
    struct volume_wish wish = { .name = f[VOLUME_NAME], .directory = f[VOLUME_DIRECTORY], .target = f[VOLUME_TARGET] };
    bool tmpfs = strcmp(f[VOLUME_KIND], "tmpfs") == 0, fuse = strcmp(f[VOLUME_KIND], "fuse") == 0;
    if ((tmpfs && record->count == TMPFS_FIELDS + 1) || (fuse && record->count > FUSE_ENVIRONMENT)) {
        wish.kind = tmpfs ? VOLUME_TMPFS : VOLUME_FUSE;
        wish.flags = (unsigned long)parse_number(f[FLAGS], 0, 0xffffffffLL, "mount flags");
        wish.data = f[DATA];
        wish.source = wish.type = "tmpfs";
    } else if (strcmp(f[VOLUME_KIND], "after") == 0) {
        wish.kind = VOLUME_AFTER;
        wish.program = program_from(record, AFTER_ENVIRONMENT);
    } else
        die("record 'volume' of the launch plan has %zu fields for '%s'", record->count, f[VOLUME_KIND]);
    if (fuse) {
        wish.source = f[SOURCE];
        wish.type = f[TYPE];
        wish.hands_fuse = strcmp(f[WAY], "fd") == 0;
        wish.program = program_from(record, FUSE_ENVIRONMENT);
    }
    return wish;
}

static char *mount_fuse(const struct volume_wish *wish, int *fuse)
{
    struct stat status;
    autoclose int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return xasprintf("cannot open /dev/fuse: %s; FUSE volumes need it: ask an administrator to run modprobe fuse, and to let everybody read and write it", errno_words(errno));
    if (stat(wish->target, &status) < 0)
        return xasprintf("cannot look at %s: %s", wish->target, errno_words(errno));
    /* Ids as in the keeper's namespace, which are the host's; fuse(4) of the kernel's Documentation/filesystems/fuse.rst. */
    autofree char *data = xasprintf("fd=%d,rootmode=%o,user_id=%u,group_id=%u%s%s", fd, status.st_mode & S_IFMT, getuid(), getgid(), wish->data[0] ? "," : "", wish->data);
    if (mount(wish->source, wish->target, wish->type, wish->flags, data) < 0)
        return xasprintf("cannot mount %s: %s (options '%s')", wish->type, errno_words(errno), wish->data);
    *fuse = fd;
    fd = -1;
    return NULL;
}

char *volume_mount(const struct volume_wish *wish, int *fuse)
{
    *fuse = -1;
    if (wish->kind == VOLUME_FUSE)
        return wish->hands_fuse ? mount_fuse(wish, fuse) : NULL;
    if (mount(wish->source, wish->target, wish->type, wish->flags, wish->data[0] ? wish->data : NULL) < 0)
        return xasprintf("cannot mount %s: %s (options '%s')", wish->type, errno_words(errno), wish->data);
    return NULL;
}

/* Until the program has answered the kernel's first question, everybody who looks waits; should it end, they get an error. */
_Noreturn void volume_probe(const struct volume_wish *wish, unsigned long long device)
{
    struct stat status;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        if (stat(wish->target, &status) < 0)
            _exit(errno);
        if (status.st_dev != device)
            _exit(0);
        usleep(PROBE_US);
    }
}

bool volume_words_take(struct volume_words *words, int fd)
{
    char said[512];
    ssize_t length;
    while ((length = read(fd, said, sizeof said)) > 0) {
        size_t room = sizeof words->text - words->length, taken = (size_t)length;
        if (taken > room) {
            memmove(words->text, words->text + (taken - room), words->length - (taken - room));
            words->length -= taken - room;
        }
        memcpy(words->text + words->length, said, taken);
        words->length += taken;
    }
    return length < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Where the line that ends before `end` begins; *end moves to its end without what is blank. */
static size_t line_before(const char *text, size_t *end)
{
    while (*end > 0 && strchr("\n\r\t .", text[*end - 1]))
        (*end)--;
    size_t start = *end;
    while (start > 0 && text[start - 1] != '\n')
        start--;
    return start;
}

char *volume_words_last(const struct volume_words *words)
{
    size_t end = words->length, start = line_before(words->text, &end), before = start;
    size_t first = line_before(words->text, &before);
    if (end == start)
        return xasprintf("it gave no reason");
    char *line = before > first ? xasprintf("%.*s; %.*s", (int)(before - first), words->text + first, (int)(end - start), words->text + start)
                                : xasprintf("%.*s", (int)(end - start), words->text + start);
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = '?';
    return line;
}
