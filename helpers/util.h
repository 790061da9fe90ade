/* What every role of skiff-helper uses: errors that end the process, fds that close themselves, whole reads and writes. */
#ifndef SKIFF_UTIL_H
#define SKIFF_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Docker's exit codes for failures that are not the command's own. */
enum { EXIT_SKIFF = 125, EXIT_CANNOT_EXECUTE = 126, EXIT_NOT_FOUND = 127 };

/*
 * Ends the process with EXIT_SKIFF and one line: to stderr after "skiff: ". A process that has no business with the
 * user's terminal sets die_fd, and the line goes there as "<code> <text>" for its parent to say; die_hook is called
 * instead of both where more has to be done first.
 */
extern int die_fd;
extern void (*die_hook)(int code, const char *text);
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, followed by ": " and the words for errno. */
_Noreturn void die_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void die_code(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* errno in the words that people know; never NULL. */
const char *errno_words(int error);

static inline void close_fd(int *fd)
{
    extern int close(int);
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}
static inline void free_pointer(void *pointer)
{
    extern void free(void *);
    free(*(void **)pointer);
}
#define autoclose __attribute__((cleanup(close_fd)))
#define autofree __attribute__((cleanup(free_pointer)))

void *xmalloc(size_t size);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A decimal number in [minimum, maximum]; dies naming `what` otherwise. */
long long parse_number(const char *text, long long minimum, long long maximum, const char *what);

/* All of `size` bytes or -1 with errno; restarts after signals, waits where the fd does not block. */
int write_all(int fd, const void *data, size_t size);
/* Up to `size` bytes until end of file; -1 with errno. */
ssize_t read_all(int fd, void *data, size_t size);
/* A whole file of at most `limit` bytes, NUL-terminated, to be freed; NULL with errno (EFBIG beyond the limit). */
char *read_file(int dirfd, const char *path, size_t limit, size_t *size);
/* write(2) of `text` to an existing file such as those of /proc; -1 with errno. */
int write_file(int dirfd, const char *path, const char *text);

void set_cloexec(int fd, bool on);
void set_nonblocking(int fd, bool on);
/* Puts /dev/null on every fd of 0-2 that `mask` names (bit n = fd n). */
void null_stdio(unsigned mask);
/* Closes every fd from `first` up, close_range(2) or by hand before Linux 5.9. */
void close_from(int first);

/* Start time of a process in clock ticks after boot (proc_pid_stat(5), field 22); 0 when there is no such process. */
unsigned long long process_start_time(pid_t pid);
/* The letter of its state (field 3): 'R', 'S', 'T' …; 0 when there is no such process. */
char process_state(pid_t pid);
/* The parent's pid (field 4); 0 when there is no such process. */
pid_t process_parent(pid_t pid);
int pidfd_of(pid_t pid);

/* "2026-11-20T18:46:00.123456789Z" into `out` of at least 31 bytes: RFC 3339 as Docker writes it. */
void format_now(char *out);

#endif
