/* The monitor's health checks: one command in the container after another, by `join`, as `exec` does it. */
#include "monitor-parts.h"
#include "frames.h"
#include "health-record.h"
#include "health-target.h"
#include "health.h"
#include "sandbox.h"
#include "session.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long it may take until the command of a check runs: that is our time and not the check's, as in Docker. */
enum { START_MS = 30000 };

/* One check that is under way. */
struct check {
    pid_t join, pid;    /* who enters the container, and the command; 0 when not known or gone */
    int report, output; /* the packets of join, until the command is executed; what the command prints */
    bool runs, ended, late;
    int exit_code;
    long long began, due; /* ms; when it takes too long, 0: that is known already */
    char start[32];
    char failure[512]; /* why it could not be run */
    struct health_output printed;
};

static struct checks {
    struct health health;
    struct health_results results;
    const char *timeout; /* in words */
    char *plan;
    long long next; /* ms; 0: no check is planned */
    struct check *check;
} *checks; /* NULL where the container has none: then this part costs nothing */

/* A full disk makes the record stale and ends nothing. */
static void write_down(bool changed)
{
    self.state.health = health_name(checks->health.status);
    (void)health_write(self.directory, &checks->health, &checks->results);
    if (changed)
        (void)state_write(self.directory, &self.state);
}

static void prepare(const struct record *record)
{
    char **f = record->fields;
    checks = xmalloc(sizeof *checks);
    *checks = (struct checks){
        .health.settings = {
            .interval = parse_number(f[1], 1, INT64_MAX, "interval of health checks"),
            .start_interval = parse_number(f[2], 1, INT64_MAX, "start interval of health checks"),
            .start_period = parse_number(f[3], 0, INT64_MAX, "start period of health checks"),
            .timeout = parse_number(f[4], 1, INT64_MAX / 2, "timeout of health checks"),
            .retries = (int)parse_number(f[5], 1, INT32_MAX, "number of failures"),
        },
        .timeout = f[6],
        .plan = xasprintf("%s/health", plan_need(self.plan, "dir")),
    };
    health_read(self.directory, &checks->results);
}

void monitor_begin_health(void)
{
    const struct record *record = plan_find(self.plan, "health", 6);
    if (!record)
        return;
    if (!checks)
        prepare(record);
    health_start(&checks->health, monitor_now());
    checks->next = health_next(&checks->health, monitor_now());
    write_down(false);
}

/* In the child: the pipe on 1 and 2, the packets on 3, and whom to join as arguments. */
static _Noreturn void exec_join(int output, int report)
{
    char pid[32], start[32];
    die_hook = NULL;
    die_fd = report;
    struct target target = health_target(self.state.pid, self.state.pid_start, plan_find(self.plan, "runtime", 1) != NULL);
    if (target.pid == 0)
        die("the container's runtime has not started it yet");
    snprintf(pid, sizeof pid, "%d", target.pid);
    snprintf(start, sizeof start, "%llu", target.start);
    char *arguments[] = { "skiff-helper", "join", checks->plan, pid, start, NULL };
    monitor_enter_cgroup();
    monitor_exec(-1, output, output, report, -1, arguments);
}

/* Forks it into `check`; false with errno. */
static bool start_join(struct check *check)
{
    int report[2] = { -1, -1 }, output[2] = { -1, -1 };
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report) == 0 && pipe2(output, O_CLOEXEC) == 0)
        check->join = fork();
    else
        check->join = -1;
    int error = errno;
    if (check->join == 0)
        exec_join(output[1], report[1]);
    close_fd(&report[1]);
    close_fd(&output[1]);
    check->report = report[0];
    check->output = output[0];
    if (check->join > 0) {
        set_nonblocking(check->report, true);
        set_nonblocking(check->output, true);
    }
    errno = error;
    return check->join > 0;
}

static void drop_check(void)
{
    close_fd(&checks->check->report);
    close_fd(&checks->check->output);
    free(checks->check);
    checks->check = NULL;
}

void monitor_cancel_check(void)
{
    struct check *check = checks ? checks->check : NULL;
    if (checks)
        checks->next = 0;
    if (!check)
        return;
    if (check->join > 0)
        kill(check->join, SIGKILL);
    if (check->pid > 0 && !self.exited)
        session_kill(check->pid);
    drop_check();
}

/* What the check that is under way has come to: it ends with that. */
static void take_result(int code, const char *words)
{
    char end[32];
    format_now(end);
    health_add(&checks->results, checks->check->start, end, code, words, &checks->check->printed);
    bool changed = health_take(&checks->health, checks->check->began, code == 0);
    write_down(changed);
    if (changed) {
        autofree char *action = xasprintf("health_status: %s", health_name(checks->health.status));
        monitor_event(action, NULL);
    }
    drop_check();
    checks->next = health_next(&checks->health, monitor_now());
}

