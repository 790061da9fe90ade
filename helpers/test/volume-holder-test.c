/*
 * Holders of volumes, from their first user to their last, with real mounts: in memory, by a FUSE program that this file is too, by programs that fail, and after the end
 * of a container; whatever is killed.
 */
#include "check.h"
#include "fuse-server.h"
#include "keeper.h"
#include "roles.h"
#include "util.h"
#include "volume.h"
#include "volume-place.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

static char base[] = "/tmp/skiff-volume-test-XXXXXX";
static char *target, *place, *notes;
static struct keeper keeper;

enum { MOST = 32 };
static char *words[MOST];
static struct record record = { .fields = words };
static struct plan plan = { 1, &record };

/* The plan says `volume data PLACE TARGET` and these words, the last of which is NULL. */
static void plan_is(const char *const more[])
{
    static const char *const names[] = { "volume", "data" };
    record.count = 0;
    for (size_t i = 0; i < 2; i++)
        words[record.count++] = (char *)(uintptr_t)names[i];
    words[record.count++] = place;
    words[record.count++] = target;
    for (size_t i = 0; more[i]; i++)
        words[record.count++] = (char *)(uintptr_t)more[i];
}

#define PLAN_IS(...) plan_is((const char *const[]){ __VA_ARGS__, NULL })

static int acquire_one(void)
{
    int *connections = volumes_acquire(&plan, &keeper);
    int connection = connections[0];
    free(connections);
    return connection;
}

