/* The monitor's part in the log: opening it as the plan says, and what the receiver's connection needs. */
#include "monitor-parts.h"
#include "util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* How long a file that has just become full may take to be compressed when the container has ended, in ms. */
enum { GZIP_MS = 3000 };

static void open_files(const struct record *log)
{
    if (strcmp(log->fields[1], "json-file") != 0)
        return;
    log = plan_find(self.plan, "log", 4);
    long long maximum = parse_number(log->fields[2], 0, INT64_MAX, "size of a log");
    int files = (int)parse_number(log->fields[3], 1, 1000, "number of log files");
    struct log_file *file = &self.logger.file;
    *file = log_file_open(self.directory, maximum, files, log->fields[4]);
    if (file->fd < 0)
        die_errno("cannot open the container's log");
    file->readers.path = plan_text(self.plan, "log-readers", NULL);
    file->gzip = plan_text(self.plan, "log-gzip", NULL);
    log_gzip_start(file);
}

void monitor_open_log(void)
{
    const struct record *log = plan_find(self.plan, "log", 1);
    if (!log)
        return;
    /* The receiver first: where it cannot be reached nothing else has begun. */
    self.logger.remote = log_remote_open(self.plan);
    open_files(log);
}

struct pollfd monitor_log_slot(void)
{
    return self.logger.remote ? log_remote_slot(self.logger.remote) : (struct pollfd){ .fd = -1 };
}

void monitor_take_log(short events)
{
    log_remote_ready(self.logger.remote, events);
}

long long monitor_log_deadline(void)
{
    return self.logger.remote ? log_remote_deadline(self.logger.remote) : 0;
}

void monitor_log_tick(void)
{
    if (self.logger.remote)
        log_remote_tick(self.logger.remote);
}

bool monitor_log_is_behind(void)
{
    return self.logger.remote && log_remote_is_behind(self.logger.remote);
}

void monitor_reap_log(void)
{
    int status;
    pid_t packer = self.logger.remote ? self.logger.remote->packer_pid : 0;
    if (self.logger.file.compressor && waitpid(self.logger.file.compressor, &status, WNOHANG) > 0)
        log_gzip_ended(&self.logger.file, status);
    /* Its socket tells that it has ended. */
    if (packer && waitpid(packer, &status, WNOHANG) > 0)
        self.logger.remote->packer_pid = 0;
}

void monitor_rest_log(bool removes)
{
    logger_finish(&self.logger);
    log_gzip_finish(&self.logger.file, removes ? 0 : GZIP_MS);
    if (self.logger.remote)
        log_remote_rest(self.logger.remote);
}

void monitor_close_log(bool removes)
{
    struct log_file *file = &self.logger.file;
    if (self.logger.remote)
        log_remote_finish(self.logger.remote);
    if (file->fd < 0)
        return;
    /* What is removed now may still be read by those who follow. */
    if (removes)
        log_readers_link(&file->readers, self.directory, LOG_NAME, file->size);
    log_readers_sweep(&file->readers);
}
