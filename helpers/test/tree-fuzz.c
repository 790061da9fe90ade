/* libFuzzer: whatever name an archive has, what path_parse accepts stays beneath the directory. */
#include "tree-path.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int complaints = STDERR_FILENO;

_Noreturn void die(enum verdict verdict, const char *format, ...)
{
    (void)verdict, (void)format;
    abort();
}

const char *shown(const char *name) { return name; }

const char *reason(int error)
{
    (void)error;
    return "";
}

static void must(bool holds)
{
    if (!holds) __builtin_trap();
}

/* The promises of path_parse, checked the slow way. */
static void check_parsed(const struct path *path)
{
    size_t length = strlen(path->text);
    must(length < PATH_BYTES && path->text[0] != '/');
    must(length == 0 || path->text[length - 1] != '/');
    must(strstr(path->text, "//") == NULL);
    must(path->name >= path->text && strchr(path->name, '/') == NULL && path->name + strlen(path->name) == path->text + length);
    must(path->name == path->text ? path->parent == 0 : path->parent + 1 == (size_t)(path->name - path->text));
    char copy[PATH_BYTES];
    strcpy(copy, path->text);
    for (char *state = NULL, *part = strtok_r(copy, "/", &state); part != NULL; part = strtok_r(NULL, "/", &state)) {
        must(strcmp(part, ".") != 0 && strcmp(part, "..") != 0 && strlen(part) < NAME_BYTES);
        bool is_last = part + strlen(part) == copy + length;
        must(is_last || strncmp(part, ".wh.", 4) != 0);
    }
    struct path again;
    if (length > 0) must(path_parse(path->text, &again) == NULL && strcmp(again.text, path->text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *raw = malloc(size + 1);
    if (raw == NULL) return 0;
    memcpy(raw, data, size);
    raw[size] = '\0';
    struct path path;
    if (path_parse(raw, &path) == NULL) {
        check_parsed(&path);
        const char *hidden = NULL;
        if (whiteout_kind(path.name, &hidden) == WHITEOUT) {
            must(hidden[0] != '\0' && strcmp(hidden, ".") != 0 && strcmp(hidden, "..") != 0 && strncmp(hidden, ".wh.", 4) != 0);
            must(strchr(hidden, '/') == NULL && strlen(hidden) < NAME_BYTES);
        }
    }
    free(raw);
    return 0;
}
