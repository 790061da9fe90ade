#include "volume-holder.h"
#include "frames.h"
#include "keeper.h"
#include "util.h"
#include "volume.h"
#include "volume-mount.h"
#include "volume-place.h"
#include "volume-users.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DIRECTORY = 3, LISTENER, ALIVE, READY, KEEPER, OWN_FDS };

enum {
    MOUNT_MS = 60000,  /* how long a program may take until its file system answers */
    LINGER_MS = 2000,  /* and to end, or to be heard of, once that has failed */
    WRITE_MS = 30000,  /* to write out what it has when it is unmounted; then it is asked to end */
    END_MS = 5000,     /* and then it is killed */
};

static struct {
    struct volume_wish wish;
    enum { IDLE, MOUNTING, MOUNTED } state;
    bool runs;  /* the program does */
    int looker; /* the socket to the process that looks after it */
    int words;  /* what it says */
    int probe;  /* readable when the prober has ended */
    pid_t prober;
    long long deadline; /* CLOCK_MONOTONIC ms; 0: none */
    struct volume_words said;
    struct volume_users users;
} self;

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* For those who look: our pid and start time, what there is, and why there is nothing any more. */
static void write_state(const char *word, const char *why)
{
    autofree char *text = xasprintf("%d %llu %s\n%s%s", getpid(), process_start_time(getpid()), word, why ? why : "", why ? "\n" : "");
    autoclose int fd = openat(DIRECTORY, ".state", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && write_all(fd, text, strlen(text)) == 0)
        renameat(DIRECTORY, ".state", DIRECTORY, "state");
}

static void order(uint8_t type, int32_t value, int fd)
{
    struct program_packet packet = { .type = type, .value = value };
    packet_send(self.looker, &packet, sizeof packet, fd);
}

static void answer(const char *refusal)
{
    users_answer(&self.users, self.wish.name, self.wish.target, refusal);
}

static void end_prober(void)
{
    if (self.prober > 0)
        kill(self.prober, SIGKILL);
    while (self.prober > 0 && waitpid(self.prober, NULL, 0) < 0 && errno == EINTR)
        ;
    self.prober = 0;
    close_fd(&self.probe);
}

static void unmount(void)
{
    if (umount2(self.wish.target, 0) < 0)
        umount2(self.wish.target, MNT_DETACH);
}

static void take_words(void)
{
    if (self.words >= 0 && !volume_words_take(&self.said, self.words))
        close_fd(&self.words);
}

/* What has been waited for will not come. `why` is freed. */
static void fail_mount(char *why)
{
    autofree char *sentence = why, *text = xasprintf("%d cannot mount the volume %s: %s", EXIT_SKIFF, self.wish.name, sentence);
    end_prober();
    unmount();
    self.state = IDLE;
    self.deadline = 0;
    if (self.runs) {
        order(PROGRAM_SIGNAL, SIGKILL, -1);
        self.deadline = now_ms() + LINGER_MS;
    }
    write_state("failed", sentence);
    answer(text);
}

static char *program_words(const char *what)
{
    autofree char *last = volume_words_last(&self.said);
    const char *program = strrchr(self.wish.program.arguments[0], '/') + 1;
    return xasprintf("%s %s (%s)", program, what, last);
}

static void start_prober(unsigned long long before)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        die_errno("cannot make a pipe");
    self.prober = fork();
    if (self.prober == 0)
        volume_probe(&self.wish, before);
    close(ends[1]);
    self.probe = ends[0];
}

static void start_program(int *fuse)
{
    int words[2];
    if (pipe2(words, O_CLOEXEC | O_NONBLOCK) < 0)
        die_errno("cannot make a pipe");
    /* The program's own end blocks like any other. */
    set_nonblocking(words[1], false);
    self.said.length = 0;
    close_fd(&self.words);
    self.words = words[0];
    if (*fuse >= 0)
        order(PROGRAM_FUSE, 0, *fuse);
    order(PROGRAM_START, 0, words[1]);
    close(words[1]);
    close_fd(fuse);
    self.runs = true;
}

