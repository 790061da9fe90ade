#include "terminal.h"
#include "util.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved;
static bool is_raw;

void terminal_restore(void)
{
    if (is_raw)
        tcsetattr(0, TCSADRAIN, &saved);
    is_raw = false;
}

void terminal_raw(void)
{
    struct termios raw;
    if (tcgetattr(0, &raw) < 0)
        return;
    if (!is_raw)
        saved = raw;
    cfmakeraw(&raw);
    if (tcsetattr(0, TCSADRAIN, &raw) == 0 && !is_raw) {
        is_raw = true;
        atexit(terminal_restore);
    }
}

bool terminal_size(uint16_t size[2])
{
    struct winsize window;
    for (int fd = 0; fd < 3; fd++)
        if (ioctl(fd, TIOCGWINSZ, &window) == 0) {
            size[0] = window.ws_row;
            size[1] = window.ws_col;
            return true;
        }
    return false;
}

/* "ctrl-p" and the like: @ to _ and a to z are what a terminal can send with Ctrl. */
static int parse_key(const char *word)
{
    if (word[0] && !word[1])
        return (unsigned char)word[0];
    if (strncmp(word, "ctrl-", 5) != 0 || !word[5] || word[6])
        return -1;
    char c = word[5];
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 1;
    return c >= '@' && c <= '_' ? c - '@' : -1;
}

struct detach_keys detach_keys_parse(const char *text)
{
    struct detach_keys keys = { .count = 0 };
    autofree char *copy = xasprintf("%s", text);
    char *save = NULL;
    for (char *word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
        int key = parse_key(word);
        if (key < 0 || keys.count == MAXIMUM_KEYS)
            die("bad --detach-keys '%s': give up to %d letters or ctrl-<letter>, separated by commas", text, MAXIMUM_KEYS);
        keys.keys[keys.count++] = (unsigned char)key;
    }
    return keys;
}

/* How many of the keys are matched after `c`, which did not go on with the first `matched`: like the failure links of Knuth, Morris and Pratt. */
static size_t fall_back(const struct detach_keys *keys, size_t matched, unsigned char c)
{
    for (size_t shorter = matched; shorter > 0; shorter--) {
        size_t start = matched - shorter + 1;
        if (memcmp(keys->keys, keys->keys + start, shorter - 1) == 0 && keys->keys[shorter - 1] == c)
            return shorter;
    }
    return 0;
}

bool detach_keys_filter(struct detach_keys *keys, const unsigned char *data, size_t size, unsigned char *out, size_t *length)
{
    *length = 0;
    for (size_t i = 0; i < size; i++) {
        if (keys->count && data[i] == keys->keys[keys->matched]) {
            if (++keys->matched == keys->count) {
                keys->matched = 0;
                return true;
            }
            continue;
        }
        size_t kept = keys->count ? fall_back(keys, keys->matched, data[i]) : 0;
        size_t released = keys->matched + 1 - kept;
        for (size_t k = 0; k < released; k++)
            out[(*length)++] = k < keys->matched ? keys->keys[k] : data[i];
        keys->matched = kept;
    }
    return false;
}
