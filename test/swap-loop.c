/*
 * swap-loop A B: exchanges the two names in one step, as fast as it can, for ever (renameat2(2), RENAME_EXCHANGE): the worst neighbour that a path walk
 * can have. For tests of races; linked statically, because it runs inside of containers. Makes the file B.running once it has begun.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE (1 << 1)
#endif

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    char mark[4096];
    snprintf(mark, sizeof mark, "%s.running", argv[2]);
    for (unsigned long round = 0;; round++) {
        /* Somebody may just have mounted something there, EBUSY, or taken one of them away: it goes on. */
        if (syscall(SYS_renameat2, AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) == 0 && round == 1)
            close(open(mark, O_WRONLY | O_CREAT, 0644));
    }
}
