/*
 * For test/unit/seccomp-*: installs the filters (files of struct sock_filter, in order) and makes one system call under
 * them.  seccomp-probe FILTER... -- NUMBER [ARG...]   ARG: a number, or a path (begins with '/').
 * Prints "ok" or the errno's number.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void install(const char *path)
{
	static struct sock_filter instructions[BPF_MAXINSNS];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, instructions, sizeof instructions);
	if (size <= 0) {
		perror(path);
		exit(2);
	}
	close(fd);
	struct sock_fprog program = {.len = (unsigned short)((size_t)size / sizeof *instructions), .filter = instructions};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
		perror("seccomp");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	long values[7] = {0};
	int i = 1;
	for (; i < argc && strcmp(argv[i], "--") != 0; i++)
		install(argv[i]);
	for (int n = 0; n < 7 && i + 1 + n < argc; n++) {
		const char *word = argv[i + 1 + n];
		values[n] = word[0] == '/' ? (long)word : strtol(word, NULL, 0);
	}
	long result = syscall(values[0], values[1], values[2], values[3], values[4], values[5], values[6]);
	if (result < 0)
		printf("%d\n", errno);
	else
		puts("ok");
	return 0;
}
