/* What is kept of a program's words, and what is made of a record of the plan. */
#include "check.h"
#include "util.h"
#include "volume-mount.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void take(struct volume_words *words, const char *text, size_t length)
{
    int ends[2];
    check(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    check(write(ends[1], text, length) == (ssize_t)length);
    check(volume_words_take(words, ends[0]));
    close(ends[1]);
    check(!volume_words_take(words, ends[0]));
    close(ends[0]);
}

static void last_is(const char *text, const char *wanted)
{
    struct volume_words words = { .length = 0 };
    take(&words, text, strlen(text));
    autofree char *last = volume_words_last(&words);
    check_text(last, wanted);
}

static void long_ones(void)
{
    struct volume_words words = { .length = 0 };
    char noise[3000];
    memset(noise, 'x', sizeof noise);
    take(&words, noise, sizeof noise);
    check(words.length == sizeof words.text);
    take(&words, "\nthe end\n", 9);
    check(words.length == sizeof words.text);
    autofree char *last = volume_words_last(&words);
    check(strlen(last) < sizeof words.text + 8 && strcmp(last + strlen(last) - 9, "; the end") == 0);
    take(&words, "\0\0\n", 3);
    autofree char *same = volume_words_last(&words);
    check(strstr(same, "the end"));
}

static struct record record_of(char **fields)
{
    struct record record = { 0, fields };
    while (fields[record.count])
        record.count++;
    return record;
}

static void wishes(void)
{
    char *fuse[] = { "volume", "n", "/d", "/t", "fuse", "7", "allow_other", "h:/p", "fuse.sshfs", "fd", "2", "A=1", "B=2", "/usr/bin/sshfs", "-f", "h:/p", "/dev/fd/3", NULL };
    struct record record = record_of(fuse);
    struct volume_wish wish = volume_wish_from(&record);
    check(wish.kind == VOLUME_FUSE && wish.hands_fuse && wish.flags == 7);
    check_text(wish.source, "h:/p");
    check_text(wish.type, "fuse.sshfs");
    check_text(wish.program.environment[1], "B=2");
    check(!wish.program.environment[2]);
    check_text(wish.program.arguments[0], "/usr/bin/sshfs");
    check_text(wish.program.arguments[3], "/dev/fd/3");
    check(!wish.program.arguments[4]);
    free(wish.program.environment);
    free(wish.program.arguments);
}

/* A plan that was damaged ends the process; it is never read beyond its end. */
static void dies(char **fields)
{
    struct record record = record_of(fields);
    pid_t pid = fork();
    int status = 0;
    check(pid >= 0);
    if (pid == 0) {
        null_stdio(7);
        volume_wish_from(&record);
        _exit(0);
    }
    check(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIFF);
}

int main(void)
{
    last_is("", "it gave no reason");
    last_is("\n \n..\n", "it gave no reason");
    last_is("one", "one");
    last_is("one\ntwo\n", "one; two");
    last_is("zero\none.\n\n  \ntwo.\r\n", "one; two");
    last_is("a\033[2Jb\n", "a?[2Jb");
    long_ones();
    wishes();
    dies((char *[]){ "volume", "n", "/d", "/t", "fuse", "7", "", "s", "t", "fd", "2", "A=1", "/usr/bin/x", NULL });
    dies((char *[]){ "volume", "n", "/d", "/t", "fuse", "7", "", "s", "t", "fd", "9999", "/usr/bin/x", NULL });
    dies((char *[]){ "volume", "n", "/d", "/t", "fuse", "-1", "", "s", "t", "fd", "0", "/usr/bin/x", NULL });
    dies((char *[]){ "volume", "n", "/d", "/t", "fuse", "7", "", "s", "t", "fd", "0", "sshfs", NULL });
    dies((char *[]){ "volume", "n", "/d", "/t", "after", "0", NULL });
    dies((char *[]){ "volume", "n", "/d", "/t", "after", NULL });
    dies((char *[]){ "volume", "n", "/d", "/t", "tmpfs", "6", "", "more", NULL });
    return 0;
}
