#include "logger-file.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Under this name the result grows. It gets its own when it is whole: whatever is killed, each file is there in one form at least. */
#define GROWING LOG_NAME ".gz.new"

enum { GENTLY = 10 };

static _Noreturn void exec_gzip(const char *program, int in, int out)
{
    char *arguments[] = { (char *)program, "gzip", NULL }, *environment[] = { NULL };
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    die_hook = NULL;
    setpriority(PRIO_PROCESS, 0, GENTLY);
    dup2(in, 0);
    dup2(out, 1);
    null_stdio(1u << 2);
    close_from(3);
    execve(program, arguments, environment);
    _exit(EXIT_NOT_FOUND);
}

static bool is_there(const struct log_file *file, int number, const char *suffix)
{
    char name[LOG_NAME_SIZE];
    struct stat status;
    return fstatat(file->directory, log_file_name(name, number, suffix), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The number of the newest full file that is not compressed; 0 when there is none. One that is there in both forms was done by a monitor that was killed. */
static int next_number(const struct log_file *file)
{
    char name[LOG_NAME_SIZE];
    for (int i = 1; i < file->files; i++) {
        if (!is_there(file, i, ""))
            continue;
        if (!is_there(file, i, ".gz"))
            return i;
        unlinkat(file->directory, log_file_name(name, i, ""), 0);
    }
    return 0;
}

void log_gzip_start(struct log_file *file)
{
    char name[LOG_NAME_SIZE];
    if (!file->gzip || file->compressor)
        return;
    unlinkat(file->directory, GROWING, 0); /* of a monitor that was killed */
    int number = next_number(file);
    if (!number)
        return;
    autoclose int in = openat(file->directory, log_file_name(name, number, ""), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    autoclose int out = openat(file->directory, GROWING, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    pid_t child = in < 0 || out < 0 ? -1 : fork();
    if (child == 0)
        exec_gzip(file->gzip, in, out);
    /* What cannot be compressed now stays readable as it is, and is looked at again when the next file is full. */
    file->compressor = child > 0 ? child : 0;
    file->compressing = number;
}

void log_gzip_renumber(struct log_file *file)
{
    if (file->compressor)
        file->compressing++;
}

void log_gzip_ended(struct log_file *file, int status)
{
    char plain[LOG_NAME_SIZE], done[LOG_NAME_SIZE];
    file->compressor = 0;
    bool whole = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    log_file_name(plain, file->compressing, "");
    log_file_name(done, file->compressing, ".gz");
    /* Files may become full faster than they can be compressed: the oldest are gone then before their turn has come. */
    if (whole && file->compressing < file->files && renameat(file->directory, GROWING, file->directory, done) == 0)
        unlinkat(file->directory, plain, 0);
    else
        unlinkat(file->directory, GROWING, 0);
    if (whole)
        log_gzip_start(file);
}

void log_gzip_finish(struct log_file *file, int patience)
{
    int status;
    for (int waited = 0; file->compressor; waited++) {
        pid_t pid = waitpid(file->compressor, &status, WNOHANG);
        if (pid < 0 && errno != EINTR) {
            unlinkat(file->directory, GROWING, 0);
            file->compressor = 0;
        } else if (pid > 0) {
            log_gzip_ended(file, status);
        } else if (waited >= patience) {
            kill(file->compressor, SIGKILL);
            usleep(1000);
        } else {
            usleep(1000);
        }
    }
}
