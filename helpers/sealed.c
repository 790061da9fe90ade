#include "sealed.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U /* Linux 6.3, where vm.memfd_noexec asks for it */
#endif

static int make_memory_file(void)
{
    int fd = memfd_create("skiff-helper", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create("skiff-helper", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        die_errno("cannot make a file in memory");
    return fd;
}

_Noreturn void sealed_exec(char *const arguments[])
{
    struct stat status;
    char *environment[] = { NULL };
    autoclose int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), copy = make_memory_file();
    if (self < 0 || fstat(self, &status) < 0)
        die_errno("cannot read the helper itself");
    for (off_t done = 0; done < status.st_size;)
        if (sendfile(copy, self, &done, (size_t)(status.st_size - done)) <= 0)
            die_errno("cannot copy the helper into memory");
    if (fcntl(copy, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
        die_errno("cannot seal the helper's copy");
    syscall(SYS_execveat, copy, "", arguments, environment, AT_EMPTY_PATH);
    die_errno("cannot run the helper from memory");
}
