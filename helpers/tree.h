/* What the parts of skiff-tree share. */
#ifndef SKIFF_TREE_H
#define SKIFF_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

struct archive;
struct archive_entry;
struct place_options;

enum verdict { REFUSED, FAILED }; /* the input's fault, the system's fault */

/* Where `die` writes its line: standard error, in the decompressing child a pipe to the parent. */
extern int complaints;

/* The decompressing child while it runs, else 0: `die` ends and reaps it, so that nothing outlives a failure. */
extern pid_t reader;

/* Writes "refused: …" or "failed: …" as one line to `complaints` and exits 1. */
_Noreturn void die(enum verdict verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* `name` fit for a terminal: every byte that is not printable ASCII as \xNN, cut after 200 bytes.
 * Non-ASCII is escaped too, because of right-to-left overrides and look-alikes. Four results stay valid at a time. */
const char *shown(const char *name);

/* strerror in the middle of a sentence: "no space left on device". */
const char *reason(int error);

struct apply_options {
    const char *dir;
    uint64_t max_bytes;   /* of file data written */
    uint64_t max_entries; /* of the archive, and directories made because an entry needed them */
    bool single_uid;      /* ids cannot be given away: note them in user.containers.override_stat */
    bool sync;            /* syncfs before success is reported */
    const struct place_options *place; /* NULL, or it is no layer but what `skiff cp` copies: where that goes, instead of `dir` */
    bool drop;            /* owners and set-id bits are not kept: everything becomes the caller's */
    uint64_t follow;      /* bytes that standard input, a file that is still growing, will have; 0: it ends where it ends */
};

/* Extracts one layer from standard input into `options->dir` and prints the result lines; dies on any failure. */
void apply(const struct apply_options *options);

/* Writes the tree below `dir` to standard output as a pax tar; with `single_uid`, noted owners become the owners.
 * A line on `complaints` for each thing that no archive can hold; dies on any failure. */
void pack(const char *dir, bool single_uid);

static inline void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
}
#define OWNED_FD __attribute__((cleanup(close_fd))) int

#endif