static void mount_by_program(int *fuse)
{
    struct stat before = { 0 };
    if (!self.wish.hands_fuse)
        (void)stat(self.wish.target, &before);
    start_program(fuse);
    start_prober(before.st_dev);
    self.deadline = now_ms() + MOUNT_MS;
}

static void is_mounted(void)
{
    self.state = MOUNTED;
    self.deadline = 0;
    write_state("mounted", NULL);
    answer(NULL);
}

static void begin_mount(void)
{
    int fuse;
    self.state = MOUNTING;
    char *why = volume_mount(&self.wish, &fuse);
    if (why)
        fail_mount(why);
    else if (self.wish.kind == VOLUME_FUSE)
        mount_by_program(&fuse);
    else
        is_mounted();
}

/* One that has just failed may not have ended yet; then its end begins the next. */
static void look_for_work(void)
{
    if (!users_wait(&self.users) || self.state == MOUNTING || (self.state == IDLE && self.runs))
        return;
    if (self.state == MOUNTED)
        answer(NULL);
    else
        begin_mount();
}

static void take_probe(void)
{
    int status = 0;
    while (waitpid(self.prober, &status, 0) < 0 && errno == EINTR)
        ;
    self.prober = 0;
    close_fd(&self.probe);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        is_mounted();
    else
        self.deadline = now_ms() + LINGER_MS; /* the program has most likely ended, and we are about to hear of it */
}

static char *end_words(int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return program_words("has ended");
    autofree char *how = WIFSIGNALED(status) ? xasprintf("was killed by signal %d", WTERMSIG(status)) : xasprintf("has ended with code %d", WEXITSTATUS(status));
    return program_words(how);
}

/* In containers everything in the volume is "transport endpoint is not connected" (ENOTCONN) now; whoever comes next gets a new mount. */
static void take_end(int status)
{
    self.runs = false;
    take_words();
    if (self.state == MOUNTING) {
        fail_mount(end_words(status));
    } else if (self.state == MOUNTED) {
        autofree char *why = end_words(status);
        unmount();
        self.state = IDLE;
        write_state("ended", why);
    }
    self.deadline = 0;
}

static _Noreturn void leave(void)
{
    volume_place_remove(self.wish.directory, DIRECTORY);
    _exit(0);
}

/* Without the process that looks after the program there is no program, and no way back to where it could be started. */
static void take_program(void)
{
    struct program_packet packet = { 0 };
    int fd;
    if (packet_receive(self.looker, &packet, sizeof packet, &fd) <= 0) {
        end_prober();
        unmount();
        answer("125 the process that looks after the program of the volume was killed; start the container again");
        leave();
    }
    close_fd(&fd);
    if (packet.type == PROGRAM_ENDED)
        take_end(packet.value);
}

static bool program_ends_within(long long limit)
{
    for (long long until = now_ms() + limit; self.runs;) {
        struct pollfd slots[2] = { { .fd = self.looker, .events = POLLIN }, { .fd = self.words, .events = POLLIN } };
        long long left = until - now_ms();
        if (left <= 0)
            return false;
        if (poll(slots, 2, (int)left) <= 0)
            continue;
        if (slots[1].revents)
            take_words();
        if (slots[0].revents)
            take_program();
    }
    return true;
}

/* Under the lock, so that the next user finds either all of it or nothing. */
static _Noreturn void finish(void)
{
    int fuse = -1;
    /* One that has not answered yet has nothing to write. */
    bool patient = self.state == MOUNTED || self.wish.kind == VOLUME_AFTER;
    end_prober();
    self.state = IDLE;
    if (self.wish.kind == VOLUME_AFTER)
        start_program(&fuse);
    else
        unmount();
    if (!patient || !program_ends_within(WRITE_MS)) {
        order(PROGRAM_SIGNAL, SIGTERM, -1);
        if (!program_ends_within(END_MS)) {
            order(PROGRAM_SIGNAL, SIGKILL, -1);
            program_ends_within(END_MS);
        }
    }
    leave();
}

