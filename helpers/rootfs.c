#include "rootfs.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAXIMUM_LAYERS = 500, OPTION_SPACE = 32 + MAXIMUM_LAYERS * 24 };

struct layers {
    char options[OPTION_SPACE];
    size_t length;
    int fds[MAXIMUM_LAYERS + 2];
    size_t count;
};

/* `place` is where /proc/self/fd/ is said: empty for a mount made from inside that directory, which makes room for 500 layers in the one page that mount(2) takes. */
static void add_directory(struct layers *layers, const char *separator, const char *place, const char *path)
{
    int fd = open(path, O_PATH | O_DIRECTORY);
    if (fd < 0)
        die_errno("cannot open the layer %s", path);
    layers->fds[layers->count++] = fd;
    layers->length += (size_t)snprintf(layers->options + layers->length, OPTION_SPACE - layers->length, "%s%s%d", separator, place, fd);
}

static struct layers *open_layers(const char *place, const char *upper, const char *work, char **lowers, size_t count)
{
    struct layers *layers = xmalloc(sizeof *layers);
    layers->length = layers->count = 0;
    if (count == 0 || count > MAXIMUM_LAYERS)
        die("an image may have up to %d layers, not %zu", MAXIMUM_LAYERS, count);
    for (size_t i = 0; i < count; i++)
        add_directory(layers, i ? ":" : "lowerdir=", place, lowers[i]);
    add_directory(layers, ",upperdir=", place, upper);
    add_directory(layers, ",workdir=", place, work);
    return layers;
}

static void close_layers(struct layers *layers)
{
    for (size_t i = 0; i < layers->count; i++)
        close(layers->fds[i]);
    free(layers);
}

/* overlay UPPER WORK TARGET OPTIONS LOWER... */
static const char *mount_overlay(const struct record *record)
{
    char **f = record->fields;
    struct layers *layers = open_layers("", f[1], f[2], f + 5, record->count - 5);
    autofree char *options = xasprintf("%s%s%s", layers->options, f[4][0] ? "," : "", f[4]);
    if (chdir("/proc/self/fd") < 0)
        die_errno("cannot enter /proc/self/fd");
    if (mount("overlay", f[3], "overlay", 0, options) < 0)
        die("cannot mount the image with the kernel's overlay: %s; try --storage-driver fuse-overlayfs", errno_words(errno));
    close_layers(layers);
    return f[3];
}

static _Noreturn void exec_fuse(char **f, const char *options, int words)
{
    char *arguments[] = { f[1], "-o", (char *)(uintptr_t)options, f[4], NULL }, *environment[] = { NULL };
    dup2(words, 2);
    null_stdio(3);
    execve(f[1], arguments, environment);
    die_errno("cannot run %s", f[1]);
}

/* fuse-overlayfs PROGRAM UPPER WORK TARGET OPTIONS LOWER... It puts itself into the background once it has mounted. */
static const char *mount_fuse(const struct record *record)
{
    char **f = record->fields, said[512];
    int words[2], status = 0;
    struct layers *layers = open_layers("/proc/self/fd/", f[2], f[3], f + 6, record->count - 6);
    autofree char *options = xasprintf("%s%s%s", layers->options, f[5][0] ? "," : "", f[5]);
    if (pipe2(words, O_CLOEXEC) < 0)
        die_errno("cannot make a pipe");
    pid_t child = fork();
    if (child < 0)
        die_errno("cannot start %s", f[1]);
    if (child == 0)
        exec_fuse(f, options, words[1]);
    close(words[1]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        ssize_t length = read(words[0], said, sizeof said - 1);
        said[length > 0 ? length : 0] = 0;
        said[strcspn(said, "\n")] = 0;
        die("fuse-overlayfs could not mount the image: %s", said[0] ? said : "it gave no reason");
    }
    close(words[0]);
    close_layers(layers);
    return f[4];
}

const char *rootfs_mount(const struct plan *plan)
{
    const struct record *record = plan_find(plan, "overlay", 5);
    if (record)
        return mount_overlay(record);
    record = plan_find(plan, "fuse-overlayfs", 6);
    if (!record)
        die("the launch plan has no root file system");
    return mount_fuse(record);
}
