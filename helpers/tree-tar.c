/*
 * POSIX.1-2017, pax, "pax Interchange Format" and "ustar Interchange Format". libarchive's writer is not used: in the C locale
 * it changes names that are not ASCII, and it writes every attribute twice.
 */
#include "tree-tar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

struct ustar {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
    char magic[8], user[32], group[32], major[8], minor[8], prefix[155], padding[12];
};
_Static_assert(sizeof(struct ustar) == TAR_BLOCK, "a header is one block");

void tar_begin(struct tar *tar, int fd)
{
    *tar = (struct tar){.fd = fd, .buffer = malloc(TAR_BUFFER), .records = malloc(TAR_RECORDS)};
    if (tar->buffer == NULL || tar->records == NULL) die(FAILED, "out of memory");
}

static void flush(struct tar *tar)
{
    for (size_t done = 0; done < tar->used;) {
        ssize_t put = write(tar->fd, tar->buffer + done, tar->used - done);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) die(FAILED, "cannot write the archive: %s", reason(errno));
        done += (size_t)put;
    }
    tar->used = 0;
}

unsigned char *tar_room(struct tar *tar, size_t *room)
{
    if (tar->used == TAR_BUFFER) flush(tar);
    *room = TAR_BUFFER - tar->used;
    return tar->buffer + tar->used;
}

void tar_took(struct tar *tar, size_t length)
{
    tar->used += length;
    tar->written += length;
}

void tar_data(struct tar *tar, const void *data, size_t length)
{
    const unsigned char *from = data;
    while (length > 0) {
        size_t room;
        unsigned char *to = tar_room(tar, &room);
        size_t part = length < room ? length : room;
        memcpy(to, from, part);
        tar_took(tar, part);
        from += part;
        length -= part;
    }
}

void tar_pad(struct tar *tar)
{
    static const char zeros[TAR_BLOCK];
    tar_data(tar, zeros, (TAR_BLOCK - tar->written % TAR_BLOCK) % TAR_BLOCK);
}

void tar_end(struct tar *tar)
{
    static const char zeros[2 * TAR_BLOCK];
    tar_data(tar, zeros, sizeof zeros);
    flush(tar);
    free(tar->buffer);
    free(tar->records);
}

/* How many digits `number` has. */
static size_t digits(size_t number)
{
    size_t count = 1;
    for (; number >= 10; number /= 10) count++;
    return count;
}

bool tar_record(struct tar *tar, const char *key, const void *value, size_t length)
{
    /* "LENGTH KEY=VALUE\n", where LENGTH counts itself. */
    size_t body = strlen(key) + length + 3, whole = body + digits(body);
    whole = body + digits(whole);
    if (whole >= TAR_RECORDS - tar->records_used) return false;
    char *to = tar->records + tar->records_used;
    to += sprintf(to, "%zu %s=", whole, key);
    memcpy(to, value, length);
    to[length] = '\n';
    tar->records_used += whole;
    return true;
}

/* What every member may need; the room is kept, see TAR_OWN in tree-pack.c. */
static void need_record(struct tar *tar, const char *key, const char *value)
{
    if (!tar_record(tar, key, value, strlen(value))) die(FAILED, "the records of an archive's header are too long");
}

/* A number in octal; what does not fit is said by a pax record called `key`, and the field is 0. */
static void put_number(struct tar *tar, char *field, size_t width, uint64_t value, const char *key)
{
    char text[32];
    snprintf(text, sizeof text, "%0*" PRIo64, (int)width - 1, value);
    if (strlen(text) < width) {
        memcpy(field, text, width);
        return;
    }
    snprintf(text, sizeof text, "%" PRIu64, value);
    need_record(tar, key, text);
    memset(field, '0', width - 1);
}

/* Text that is not ASCII goes into a record, which is UTF-8 by definition and any bytes in practice, too. */
static void put_text(struct tar *tar, char *field, size_t width, const char *text, const char *key)
{
    bool plain = strlen(text) <= width;
    for (const char *at = text; plain && *at != '\0'; at++) plain = (unsigned char)*at < 0x80;
    if (!plain) need_record(tar, key, text);
    size_t length = strlen(text);
    memcpy(field, text, length < width ? length : width);
}

/* Before 1970 whole seconds only: libarchive, our own reader, takes -1.25 for -0.75. */
static void put_time(struct tar *tar, struct ustar *header, struct timespec time)
{
    char text[64];
    if (time.tv_sec >= 0 && time.tv_nsec == 0) {
        put_number(tar, header->mtime, sizeof header->mtime, (uint64_t)time.tv_sec, "mtime");
        return;
    }
    snprintf(text, sizeof text, time.tv_sec < 0 ? "%lld" : "%lld.%09ld", (long long)time.tv_sec, time.tv_nsec);
    need_record(tar, "mtime", text);
    snprintf(header->mtime, sizeof header->mtime, "%011d", 0);
}

static void write_header(struct tar *tar, struct ustar *header)
{
    memcpy(header->magic, "ustar\0" "00", sizeof header->magic);
    memset(header->checksum, ' ', sizeof header->checksum);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof *header; i++) sum += ((const unsigned char *)header)[i];
    snprintf(header->checksum, sizeof header->checksum, "%06o", sum);
    header->checksum[7] = ' ';
    tar_data(tar, header, sizeof *header);
}

static void write_records(struct tar *tar)
{
    struct ustar header = {.name = "PaxHeaders/0", .mode = "0000644", .uid = "0000000", .gid = "0000000", .mtime = "00000000000", .type = 'x'};
    put_number(tar, header.size, sizeof header.size, tar->records_used, "size");
    write_header(tar, &header);
    tar_data(tar, tar->records, tar->records_used);
    tar_pad(tar);
    tar->records_used = 0;
}

void tar_header(struct tar *tar, const struct tar_member *member)
{
    struct ustar header = {.type = member->type};
    put_text(tar, header.name, sizeof header.name, member->name, "path");
    if (member->link != NULL) put_text(tar, header.link, sizeof header.link, member->link, "linkpath");
    put_number(tar, header.mode, sizeof header.mode, member->mode & 07777, "mode");
    put_number(tar, header.uid, sizeof header.uid, member->uid, "uid");
    put_number(tar, header.gid, sizeof header.gid, member->gid, "gid");
    put_number(tar, header.size, sizeof header.size, member->size, "size");
    put_number(tar, header.major, sizeof header.major, major(member->device), "SCHILY.devmajor");
    put_number(tar, header.minor, sizeof header.minor, minor(member->device), "SCHILY.devminor");
    put_time(tar, &header, member->modified);
    if (tar->records_used > 0) write_records(tar);
    write_header(tar, &header);
}
