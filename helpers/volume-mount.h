/* What a volume's holder mounts, and the words of a program that could not. */
#ifndef SKIFF_VOLUME_MOUNT_H
#define SKIFF_VOLUME_MOUNT_H

#include "plan.h"
#include "volume-program.h"

#include <stdbool.h>

/* The record `volume` taken apart: see README.md. */
struct volume_wish {
    const char *name, *directory, *target;
    enum volume_kind { VOLUME_TMPFS, VOLUME_FUSE, VOLUME_AFTER } kind;
    unsigned long flags; /* of mount(2) */
    const char *data, *source, *type;
    bool hands_fuse; /* we mount, and the program gets the fd of /dev/fuse; else it mounts itself */
    struct volume_program program;
};

/* Dies when the record is malformed. */
struct volume_wish volume_wish_from(const struct record *record);

/* Mounts what needs no program, or where `hands_fuse` what one will serve: then *fuse is the fd for it. NULL, or a sentence to be freed. */
char *volume_mount(const struct volume_wish *wish, int *fuse);

/* Waits until the file system at the target answers, in a process of its own; with `device` other than 0 until one is mounted there. Ends the process: 0, or errno. */
_Noreturn void volume_probe(const struct volume_wish *wish, unsigned long long device);

/* What a program has said, its end: room for the last lines. */
struct volume_words {
    char text[1024];
    size_t length;
};

/* Reads what is there without waiting. Whether there may be more. */
bool volume_words_take(struct volume_words *words, int fd);

/* The last lines in one, at most two of them, printable; "it gave no reason" where there are none. To be freed. */
char *volume_words_last(const struct volume_words *words);

#endif