static int end_of(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        check(errno == EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static char said[4096];
static int enough = -1; /* what a monitor would say it by */

/* Runs `body` in a process like a sandbox: in the keeper's namespace, with a mount namespace of its own. What it says when it dies is in `said`; its exit code is returned. */
static int in_sandbox(void (*body)(void))
{
    int ends[2];
    check(pipe2(ends, O_CLOEXEC) == 0);
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        die_fd = ends[1];
        keeper_enter(&keeper);
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
            die_errno("no mount namespace");
        volumes_mount(&plan, enough);
        body();
        _exit(0);
    }
    close(ends[1]);
    ssize_t length = read_all(ends[0], said, sizeof said - 1);
    close(ends[0]);
    said[length > 0 ? length : 0] = 0;
    return end_of(pid);
}

/* Whatever this C library's words for an errno begin with. */
static void said_is(const char *wanted)
{
    if (strcasecmp(said, wanted) != 0)
        check_text(said, wanted);
}

static void nothing(void)
{
}

static void write_there(void)
{
    autofree char *path = xasprintf("%s/kept", target);
    autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        die_errno("cannot write");
}

static void find_there(void)
{
    struct statfs status;
    autofree char *path = xasprintf("%s/kept", target);
    if (access(path, F_OK) < 0 || statfs(target, &status) < 0 || status.f_type != 0x01021994)
        die_errno("it is not there, or no tmpfs");
}

static void look_at_fuse(void)
{
    struct stat status;
    if (stat(target, &status) < 0 || status.st_size != FUSE_SERVER_SIZE)
        die_errno("it is not served");
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void wait_gone(const char *path)
{
    for (int i = 0; i < 3000 && exists(path); i++)
        usleep(10000);
    check(!exists(path));
}

static void let_go(int connection)
{
    int high = fcntl(connection, F_DUPFD_CLOEXEC, 100);
    close(connection);
    volumes_release(high, 1);
}

static pid_t holder_pid(void)
{
    int pid = 0;
    autofree char *path = xasprintf("%s/state", place), *text = read_file(AT_FDCWD, path, 4096, NULL);
    check(text && sscanf(text, "%d", &pid) == 1);
    return pid;
}

static void holds_state(const char *wanted)
{
    autofree char *path = xasprintf("%s/state", place), *text = NULL;
    for (int i = 0; i < 1000; i++) {
        free(text);
        text = read_file(AT_FDCWD, path, 4096, NULL);
        if (text && strstr(text, wanted))
            return;
        usleep(10000);
    }
    check_text(text, wanted);
}

static void in_memory(void)
{
    PLAN_IS("tmpfs", "6", "size=1m,mode=700");
    int first = acquire_one();
    check(in_sandbox(write_there) == 0);
    int second = acquire_one();
    close(first);
    check(in_sandbox(find_there) == 0);
    let_go(second);
    /* It has waited: nothing is left, and what was in it is gone. */
    check(!exists(place));
    first = acquire_one();
    check(in_sandbox(write_there) == 0);
    close(first); /* as when the monitor is killed */
    wait_gone(place);
    autofree char *kept = xasprintf("%s/kept", target);
    check(!exists(kept));
}

static void cannot_mount(void)
{
    PLAN_IS("tmpfs", "6", "size=much");
    int user = acquire_one();
    check(in_sandbox(nothing) == EXIT_SKIFF);
    said_is("125 cannot mount the volume data: cannot mount tmpfs: invalid argument (options 'size=much')");
    holds_state(" failed\ncannot mount tmpfs");
    let_go(user);
    check(!exists(place));
    const char *const bad[][6] = { { "tmpfs", "x", "", NULL }, { "tmpfs", "6", NULL }, { "after", "1", NULL }, { "after", "0", "relative", NULL }, { "nfs", NULL }, { "fuse", "6", "", "", "", NULL } };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        plan_is(bad[i]);
        pid_t pid = fork();
        if (pid == 0) {
            null_stdio(7);
            acquire_one();
            _exit(0);
        }
        check(end_of(pid) == EXIT_SKIFF);
        check(!exists(place));
    }
}

static void one_holder_for_a_crowd(void)
{
    enum { CROWD = 12 };
    pid_t pids[CROWD];
    int go[2];
    PLAN_IS("tmpfs", "6", "");
    for (int round = 0; round < 5; round++) {
        check(pipe2(go, O_CLOEXEC) == 0);
        for (int i = 0; i < CROWD; i++) {
            char byte;
            pids[i] = fork();
            check(pids[i] >= 0);
            if (pids[i] > 0)
                continue;
            close(go[1]);
            check(read(go[0], &byte, 1) == 0);
            int user = acquire_one();
            check(in_sandbox(nothing) == 0);
            let_go(user);
            _exit(0);
        }
        close(go[0]);
        close(go[1]);
        for (int i = 0; i < CROWD; i++)
            check(end_of(pids[i]) == 0);
        wait_gone(place);
    }
}

#define SERVED(MODE) "fuse", "6", "allow_other", "source", "fuse.test", "fd", "1", notes, "/proc/self/exe", "serve", MODE

static void by_a_program(void)
{
    PLAN_IS(SERVED("well"));
    int user = acquire_one();
    check(in_sandbox(look_at_fuse) == 0);
    check(in_sandbox(look_at_fuse) == 0);
    holds_state(" mounted\n");
    /* It dies, and whoever comes next finds another. */
    kill(fuse_server_pid(base), SIGKILL);
    holds_state(" ended\nexe was killed by signal 9 (serving)");
    check(in_sandbox(look_at_fuse) == 0);
    let_go(user);
    check(!exists(place));
    check(kill(fuse_server_pid(base), 0) < 0 && errno == ESRCH);
}

static void program_fails(void)
{
    PLAN_IS(SERVED("fail"));
    int user = acquire_one();
    for (int i = 0; i < 2; i++) {
        check(in_sandbox(nothing) == EXIT_SKIFF);
        said_is("125 cannot mount the volume data: exe has ended with code 3 (no such?host; giving up)");
    }
    let_go(user);
    PLAN_IS("fuse", "6", "", "source", "fuse.test", "self", "0", "/nowhere/program");
    user = acquire_one();
    check(in_sandbox(nothing) == EXIT_SKIFF);
    said_is("125 cannot mount the volume data: program has ended with code 127 (cannot run /nowhere/program: no such file or directory)");
    let_go(user);
    check(!exists(place));
}

/* It is not waited for by those who have changed their mind, and does not stay. */
static void program_hangs(void)
{
    int ends[2];
    PLAN_IS("fuse", "6", "", "source", "fuse.test", "self", "0", "/bin/sh", "-c", "echo trying >&2; exec sleep 1000");
    int user = acquire_one();
    check(pipe2(ends, O_CLOEXEC) == 0);
    enough = ends[0];
    check(write_all(ends[1], "x", 1) == 0);
    check(in_sandbox(nothing) == EXIT_SKIFF);
    check_text(said, "125 the container was told to end before the volume data was mounted");
    enough = -1;
    close(ends[0]);
    close(ends[1]);
    let_go(user);
    check(!exists(place));
}

static void killed_holder(void)
{
    PLAN_IS(SERVED("well"));
    int user = acquire_one();
    check(in_sandbox(look_at_fuse) == 0);
    pid_t program = fuse_server_pid(base);
    kill(holder_pid(), SIGKILL);
    for (int i = 0; i < 1000 && kill(program, 0) == 0 && process_state(program) != 'Z'; i++)
        usleep(10000);
    check(kill(program, 0) < 0 || process_state(program) == 'Z');
    check(in_sandbox(nothing) == EXIT_SKIFF);
    said_is("125 the process that holds the volume data has ended; start the container again");
    /* The next start mounts anew; where none comes, a command sweeps. */
    int next = acquire_one();
    check(in_sandbox(look_at_fuse) == 0);
    char *sweep[] = { "sweep-volumes", place, NULL };
    check(role_sweep_volumes(2, sweep) == 0 && exists(place));
    kill(holder_pid(), SIGKILL);
    close(next);
    close(user);
    for (int i = 0; i < 1000 && exists(place); i++) {
        check(role_sweep_volumes(2, sweep) == 0);
        usleep(10000);
    }
    check(!exists(place));
}

static void after_the_end(void)
{
    autofree char *mark = xasprintf("%s/after", base), *script = xasprintf("echo \"$WHAT $HOME\" > %s", mark);
    target[0] = 0; /* it has none */
    PLAN_IS("after", "1", "WHAT=done", "/bin/sh", "-c", script);
    int user = acquire_one();
    check(in_sandbox(nothing) == 0); /* there is nothing to mount */
    check(!exists(mark));
    close(user);
    wait_gone(place);
    autofree char *text = read_file(AT_FDCWD, mark, 100, NULL);
    check_text(text, "done \n");
}

static void start_keeper(void)
{
    static char uids[64], gids[64], *runtime;
    runtime = xasprintf("%s/run", base);
    check(mkdir(runtime, 0700) == 0);
    snprintf(uids, sizeof uids, "%u %u 1\n", getuid(), getuid());
    snprintf(gids, sizeof gids, "%u %u 1\n", getgid(), getgid());
    struct keeper_settings settings = { runtime, "", "", uids, gids };
    keeper = keeper_acquire(&settings);
    place = xasprintf("%s/v/0123", runtime);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        fuse_server(argv[2]);
    check(mkdtemp(base) != NULL);
    target = xasprintf("%s/_data", base);
    check(mkdir(target, 0700) == 0);
    notes = xasprintf("NOTES=%s", base);
    start_keeper();
    in_memory();
    cannot_mount();
    one_holder_for_a_crowd();
    by_a_program();
    program_fails();
    program_hangs();
    killed_holder();
    after_the_end();
    autofree char *clean = xasprintf("rm -rf %s", base);
    close(keeper.alive);
    close(keeper.userns);
    autofree char *fifo = xasprintf("%s/run/keeper", base);
    wait_gone(fifo);
    return system(clean) == 0 ? 0 : 1;
}
