/*
 * skiff-helper rouse PID START SOCKET: the monitor that is this process makes its control socket anew, where that has gone. Whoever logs out loses
 * the runtime directory, and with it every socket, while what he has started may go on. Waits until it is there, a second at most. Exit code 1 when
 * there is no such process.
 */
#include "roles.h"
#include "util.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATIENCE = 1000 }; /* ms */

int role_rouse(int argc, char **argv)
{
    if (argc != 4)
        die("usage: rouse PID START SOCKET");
    pid_t pid = (pid_t)parse_number(argv[1], 1, 1 << 30, "pid");
    autoclose int pidfd = pidfd_of(pid);
    bool lacking = pidfd < 0 && errno == ENOSYS; /* before Linux 5.3 */
    /* Looked at behind the pidfd: a pid that is used again by somebody else is never signalled. */
    if (process_start_time(pid) != strtoull(argv[2], NULL, 10) || (pidfd < 0 && !lacking))
        return 1;
    long sent = lacking ? kill(pid, SIGUSR1) : syscall(SYS_pidfd_send_signal, pidfd, SIGUSR1, NULL, 0);
    for (int waited = 0; sent == 0 && waited < PATIENCE && access(argv[3], F_OK) < 0; waited++)
        usleep(1000);
    return sent < 0;
}
