/*
 * Reading and decompressing in a process of its own: it keeps a second core busy, and the decompressors, the code most
 * likely to be broken by a hostile layer, run where nothing can be opened or reached. It hashes what it reads; the plain
 * bytes are hashed by the parent, which has less to do.
 */
#include "tree-stream.h"
#include "tree.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

/* Zeros in gzip shrink 1032:1 and other formats far more. A layer that grows past this size AND this factor is a bomb. */
static const uint64_t BOMB_BYTES = UINT64_C(1) << 30;
static const uint64_t BOMB_FACTOR = 500;

struct copy {
    int in, out;
    uint64_t expected; /* of a file that is still growing: an end before so many bytes is none; else 0 */
    uint64_t reached;
    bool hashing; /* the input: whoever reads the output can hash that, on another core */
    struct tally blob;
    uint64_t plain; /* bytes handed on */
    unsigned char *buffer; /* STREAM_CHUNK bytes */
    size_t held;           /* bytes in the buffer that were read to look at and are still to be handed on */
};

static const struct format {
    const char *name;
    int filter;
    size_t length;
    unsigned char magic[6];
} formats[] = {
    {"gzip", ARCHIVE_FILTER_GZIP, 3, {0x1f, 0x8b, 8}},
    {"zstd", ARCHIVE_FILTER_ZSTD, 4, {0x28, 0xb5, 0x2f, 0xfd}},
    {"bzip2", ARCHIVE_FILTER_BZIP2, 3, {'B', 'Z', 'h'}},
    {"xz", ARCHIVE_FILTER_XZ, 6, {0xfd, '7', 'z', 'X', 'Z', 0}},
};
static const struct format no_compression = {.name = "none", .filter = ARCHIVE_FILTER_NONE};

static void count(struct tally *tally, const void *data, size_t length)
{
    tally->bytes += length;
    sha256_update(&tally->hash, length, data);
}

static size_t read_some(int fd, void *buffer, size_t room)
{
    ssize_t got;
    do got = read(fd, buffer, room);
    while (got < 0 && errno == EINTR);
    if (got < 0) die(FAILED, "cannot read the layer: %s", reason(errno));
    return (size_t)got;
}

static void write_all(int fd, const unsigned char *data, size_t length)
{
    while (length > 0) {
        ssize_t put = write(fd, data, length);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) die(FAILED, "cannot pass on the layer: %s", reason(errno));
        data += put;
        length -= (size_t)put;
    }
}

/* As read_some, from the input. Whoever makes the file grow ends us when there is no more to come. */
static size_t read_input(struct copy *copy, void *buffer, size_t room)
{
    static const struct timespec pause = {.tv_nsec = 2000000};
    for (;;) {
        size_t got = read_some(copy->in, buffer, room);
        copy->reached += got;
        if (got > 0 || copy->reached >= copy->expected) return got;
        nanosleep(&pause, NULL);
    }
}

/* The next bytes of the input, counted; 0 at its end. */
static size_t take(struct copy *copy)
{
    size_t got = copy->held > 0 ? copy->held : read_input(copy, copy->buffer, STREAM_CHUNK);
    copy->held = 0;
    if (copy->hashing)
        count(&copy->blob, copy->buffer, got);
    else
        copy->blob.bytes += got;
    return got;
}

static la_ssize_t take_for_archive(struct archive *archive, void *data, const void **buffer)
{
    (void)archive;
    struct copy *copy = data;
    *buffer = copy->buffer;
    return (la_ssize_t)take(copy);
}

static const struct format *look(struct copy *copy)
{
    while (copy->held < sizeof formats[0].magic) {
        size_t got = read_input(copy, copy->buffer + copy->held, STREAM_CHUNK - copy->held);
        if (got == 0) break;
        copy->held += got;
    }
    if (copy->held == 0) die(REFUSED, "truncated: the stream is empty");
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (copy->held >= formats[i].length && memcmp(copy->buffer, formats[i].magic, formats[i].length) == 0)
            return &formats[i];
    return &no_compression;
}

