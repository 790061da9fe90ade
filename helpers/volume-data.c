#include "volume-data.h"
#include "copytree.h"
#include "mounts.h"
#include "rootpath.h"
#include "subpath.h"
#include "util.h"
#include "volume-fill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* volume-data NAME DIRECTORY DATA SOURCE TARGET HOW SUBPATH STAGE */
enum { NAME = 1, DIRECTORY, DATA, SOURCE, TARGET, HOW, SUBPATH, STAGE, FIELDS };

static bool has(char **f, char letter)
{
    return strchr(f[HOW], letter) != NULL;
}

static int open_lock(int directory, const char *name)
{
    int fd = openat(directory, ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        die_errno("cannot open the lock of volume %s", name);
    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            die_errno("cannot lock volume %s", name);
    return fd;
}

/* A copy is made beside the data where that is the volume's own directory, out of every container's sight; else in the file system that it goes to. */
static struct filling filling_of(char **f, int directory, int data)
{
    bool own = has(f, 'o');
    return (struct filling){ .data = data, .staging = own ? directory : data, .half = own ? ".filling" : ".skiff-filling", .whole = own ? ".filled" : ".skiff-filled" };
}

/* What a killed filler has left half-moved is moved by whoever comes next, though he himself has nothing to fill. */
static bool is_left(const struct filling *filling)
{
    return faccessat(filling->staging, filling->whole, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What the image has at the volume's place; -1 where that is nothing, or no directory. */
static int open_source(const char *rootfs, const char *target)
{
    autoclose int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        die_errno("cannot open the image's root");
    return root_open(root, target, O_RDONLY | O_DIRECTORY, true);
}

static void fill(char **f, const char *rootfs, int data, bool may_fill)
{
    autoclose int directory = open(f[DIRECTORY], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        die_errno("cannot open volume %s", f[NAME]);
    struct filling filling = filling_of(f, directory, data);
    /* What is moved in shows before the mark goes: looked at in this order, a volume that holds something without a mark is whole. */
    bool wanted = may_fill && has(f, 'f') && filling_is_empty(&filling);
    if (!wanted && !is_left(&filling))
        return;
    autoclose int source = wanted ? open_source(rootfs, f[TARGET]) : -1;
    autoclose int lock = open_lock(directory, f[NAME]);
    if ((source < 0 ? filling_finish(&filling) : filling_run(&filling, source, has(f, 'd'))) < 0)
        die("cannot copy what the image has at %s into volume %s: %s: %s", f[TARGET], f[NAME], copytree_culprit()[0] ? copytree_culprit() : ".", errno_words(errno));
}

/* A directory of the host that is the volume: from here on its data are at DATA, as those of every other. */
static void bind_source(char **f)
{
    if (mount(f[SOURCE], f[DATA], NULL, MS_BIND | MS_REC, NULL) < 0)
        die_errno("cannot mount volume %s: bind %s", f[NAME], f[SOURCE]);
    autoclose int data = open(f[DATA], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (has(f, 'r') && (data < 0 || mount_remount(data, MS_RDONLY) < 0))
        die_errno("cannot mount volume %s read-only", f[NAME]);
}

static void prepare(char **f, const char *rootfs, bool may_fill)
{
    if (has(f, 'b'))
        bind_source(f);
    autoclose int data = open(f[DATA], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (data < 0)
        die_errno("cannot open volume %s (%s)", f[NAME], f[DATA]);
    fill(f, rootfs, data, may_fill);
    if (f[SUBPATH][0])
        subpath_mount(data, f[SUBPATH], f[STAGE], "volume", f[NAME]);
}

static bool is_volume(const struct record *record)
{
    if (strcmp(record->fields[0], "volume-data") != 0)
        return false;
    if (record->count != FIELDS)
        die("record 'volume-data' of the launch plan has %zu fields", record->count);
    return true;
}

/* As in Docker a container's volumes are filled when it is made, and not again at later starts: the mark in its directory says that it has been done. */
static bool is_due(const struct plan *plan, int directory)
{
    for (size_t i = 0; i < plan->count; i++)
        if (is_volume(&plan->records[i]) && has(plan->records[i].fields, 'f'))
            return faccessat(directory, "filled", F_OK, 0) < 0;
    return false;
}

void volumes_prepare(const struct plan *plan, const char *rootfs)
{
    if (!plan_find(plan, "volume-data", STAGE))
        return;
    autoclose int directory = open(plan_need(plan, "dir"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        die_errno("cannot open the container's directory");
    bool due = is_due(plan, directory);
    for (size_t i = 0; i < plan->count; i++)
        if (is_volume(&plan->records[i]))
            prepare(plan->records[i].fields, rootfs, due);
    autoclose int mark = due ? openat(directory, "filled", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (due && mark < 0)
        die_errno("cannot note that the container's volumes are filled");
}
