#include "tree-log.h"
#include "logger-chunks.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { PIECE = 1 << 16, GZIP_WINDOW = 15 + 16, ZLIB_WINDOW = 15, MEMORY = 8, EXTRA = 96 };

static void start(z_stream *stream, int level, int window)
{
    if (deflateInit2(stream, level, Z_DEFLATED, window, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) die(FAILED, "cannot compress: out of memory");
}

static void put(const unsigned char *data, size_t length)
{
    while (length > 0) {
        ssize_t n = write(STDOUT_FILENO, data, length);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) die(FAILED, "cannot write the compressed log: %s", reason(errno));
        data += n;
        length -= (size_t)n;
    }
}

/* `{"lastTime":"…Z"}` from the file's last line, as Docker writes it into the header's extra field; empty when there is none. */
static void last_time(char *extra, size_t size)
{
    static const char mark[] = "\"time\":\"";
    char tail[64 + 1];
    struct stat status;
    extra[0] = '\0';
    if (fstat(STDIN_FILENO, &status) != 0 || status.st_size < 64) return;
    ssize_t n = pread(STDIN_FILENO, tail, 64, status.st_size - 64);
    if (n != 64) return;
    tail[n] = '\0';
    char *time = strstr(tail, mark), *end = time ? strchr(time + sizeof mark - 1, '"') : NULL;
    if (end == NULL || strcmp(end, "\"}\n") != 0) return;
    snprintf(extra, size, "{\"lastTime\":\"%.*s\"}", (int)(end - time - (int)sizeof mark + 1), time + sizeof mark - 1);
}

void log_gzip(void)
{
    static unsigned char in[PIECE], out[PIECE];
    char extra[EXTRA];
    z_stream stream = {0};
    int status = Z_OK;
    start(&stream, Z_DEFAULT_COMPRESSION, GZIP_WINDOW);
    last_time(extra, sizeof extra);
    gz_header header = {.os = 255, .extra = extra[0] != '\0' ? (unsigned char *)extra : Z_NULL, .extra_len = (uInt)strlen(extra)};
    if (deflateSetHeader(&stream, &header) != Z_OK) die(FAILED, "cannot compress: no header");
    while (status != Z_STREAM_END) {
        ssize_t got = read(STDIN_FILENO, in, sizeof in);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) die(FAILED, "cannot read the log: %s", reason(errno));
        stream.next_in = in;
        stream.avail_in = (uInt)got;
        do {
            stream.next_out = out;
            stream.avail_out = sizeof out;
            status = deflate(&stream, got == 0 ? Z_FINISH : Z_NO_FLUSH);
            put(out, sizeof out - stream.avail_out);
        } while (stream.avail_out == 0);
    }
    deflateEnd(&stream);
    /* The plain file goes as soon as we say that this one is there. */
    if (fdatasync(STDOUT_FILENO) != 0) die(FAILED, "cannot write the compressed log: %s", reason(errno));
}

static void send_datagram(void *to, const char *head, size_t head_size, const char *data, size_t size)
{
    struct iovec parts[2] = {{(char *)head, head_size}, {(char *)data, size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    (void)to;
    /* A refusal is the answer to an earlier datagram. UDP loses what it cannot send, and so do we. */
    if (sendmsg(STDOUT_FILENO, &message, MSG_NOSIGNAL) < 0 && errno == ECONNREFUSED) (void)sendmsg(STDOUT_FILENO, &message, MSG_NOSIGNAL);
}

/* The next message, of any length; false at the end. */
static int receive(char **buffer, size_t *room, size_t *length)
{
    ssize_t wanted;
    do wanted = recv(STDIN_FILENO, NULL, 0, MSG_PEEK | MSG_TRUNC);
    while (wanted < 0 && errno == EINTR);
    if (wanted <= 0) return 0;
    if ((size_t)wanted > *room) {
        *room = (size_t)wanted;
        if ((*buffer = realloc(*buffer, *room)) == NULL) die(FAILED, "out of memory");
    }
    ssize_t got = recv(STDIN_FILENO, *buffer, *room, 0);
    *length = got > 0 ? (size_t)got : 0;
    return got > 0;
}

void log_gelf(const char *type, const char *level)
{
    z_stream stream = {0};
    char *in = NULL;
    unsigned char *out = NULL;
    size_t in_room = 0, out_room = 0, length;
    start(&stream, atoi(level), strcmp(type, "zlib") == 0 ? ZLIB_WINDOW : GZIP_WINDOW);
    while (receive(&in, &in_room, &length)) {
        size_t bound = deflateBound(&stream, (uLong)length);
        if (bound > out_room && (out = realloc(out, out_room = bound)) == NULL) die(FAILED, "out of memory");
        stream.next_in = (unsigned char *)in;
        stream.avail_in = (uInt)length;
        stream.next_out = out;
        stream.avail_out = (uInt)out_room;
        if (deflate(&stream, Z_FINISH) == Z_STREAM_END) gelf_chunks((char *)out, out_room - stream.avail_out, send_datagram, NULL);
        deflateReset(&stream);
    }
    deflateEnd(&stream);
    free(in);
    free(out);
}