static _Noreturn void damaged(struct archive *archive, const struct format *format)
{
    const char *why = archive_error_string(archive);
    if (why != NULL && strstr(why, "runcated") != NULL)
        die(REFUSED, "truncated: the %s stream stops in the middle", format->name);
    /* No format fits because the filter gave not one byte; libarchive has forgotten why. */
    if (why != NULL && strstr(why, "Unrecognized archive format") != NULL)
        die(REFUSED, "truncated: the %s stream stops or breaks before its first byte of data", format->name);
    die(REFUSED, "damaged %s stream: %s", format->name, shown(why != NULL ? why : "no reason given"));
}

static void decompress(struct copy *copy, const struct format *format)
{
    struct archive *archive = archive_read_new();
    if (archive == NULL) die(FAILED, "out of memory");
    /* One named filter, not detection: a gzip inside a gzip is data, as it is for Docker. */
    if (archive_read_append_filter(archive, format->filter) != ARCHIVE_OK ||
        archive_read_support_format_raw(archive) != ARCHIVE_OK)
        die(FAILED, "this build cannot read %s", format->name);
    struct archive_entry *entry = NULL;
    int status = archive_read_open(archive, copy, NULL, take_for_archive, NULL);
    if (status == ARCHIVE_OK) status = archive_read_next_header(archive, &entry);
    while (status == ARCHIVE_OK) {
        const void *block = NULL;
        size_t length = 0;
        la_int64_t offset = 0;
        status = archive_read_data_block(archive, &block, &length, &offset);
        if (status != ARCHIVE_OK) break;
        copy->plain += length;
        if (copy->plain > BOMB_BYTES && copy->plain / BOMB_FACTOR > copy->blob.bytes)
            die(REFUSED, "a compression bomb: %llu bytes of %s hold more than %llu", (unsigned long long)copy->blob.bytes,
                format->name, (unsigned long long)copy->plain);
        write_all(copy->out, block, length);
    }
    if (status != ARCHIVE_EOF) damaged(archive, format);
    archive_read_free(archive);
    while (take(copy) > 0) /* bytes after the compressed data belong to the blob's digest */
        ;
}

static void pass_through(struct copy *copy)
{
    for (size_t got; (got = take(copy)) > 0;) write_all(copy->out, copy->buffer, got);
}

static void to_hex(struct tally *tally, char text[static HEX_DIGEST + 1])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(&tally->hash, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) sprintf(text + 2 * i, "%02x", digest[i]);
}

void stream_copy(int in, int out, uint64_t expected, struct stream_totals *totals)
{
    struct copy copy = {.in = in, .out = out, .expected = expected, .hashing = totals != NULL};
    copy.buffer = malloc(STREAM_CHUNK);
    if (copy.buffer == NULL) die(FAILED, "out of memory");
    sha256_init(&copy.blob.hash);
    const struct format *format = look(&copy);
    if (format == &no_compression)
        pass_through(&copy);
    else
        decompress(&copy, format);
    free(copy.buffer);
    if (totals == NULL) return;
    totals->read = copy.blob.bytes;
    totals->compression = format->name;
    to_hex(&copy.blob, totals->blob);
}

#if defined __x86_64__
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif

