#include "image-mount.h"
#include "mounts.h"
#include "rootfs.h"
#include "subpath.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* image-mount NAME STAGE SUBPATH PART PROGRAM OPTIONS LOWER... */
enum { NAME = 1, STAGE, SUBPATH, PART, PROGRAM, OPTIONS, LOWERS };

static bool is_image(const struct record *record)
{
    if (strcmp(record->fields[0], "image-mount") != 0)
        return false;
    if (record->count <= LOWERS)
        die("record 'image-mount' of the launch plan has %zu fields", record->count);
    return true;
}

/* The kernel joins two directories at least. A layer alone gets the stage, which is empty: bound as it is, it would show the marks of what it deletes. */
static void mount_layers(const struct record *record)
{
    char **f = record->fields, *pair[] = { f[LOWERS], f[STAGE] };
    size_t count = record->count - LOWERS;
    bool alone = count == 1 && !f[PROGRAM][0];
    stage_make(f[STAGE], true);
    rootfs_mount_lowers(f[PROGRAM], f[STAGE], f[OPTIONS], alone ? pair : f + LOWERS, alone ? 2 : count);
}

/*
 * Read-only here, outside of the container: a mount that comes along into its less privileged namespaces keeps that for good (mount_namespaces(7), "Restrictions on
 * mount namespaces"), and not even a container with CAP_SYS_ADMIN can change a layer that others share.
 */
static void mount_image(const struct record *record)
{
    char **f = record->fields;
    mount_layers(record);
    autoclose int base = open(f[STAGE], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (base < 0 || mount_remount(base, MS_RDONLY) < 0)
        die_errno("cannot mount image %s read-only", f[NAME]);
    if (f[SUBPATH][0])
        subpath_mount(base, f[SUBPATH], f[PART], "image", f[NAME]);
}

void images_mount(const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (is_image(&plan->records[i]))
            mount_image(&plan->records[i]);
}

static void unmount(const char *path)
{
    if (umount2(path, 0) < 0)
        umount2(path, MNT_DETACH);
}

void images_unmount(const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        char **f = plan->records[i].fields;
        if (!is_image(&plan->records[i]) || !f[PROGRAM][0])
            continue;
        if (f[SUBPATH][0])
            unmount(f[PART]);
        unmount(f[STAGE]);
    }
}
