/* The detach keys: how they are written, and finding them in what is typed, however it is cut into pieces. */
#include "terminal.h"
#include "check.h"

#include <sys/wait.h>
#include <unistd.h>

/* Types `text` in pieces of `piece` bytes; what is passed on goes to `out`. Returns how many bytes were typed until the keys were complete, or -1. */
static int type(const char *keys, const char *text, size_t piece, char *out)
{
    struct detach_keys state = detach_keys_parse(keys);
    size_t size = strlen(text), written = 0;
    for (size_t at = 0; at < size; at += piece) {
        size_t now = size - at < piece ? size - at : piece, length = 0;
        unsigned char *passed = malloc(now + MAXIMUM_KEYS);
        bool complete = detach_keys_filter(&state, (const unsigned char *)text + at, now, passed, &length);
        memcpy(out + written, passed, length);
        written += length;
        free(passed);
        out[written] = 0;
        if (complete)
            return (int)(at + now);
    }
    return -1;
}

static void types(const char *keys, const char *text, int complete_at, const char *passed)
{
    char out[256] = "";
    for (size_t piece = 1; piece <= strlen(text); piece++) {
        int at = type(keys, text, piece, out);
        check((at >= 0) == (complete_at >= 0));
        check_text(out, passed);
        if (piece == 1)
            check(at == complete_at);
    }
}

static void test_keys(void)
{
    types("ctrl-p,ctrl-q", "plain text", -1, "plain text");
    types("ctrl-p,ctrl-q", "ab\x10\x11", 4, "ab");
    types("ctrl-p,ctrl-q", "a\x10z", -1, "a\x10z");
    types("ctrl-p,ctrl-q", "a\x10", -1, "a"); /* held back: the next key decides */
    types("ctrl-p,ctrl-q", "\x10\x10\x11", 3, "\x10");
    types("a", "xya", 3, "xy");
    types("a,b,c", "ababc", 5, "ab");
    types("a,a,b", "aaaab", 5, "aa");
    types("a,a,a", "aab", -1, "aab");
    types("a,b,a,b,c", "abababc", 7, "ab");
    types("a,b,a,c", "ababac", 6, "ab");
    types("ctrl-@,ctrl-_,ctrl-[", "x\x1f\x1b", -1, "x\x1f\x1b");
    types("", "anything \x10\x11", -1, "anything \x10\x11");
}

/* Whether the notation is refused; dying ends a child. */
static bool refused(const char *keys)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        close(2);
        detach_keys_parse(keys);
        _exit(0);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 125;
}

static void test_notation(void)
{
    check(!refused("a,b,ctrl-z,ctrl-]") && !refused("1,?,~") && !refused("a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a"));
    check(refused("a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a"));
    check(refused("ctrl-") && refused("ctrl-aa") && refused("ctrl-?") && refused("ctrl-1") && refused("ab") && refused("alt-a"));
}

int main(void)
{
    test_keys();
    test_notation();
    return 0;
}