/* Those who have asked to be told wait for the end, if it comes; while others stay there is nothing to wait for. */
static void end_if_alone(void)
{
    if (users_stay(&self.users))
        return;
    autoclose int lock = -1, directory = -1;
    lock = volume_place_lock(self.wish.directory, false, &directory);
    struct pollfd waiting = { .fd = LISTENER, .events = POLLIN };
    if (poll(&waiting, 1, 0) == 0)
        finish();
    users_accept(&self.users, LISTENER);
}

static void check_deadline(void)
{
    if (!self.deadline || now_ms() < self.deadline)
        return;
    self.deadline = 0;
    if (self.state == MOUNTING)
        fail_mount(program_words(self.prober > 0 ? "has not answered in time" : "serves nothing"));
    else if (self.runs)
        order(PROGRAM_SIGNAL, SIGKILL, -1);
}

static int patience(void)
{
    long long left = self.deadline - now_ms();
    return !self.deadline ? -1 : left > 0 ? (int)left : 0;
}

enum { SLOT_LISTENER, SLOT_PROGRAM, SLOT_WORDS, SLOT_PROBE, SLOT_USERS };

static void turn(void)
{
    size_t count = self.users.count;
    autofree struct pollfd *slots = xmalloc((SLOT_USERS + count) * sizeof *slots);
    slots[SLOT_LISTENER] = (struct pollfd){ .fd = LISTENER, .events = POLLIN };
    slots[SLOT_PROGRAM] = (struct pollfd){ .fd = self.looker, .events = POLLIN };
    slots[SLOT_WORDS] = (struct pollfd){ .fd = self.words, .events = POLLIN };
    slots[SLOT_PROBE] = (struct pollfd){ .fd = self.probe, .events = POLLIN };
    users_fill(&self.users, slots + SLOT_USERS);
    if (poll(slots, SLOT_USERS + count, patience()) > 0) {
        users_take(&self.users, slots + SLOT_USERS, count);
        if (slots[SLOT_WORDS].revents)
            take_words();
        if (slots[SLOT_PROBE].revents)
            take_probe();
        if (slots[SLOT_PROGRAM].revents)
            take_program();
        if (slots[SLOT_LISTENER].revents)
            users_accept(&self.users, LISTENER);
    }
    check_deadline();
    users_part(&self.users);
    look_for_work();
    end_if_alone();
}

static void keep_fds(const struct volume_start *start)
{
    const int given[] = { start->directory, start->listener, start->alive, start->ready, start->userns };
    enum { COUNT = sizeof given / sizeof *given };
    int high[COUNT];
    for (int i = 0; i < COUNT; i++)
        high[i] = fcntl(given[i], F_DUPFD_CLOEXEC, 20);
    for (int i = 0; i < COUNT; i++)
        dup3(high[i], DIRECTORY + i, O_CLOEXEC);
    close_from(OWN_FDS);
}

static void enter_namespaces(void)
{
    struct keeper keeper = { .userns = KEEPER, .alive = ALIVE };
    keeper_enter(&keeper);
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        die_errno("cannot make a mount namespace");
}

_Noreturn void volume_hold(const struct record *record, const struct volume_start *start)
{
    die_hook = NULL;
    null_stdio(7);
    keep_fds(start);
    die_fd = READY;
    setsid();
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_NAME, "skiff-volume");
    if (chdir("/") < 0)
        die_errno("cannot leave the current directory");
    self.looker = self.words = self.probe = -1;
    self.wish = volume_wish_from(record);
    bool inside = self.wish.kind == VOLUME_FUSE && !self.wish.hands_fuse;
    if (self.wish.kind != VOLUME_TMPFS && !inside)
        self.looker = program_look_after(&self.wish.program, false);
    if (self.wish.kind != VOLUME_AFTER)
        enter_namespaces();
    close(KEEPER);
    if (inside)
        self.looker = program_look_after(&self.wish.program, true);
    write_state("idle", NULL);
    if (write_all(READY, "", 1) < 0)
        _exit(1);
    close(READY);
    die_fd = -1;
    users_accept(&self.users, LISTENER); /* whoever has started us is there already */
    for (;;)
        turn();
}
