/* What is left after dns_confine(): each case is a child that does one thing, and ends well or is killed for it. */
#include "check.h"
#include "dns-confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int directory;

/* Raw calls: the sanitizers' wrappers would do more than what is asked for. */
static long do_socket(void) { return syscall(SYS_socket, AF_INET6, SOCK_DGRAM, 0); }
static long do_lease(void) { return syscall(SYS_openat, directory, "lease", O_RDONLY); }
static long do_memory(void) { return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
static long do_random(void) { return syscall(SYS_getrandom, &(int){ 0 }, 4, 0); }
static long do_unix(void) { return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0); }
static long do_packet(void) { return syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0); }
static long do_netlink(void) { return syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 0); }
static long do_program(void) { return syscall(SYS_execve, "/bin/true", NULL, NULL); }
static long do_code(void) { return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
static long do_kill(void) { return syscall(SYS_kill, getppid(), 0); }
static long do_fork(void) { return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }
static long do_unlink(void) { return syscall(SYS_unlinkat, directory, "lease", 0); }
static long do_setns(void) { return syscall(SYS_setns, directory, 0); }
static long do_bind(void) { return syscall(SYS_bind, 0, NULL, 0); }
static long do_write_lease(void) { return syscall(SYS_openat, directory, "lease", O_WRONLY); }
static long do_make_lease(void) { return syscall(SYS_openat, directory, "other", O_WRONLY | O_CREAT, 0600); }
static long do_other_file(void) { return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY); }

/* 0, an errno, or minus the signal that killed it. */
static int outcome(long (*act)(void))
{
    int status;
    pid_t child = fork();
    check(child >= 0);
    if (child == 0) {
        dns_confine(&directory, 1);
        long result = act();
        syscall(SYS_exit_group, result < 0 ? errno : 0);
    }
    check(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* prctl and capget are not on the list either, so the parent looks. */
static void test_privileges(void)
{
    int ready[2], status;
    char path[64], text[8192], byte;
    check(pipe(ready) == 0);
    pid_t child = fork();
    if (child == 0) {
        dns_confine(&directory, 1);
        syscall(SYS_write, ready[1], "x", 1);
        for (;;)
            syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
    }
    check(read(ready[0], &byte, 1) == 1);
    snprintf(path, sizeof path, "/proc/%d/status", child);
    int fd = open(path, O_RDONLY);
    ssize_t size = read(fd, text, sizeof text - 1);
    check(size > 0);
    text[size] = 0;
    check(strstr(text, "CapPrm:\t0000000000000000") && strstr(text, "CapEff:\t0000000000000000") && strstr(text, "CapAmb:\t0000000000000000"));
    check(strstr(text, "NoNewPrivs:\t1") && strstr(text, "Seccomp:\t2"));
    close(fd);
    check(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
}

int main(void)
{
    char top[] = "/tmp/skiff-dns-confine-XXXXXX";
    check(mkdtemp(top));
    directory = open(top, O_RDONLY | O_DIRECTORY);
    int lease = openat(directory, "lease", O_WRONLY | O_CREAT, 0600);
    check(directory >= 0 && lease >= 0);
    close(lease);
    long (*const allowed[])(void) = { do_socket, do_lease, do_memory, do_random };
    long (*const fatal[])(void) = { do_unix, do_packet, do_netlink, do_program, do_code, do_kill, do_fork, do_unlink, do_setns, do_bind };
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        check(outcome(allowed[i]) == 0);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        check(outcome(fatal[i]) == -SIGSYS);
    test_privileges();
    bool has_landlock = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
    if (has_landlock)
        check(outcome(do_other_file) == EACCES);
    check(outcome(do_write_lease) == EACCES && outcome(do_make_lease) == EACCES);
    check(unlinkat(directory, "lease", 0) == 0 && rmdir(top) == 0);
    return 0;
}