static void begin_check(void)
{
    struct check *check = xmalloc(sizeof *check);
    *check = (struct check){ .report = -1, .output = -1, .began = monitor_now(), .due = monitor_now() + START_MS };
    format_now(check->start);
    checks->check = check;
    checks->next = 0;
    if (start_join(check))
        return;
    snprintf(check->failure, sizeof check->failure, "cannot start the check: %s", errno_words(errno));
    take_result(-1, check->failure);
}

void monitor_take_check_output(void)
{
    char data[HEALTH_OUTPUT];
    struct check *check = checks ? checks->check : NULL;
    ssize_t n = 1;
    while (check && check->output >= 0 && n > 0) {
        n = read(check->output, data, sizeof data);
        if (n > 0)
            health_keep(&check->printed, data, (size_t)n);
        /* Whoever prints without end shall not keep us from everything else: what is printed beyond that is read in the next turn. */
        if (n > 0 && check->printed.truncated)
            return;
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            close_fd(&check->output);
    }
}

/* The command has been executed, or nobody is left who could. */
static void end_report(struct check *check)
{
    close_fd(&check->report);
    if (check->pid > 0 && !check->failure[0]) {
        check->runs = true;
        if (check->due)
            check->due = monitor_now() + checks->health.settings.timeout;
    }
    monitor_reap();
}

void monitor_take_check_report(void)
{
    union {
        struct pid_packet pid;
        char text[2200];
    } packet;
    struct check *check = checks ? checks->check : NULL;
    while (check && check->report >= 0) {
        int fd;
        ssize_t length = packet_receive(check->report, &packet, sizeof packet - 1, &fd);
        close_fd(&fd);
        if (length < 0 && errno == EAGAIN)
            return;
        if (length <= 0) {
            end_report(check);
            return;
        }
        packet.text[length] = 0;
        if (packet.text[0] == PACKET_PID && length == sizeof packet.pid) {
            check->pid = packet.pid.pid;
            monitor_reap();
        } else if (!check->failure[0]) {
            const char *words = strchr(packet.text, ' ');
            snprintf(check->failure, sizeof check->failure, "%.500s", words ? words + 1 : packet.text);
        }
    }
}

bool monitor_enters_for_check(void)
{
    return checks && checks->check && checks->check->report >= 0 && checks->check->pid == 0;
}

void monitor_note_check(pid_t pid, int status)
{
    struct check *check = checks ? checks->check : NULL;
    if (check && pid == check->join)
        check->join = 0;
    if (!check || pid != check->pid || check->ended)
        return;
    check->ended = true;
    check->exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* What it has left in the background stays in the container, as with exec; what that prints is nobody's any more. */
static void finish(struct check *check)
{
    monitor_take_check_output();
    if (check->late && check->runs) {
        autofree char *words = xasprintf("Health check exceeded timeout (%s)", checks->timeout);
        take_result(-1, words);
    } else if (check->late) {
        autofree char *words = xasprintf("timed out starting health check for container %s", plan_text(self.plan, "id", ""));
        take_result(-1, words);
    } else if (check->failure[0] || !check->ended)
        take_result(-1, check->failure[0] ? check->failure : "the check ended before its command ran");
    else
        take_result(check->exit_code, "");
}

/* It is waited for all the same, so that checks that do not die do not pile up; as Docker does. */
static void end_late(struct check *check)
{
    check->late = true;
    check->due = 0;
    if (check->pid > 0)
        session_kill(check->pid);
    if (check->join > 0)
        kill(check->join, SIGKILL);
}

void monitor_look_after_health(void)
{
    if (!checks || self.exited)
        return;
    struct check *check = checks->check;
    if (check && check->report < 0 && (check->ended || check->pid == 0))
        finish(check);
    else if (check && check->due && monitor_now() >= check->due)
        end_late(check);
    if (checks->next && monitor_now() >= checks->next)
        begin_check();
}

long long monitor_health_due(void)
{
    if (!checks)
        return 0;
    return checks->check ? checks->check->due : checks->next;
}

int monitor_check_report(void)
{
    return checks && checks->check ? checks->check->report : -1;
}

int monitor_check_output(void)
{
    return checks && checks->check ? checks->check->output : -1;
}

void monitor_pause_health(bool paused)
{
    if (!checks)
        return;
    if (paused)
        health_suspend(&checks->health);
    else
        checks->next = health_next(&checks->health, monitor_now());
    write_down(false);
}

void monitor_end_health(void)
{
    if (!checks)
        return;
    monitor_cancel_check();
    health_suspend(&checks->health);
    write_down(false);
}
