#include "rootfs.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAXIMUM_LAYERS = 500, OPTION_SPACE = 32 + MAXIMUM_LAYERS * 24, MOUNT_POLL_US = 100, LAYER_POLL_US = 5000, LAYER_POLLS = 100 };

#define FD_PLACE "/proc/self/fd/"

struct layers {
    char options[OPTION_SPACE];
    size_t length;
    int fds[MAXIMUM_LAYERS + 2];
    size_t count;
};

/* Whoever removes images takes a layer's name away for a moment, to see whether a container needs it by now, and gives it back then. */
static int open_layer(const char *path)
{
    int fd = open(path, O_PATH | O_DIRECTORY);
    for (int polls = 0; fd < 0 && errno == ENOENT && polls < LAYER_POLLS; polls++) {
        usleep(LAYER_POLL_US);
        fd = open(path, O_PATH | O_DIRECTORY);
    }
    return fd;
}

/* `place` is where /proc/self/fd/ is said: empty for a mount made from inside that directory, which makes room for 500 layers in the one page that mount(2) takes. */
static void add_directory(struct layers *layers, const char *separator, const char *place, const char *path)
{
    int fd = open_layer(path);
    if (fd < 0)
        die_errno("cannot open the layer %s", path);
    layers->fds[layers->count++] = fd;
    layers->length += (size_t)snprintf(layers->options + layers->length, OPTION_SPACE - layers->length, "%s%s%d", separator, place, fd);
}

static struct layers *open_layers(enum rootfs_use use, const char *place, const char *upper, const char *work, char **lowers, size_t count)
{
    struct layers *layers = xmalloc(sizeof *layers);
    layers->length = layers->count = 0;
    if (use == ROOTFS_READ && upper)
        add_directory(layers, "lowerdir=", place, upper);
    if (count == 0 || layers->count + count > MAXIMUM_LAYERS)
        die("the root file system may have up to %d layers, not %zu", MAXIMUM_LAYERS, layers->count + count);
    for (size_t i = 0; i < count; i++)
        add_directory(layers, layers->count ? ":" : "lowerdir=", place, lowers[i]);
    if (use == ROOTFS_READ)
        return layers;
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

/* Closes the layers. */
static void mount_overlay(struct layers *layers, const char *target, const char *more)
{
    autofree char *options = xasprintf("%s%s%s", layers->options, more[0] ? "," : "", more);
    if (chdir("/proc/self/fd") < 0)
        die_errno("cannot enter /proc/self/fd");
    if (mount("overlay", target, "overlay", 0, options) < 0)
        die("cannot mount the image with the kernel's overlay: %s; try --storage-driver fuse-overlayfs", errno_words(errno));
    close_layers(layers);
}

/* In the foreground: what it does to go into the background hangs for ever when it is killed in the middle of it. */
static _Noreturn void exec_fuse(const char *program, const char *target, const char *options, int words)
{
    char *arguments[] = { (char *)(uintptr_t)program, "-f", "-o", (char *)(uintptr_t)options, (char *)(uintptr_t)target, NULL }, *environment[] = { NULL };
    dup2(words, 2);
    null_stdio(3);
    execve(program, arguments, environment);
    die_errno("cannot run %s", program);
}

static dev_t device_of(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0)
        die_errno("cannot look at the image's mount");
    return status.st_dev;
}

static _Noreturn void die_fuse(int words)
{
    char said[512];
    ssize_t length = read(words, said, sizeof said - 1);
    said[length > 0 ? length : 0] = 0;
    said[strcspn(said, "\n")] = 0;
    die("fuse-overlayfs could not mount the image: %s", said[0] ? said : "it gave no reason");
}

/* Closes the layers. */
static void mount_fuse(const char *program, struct layers *layers, const char *target, const char *more)
{
    int words[2];
    autofree char *options = xasprintf("%s%s%s", layers->options, more[0] ? "," : "", more);
    dev_t before = device_of(target);
    if (pipe2(words, O_CLOEXEC) < 0)
        die_errno("cannot make a pipe");
    pid_t child = fork();
    if (child < 0)
        die_errno("cannot start %s", program);
    if (child == 0)
        exec_fuse(program, target, options, words[1]);
    close(words[1]);
    /* The first look at the mounted directory waits for its answer, and fails should it be killed meanwhile. */
    while (device_of(target) == before) {
        if (waitpid(child, NULL, WNOHANG) == child)
            die_fuse(words[0]);
        usleep(MOUNT_POLL_US);
    }
    close(words[0]); /* from here on it complains to nobody; it ignores SIGPIPE */
    close_layers(layers);
}

void rootfs_mount_lowers(const char *program, const char *target, const char *options, char **lowers, size_t count)
{
    struct layers *layers = open_layers(ROOTFS_READ, program[0] ? FD_PLACE : "", NULL, NULL, lowers, count);
    if (program[0])
        mount_fuse(program, layers, target, options);
    else
        mount_overlay(layers, target, options);
}

static const struct record *find_record(const struct plan *plan)
{
    const struct record *record = plan_find(plan, "overlay", 5);
    if (!record)
        record = plan_find(plan, "fuse-overlayfs", 6);
    if (!record)
        die("the launch plan has no root file system");
    return record;
}

static bool is_fuse(const struct record *record)
{
    return strcmp(record->fields[0], "fuse-overlayfs") == 0;
}

const char *rootfs_target(const struct plan *plan)
{
    const struct record *record = find_record(plan);
    return record->fields[is_fuse(record) ? 4 : 3];
}

/* overlay UPPER WORK TARGET OPTIONS LOWER..., fuse-overlayfs PROGRAM UPPER WORK TARGET OPTIONS LOWER... */
const char *rootfs_mount(const struct plan *plan, enum rootfs_use use)
{
    const struct record *record = find_record(plan);
    char **f = record->fields;
    if (is_fuse(record)) {
        mount_fuse(f[1], open_layers(use, FD_PLACE, f[2], f[3], f + 6, record->count - 6), f[4], f[5]);
        return f[4];
    }
    mount_overlay(open_layers(use, "", f[1], f[2], f + 5, record->count - 5), f[3], f[4]);
    return f[3];
}