/* Reading, writing and memory are all that is left. Where the kernel cannot filter, the rest of `confine` still holds. */
static void allow_only_copying(void)
{
#if defined NATIVE_ARCH && !defined __SANITIZE_ADDRESS__
#define ALLOW(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(read), ALLOW(write), ALLOW(brk), ALLOW(mmap), ALLOW(munmap), ALLOW(mremap), ALLOW(madvise), ALLOW(futex),
        ALLOW(getrandom), ALLOW(clock_gettime), ALLOW(nanosleep), ALLOW(clock_nanosleep), ALLOW(restart_syscall), ALLOW(rt_sigreturn), ALLOW(exit_group),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
#undef ALLOW
    struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
    (void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
#endif
}

static void confine(void)
{
    static const int resources[] = {RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_CORE, RLIMIT_FSIZE};
    for (size_t i = 0; i < sizeof resources / sizeof *resources; i++)
        if (setrlimit(resources[i], &(struct rlimit){0, 0}) != 0) die(FAILED, "cannot lower a limit: %s", reason(errno));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) die(FAILED, "cannot set no_new_privs: %s", reason(errno));
    allow_only_copying();
}

static _Noreturn void child(int out, int report, pid_t parent, uint64_t expected)
{
    complaints = report;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    confine();
    struct stream_totals totals = {0};
    stream_copy(STDIN_FILENO, out, expected, &totals);
    char text[REPORT_BYTES];
    int length = snprintf(text, sizeof text, "blob sha256:%s %llu\ncompression %s\n", totals.blob,
                          (unsigned long long)totals.read, totals.compression);
    write_all(report, (const unsigned char *)text, (size_t)length);
    _exit(0);
}

struct stream stream_start(uint64_t expected)
{
    int data[2], report[2];
    if (pipe2(data, O_CLOEXEC) != 0 || pipe2(report, O_CLOEXEC) != 0) die(FAILED, "cannot make a pipe: %s", reason(errno));
    /* Larger pipes mean fewer switches between the two processes; the default size works too. */
    (void)fcntl(data[1], F_SETPIPE_SZ, STREAM_CHUNK);
    (void)fcntl(STDIN_FILENO, F_SETPIPE_SZ, STREAM_CHUNK);
    pid_t parent = getpid(), pid = fork();
    if (pid < 0) die(FAILED, "cannot start a process: %s", reason(errno));
    if (pid == 0) {
        close(data[0]);
        close(report[0]);
        child(data[1], report[1], parent, expected);
    }
    reader = pid;
    close(data[1]);
    close(report[1]);
    struct stream stream = {.child = pid, .plain = data[0], .report = report[0]};
    sha256_init(&stream.diff.hash);
    return stream;
}

size_t stream_read(struct stream *stream, unsigned char *buffer, size_t room)
{
    size_t got = read_some(stream->plain, buffer, room);
    count(&stream->diff, buffer, got);
    return got;
}

/* The child's lines with ours behind its first one: a layer is known by both digests. */
static void add_diff(struct stream *stream, char report[static REPORT_BYTES])
{
    char hex[HEX_DIGEST + 1], whole[REPORT_BYTES];
    to_hex(&stream->diff, hex);
    int first = (int)strcspn(report, "\n");
    snprintf(whole, sizeof whole, "%.*s\ndiff sha256:%s %llu%s", first, report, hex, (unsigned long long)stream->diff.bytes,
             report + first);
    strcpy(report, whole);
}

void stream_finish(struct stream *stream, char report[static REPORT_BYTES])
{
    unsigned char *rest = malloc(STREAM_CHUNK);
    if (rest == NULL) die(FAILED, "out of memory");
    while (stream_read(stream, rest, STREAM_CHUNK) > 0)
        ;
    free(rest);
    size_t length = 0;
    for (size_t got; (got = read_some(stream->report, report + length, REPORT_BYTES - 1 - length)) > 0;) length += got;
    report[length] = '\0';
    int status = 0;
    while (waitpid(stream->child, &status, 0) < 0)
        if (errno != EINTR) die(FAILED, "lost the decompressing process: %s", reason(errno));
    reader = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        add_diff(stream, report);
        return;
    }
    if (WIFSIGNALED(status))
        die(REFUSED, "truncated: the decompressing process was ended by signal %d", WTERMSIG(status));
    if (write(complaints, report, length) < 0) _exit(1); /* already a complete line */
    _exit(1);
}
