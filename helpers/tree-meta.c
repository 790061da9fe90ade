/* Owner, mode, extended attributes and times of an extracted entry. */
#include "tree-meta.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Does the attribute speak to an overlay file system? */
static bool is_mark(const char *key)
{
    return starts_with(key, "user.overlay.") || starts_with(key, "trusted.overlay.") || starts_with(key, "user.fuseoverlayfs.");
}

void meta_check(struct archive_entry *entry, const char *name)
{
    const char *key = NULL;
    const void *value = NULL;
    size_t size = 0;
    archive_entry_xattr_reset(entry);
    while (archive_entry_xattr_next(entry, &key, &value, &size) == ARCHIVE_OK)
        if (key != NULL && is_mark(key))
            die(REFUSED, "%s: its attribute %s would forge a mark of the overlay file system", shown(name), shown(key));
}

bool meta_wanted(const char *key)
{
    if (is_mark(key) || strcmp(key, OVERRIDE_STAT) == 0) return false;
    return starts_with(key, "user.") || strcmp(key, "security.capability") == 0 || starts_with(key, "system.posix_acl_");
}

static void set_attributes(int fd, struct archive_entry *entry, const char *name)
{
    const char *key = NULL;
    const void *value = NULL;
    size_t size = 0;
    archive_entry_xattr_reset(entry);
    while (archive_entry_xattr_next(entry, &key, &value, &size) == ARCHIVE_OK) {
        if (key == NULL || !meta_wanted(key) || fsetxattr(fd, key, value, size, 0) == 0) continue;
        if (errno == E2BIG || errno == ERANGE)
            die(REFUSED, "%s: its attribute %s is longer than Linux allows", shown(name), shown(key));
        if (errno == ENOSPC || errno == EDQUOT || errno == EIO || (starts_with(key, "user.") && errno != EOPNOTSUPP))
            die(FAILED, "cannot set attribute %s of %s: %s", shown(key), shown(name), reason(errno));
    }
}

static void note_owner(int fd, struct archive_entry *entry)
{
    char note[64];
    int length = snprintf(note, sizeof note, "%" PRId64 ":%" PRId64 ":0%o", (int64_t)archive_entry_uid(entry),
                          (int64_t)archive_entry_gid(entry), (unsigned)archive_entry_perm(entry));
    /* Best effort: not every file system takes user attributes. */
    (void)fsetxattr(fd, OVERRIDE_STAT, note, (size_t)length, 0);
}

/* How many ids from 0 on this namespace has, for the message only; 0 when that cannot be read. */
static unsigned long long ids_mapped(const char *map)
{
    unsigned long long next = 0, inside = 0, outside = 0, size = 0;
    FILE *file = fopen(map, "re");
    if (file == NULL) return 0;
    while (fscanf(file, "%llu %llu %llu", &inside, &outside, &size) == 3)
        if (inside == next) next += size;
    fclose(file);
    return next;
}

static _Noreturn void no_owner(struct archive_entry *entry, const char *name, int error)
{
    long long uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);
    if (error != EINVAL && error != EOVERFLOW)
        die(FAILED, "cannot give %s to uid %lld gid %lld: %s", shown(name), uid, gid, reason(error));
    unsigned long long uids = ids_mapped("/proc/self/uid_map"), gids = ids_mapped("/proc/self/gid_map");
    bool is_gid = uid >= 0 && (unsigned long long)uid < uids;
    die(FAILED, "cannot give %s to %s %lld: your subordinate ids do not reach that far (%llu are mapped; a longer range in %s helps)",
        shown(name), is_gid ? "gid" : "uid", is_gid ? gid : uid, is_gid ? gids : uids, is_gid ? "/etc/subgid" : "/etc/subuid");
}

/* (uid_t)-1 would mean "leave as it is". */
static bool is_id(int64_t id)
{
    return id >= 0 && id < UINT32_MAX;
}

static void give_away(int fd, const char *last, int flags, struct archive_entry *entry, const char *name)
{
    int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);
    if (!is_id(uid) || !is_id(gid)) no_owner(entry, name, EOVERFLOW);
    if (fchownat(fd, last, (uid_t)uid, (gid_t)gid, flags) != 0) no_owner(entry, name, errno);
}

void meta_apply(int fd, struct archive_entry *entry, const char *name, enum owner owner)
{
    if (owner == OWNER_NOTED)
        note_owner(fd, entry);
    else if (owner == OWNER_GIVEN)
        give_away(fd, "", AT_EMPTY_PATH, entry, name);
    /* A change of owner clears capabilities and set-id bits, so those follow; an ACL changes the group bits, so the mode is last. */
    set_attributes(fd, entry, name);
    if (fchmod(fd, archive_entry_perm(entry)) != 0) die(FAILED, "cannot set the mode of %s: %s", shown(name), reason(errno));
}

void meta_apply_at(int parent, const char *last, struct archive_entry *entry, const char *name, enum owner owner)
{
    if (owner == OWNER_GIVEN) give_away(parent, last, AT_SYMLINK_NOFOLLOW, entry, name);
    if (archive_entry_filetype(entry) != AE_IFLNK && fchmodat(parent, last, archive_entry_perm(entry), 0) != 0)
        die(FAILED, "cannot set the mode of %s: %s", shown(name), reason(errno));
    struct timespec times[2];
    meta_times(entry, times);
    if (utimensat(parent, last, times, AT_SYMLINK_NOFOLLOW) != 0)
        die(FAILED, "cannot set the time of %s: %s", shown(name), reason(errno));
}

void meta_times(struct archive_entry *entry, struct timespec times[static 2])
{
    times[1] = (struct timespec){.tv_sec = archive_entry_mtime(entry), .tv_nsec = archive_entry_mtime_nsec(entry)};
    times[0] = times[1];
    if (archive_entry_atime_is_set(entry))
        times[0] = (struct timespec){.tv_sec = archive_entry_atime(entry), .tv_nsec = archive_entry_atime_nsec(entry)};
}
