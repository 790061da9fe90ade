/*
 * skiff-tree: tar streams to directories, as root of the user's namespace.
 *
 *   skiff-tree apply --dir DIR [--max-bytes N] [--max-entries N] [--single-uid] [--sync] [--follow N]   < layer
 *   skiff-tree decompress                                                                  < layer > plain
 *   skiff-tree pack --dir DIR [--single-uid]                                               > tar
 *   skiff-tree changes|pack-changes --upper DIR [--lower DIR]... [--hide PATH]... [--fuse] [--single-uid] [--epoch SECONDS]   > list|layer
 *   skiff-tree fetch --path PATH [--name NAME] [--in-root] [--follow] [--as-root] [--single-uid] [--hide PATH]...   > tar
 *   skiff-tree list|digest --path PATH                                                     [< paths] > list
 *   skiff-tree gather --path PATH [--owner UID:GID] [--mode OCTAL] [--epoch SECONDS] [--single-uid]   < names and paths > tar
 *   skiff-tree gzip                                                                        < log > log.gz
 *   skiff-tree gelf gzip|zlib LEVEL                                                        < messages > UDP socket
 *   skiff-tree place --path PATH [--name NAME] [--in-root] [--contents|--archive [--whole]] [--make UID:GID] [--drop-owners|--single-uid]      < tar
 *
 * Exit 0, or 1 after one line on standard error: "refused: …" when the input is hostile or damaged,
 * "failed: …" when the system said no.
 *
 * No setlocale here, on purpose: in the C locale libarchive hands over PAX names byte for byte (and warns, see
 * tree-apply.c), in a UTF-8 locale it rewrites decomposed names to composed ones.
 */
#include "tree.h"
#include "tree-changes.h"
#include "tree-copy.h"
#include "tree-gather.h"
#include "tree-log.h"
#include "tree-stream.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { SHOWN_BYTES = 200, LINE_BYTES = 2048 };

int complaints = STDERR_FILENO;
pid_t reader = 0;

_Noreturn void die(enum verdict verdict, const char *format, ...)
{
    char line[LINE_BYTES];
    if (reader > 0 && kill(reader, SIGKILL) == 0) (void)waitpid(reader, NULL, 0);
    int used = snprintf(line, sizeof line, "%s: ", verdict == REFUSED ? "refused" : "failed");
    va_list values;
    va_start(values, format);
    int more = vsnprintf(line + used, sizeof line - (size_t)used - 1, format, values);
    va_end(values);
    size_t length = strnlen(line, sizeof line - 2);
    if (more < 0) length = (size_t)used;
    line[length] = '\n';
    if (write(complaints, line, length + 1) < 0) _exit(1);
    _exit(1);
}

const char *shown(const char *name)
{
    static char results[4][4 * SHOWN_BYTES + 4];
    static unsigned turn;
    char *result = results[turn++ % 4], *out = result;
    size_t taken = 0;
    for (; name[taken] != '\0' && taken < SHOWN_BYTES; taken++) {
        unsigned char byte = (unsigned char)name[taken];
        if (byte >= 0x20 && byte < 0x7f)
            *out++ = (char)byte;
        else
            out += sprintf(out, "\\x%02x", byte);
    }
    strcpy(out, name[taken] == '\0' ? "" : "...");
    return result;
}

const char *reason(int error)
{
    static char text[128];
    snprintf(text, sizeof text, "%s", strerror(error));
    /* "Input/output error" but not "RPC …" */
    if (isupper((unsigned char)text[0]) && islower((unsigned char)text[1])) text[0] = (char)tolower((unsigned char)text[0]);
    return text;
}

static uint64_t number(const char *option, const char *text)
{
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || !isdigit((unsigned char)text[0]))
        die(FAILED, "%s takes a whole number, not %s", option, shown(text));
    return value;
}

static void apply_command(int argc, char **argv)
{
    struct apply_options options = {.max_bytes = UINT64_C(64) << 30, .max_entries = 10000000};
    static const struct option known[] = {
        {"dir", required_argument, NULL, 'd'},   {"max-bytes", required_argument, NULL, 'b'},
        {"max-entries", required_argument, NULL, 'e'}, {"single-uid", no_argument, NULL, 'u'},
        {"sync", no_argument, NULL, 's'},        {"follow", required_argument, NULL, 'f'},
        {0},
    };
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (option) {
        case 'd': options.dir = optarg; break;
        case 'f': options.follow = number("--follow", optarg); break;
        case 'b': options.max_bytes = number("--max-bytes", optarg); break;
        case 'e': options.max_entries = number("--max-entries", optarg); break;
        case 'u': options.single_uid = true; break;
        case 's': options.sync = true; break;
        default: die(FAILED, "apply does not know %s", shown(argv[optind - 1]));
        }
    }
    if (optind != argc) die(FAILED, "apply does not know %s", shown(argv[optind]));
    if (options.dir == NULL) die(FAILED, "apply needs --dir DIR");
    apply(&options);
}

static void pack_command(int argc, char **argv)
{
    static const struct option known[] = {{"dir", required_argument, NULL, 'd'}, {"single-uid", no_argument, NULL, 'u'}, {0}};
    const char *dir = NULL;
    bool single_uid = false;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (option) {
        case 'd': dir = optarg; break;
        case 'u': single_uid = true; break;
        default: die(FAILED, "pack does not know %s", shown(argv[optind - 1]));
        }
    }
    if (optind != argc) die(FAILED, "pack does not know %s", shown(argv[optind]));
    if (dir == NULL) die(FAILED, "pack needs --dir DIR");
    pack(dir, single_uid);
}

/* Options that say no more than yes, or take a text, or may come many times. */
enum option_kind { FLAG, TEXT, LIST };

struct option_place {
    const char *name;
    enum option_kind kind;
    void *to; /* bool *, const char **, or char ** with room for all of argv */
    size_t *count;
};

static void read_options(int argc, char **argv, const struct option_place *known, size_t count)
{
    for (int i = 1; i < argc; i++) {
        size_t at = 0;
        while (at < count && strcmp(argv[i], known[at].name) != 0) at++;
        if (at == count) die(FAILED, "%s does not know %s", argv[0], shown(argv[i]));
        const struct option_place *place = &known[at];
        if (place->kind != FLAG && i + 1 == argc) die(FAILED, "%s takes a value", place->name);
        switch (place->kind) {
        case FLAG: *(bool *)place->to = true; break;
        case TEXT: *(const char **)place->to = argv[++i]; break;
        case LIST: ((char **)place->to)[(*place->count)++] = argv[++i]; break;
        }
    }
}

static char **room_for(int argc)
{
    char **room = calloc((size_t)argc + 1, sizeof *room);
    if (room == NULL) die(FAILED, "out of memory");
    return room;
}

static void changes_command(int argc, char **argv, bool pack)
{
    struct changes_options options = {.pack = pack, .lower = room_for(argc), .hide = room_for(argc)};
    const struct option_place known[] = {
        {"--upper", TEXT, &options.upper, NULL},     {"--lower", LIST, options.lower, &options.lower_count},
        {"--fuse", FLAG, &options.fuse, NULL},       {"--hide", LIST, options.hide, &options.hide_count},
        {"--single-uid", FLAG, &options.single_uid, NULL}, {"--epoch", TEXT, &options.epoch, NULL},
    };
    read_options(argc, argv, known, sizeof known / sizeof *known);
    if (options.upper == NULL) die(FAILED, "%s needs --upper DIR", argv[0]);
    changes(&options);
    free(options.lower);
    free(options.hide);
}

static void fetch_command(int argc, char **argv)
{
    struct fetch_options options = {.hide = room_for(argc)};
    const struct option_place known[] = {
        {"--path", TEXT, &options.path, NULL},       {"--name", TEXT, &options.name, NULL},
        {"--in-root", FLAG, &options.in_root, NULL}, {"--follow", FLAG, &options.follow, NULL},
        {"--as-root", FLAG, &options.as_root, NULL}, {"--single-uid", FLAG, &options.single_uid, NULL},
        {"--hide", LIST, options.hide, &options.hide_count},
    };
    read_options(argc, argv, known, sizeof known / sizeof *known);
    if (options.path == NULL) die(FAILED, "fetch needs --path PATH");
    fetch(&options);
    free(options.hide);
}

static void place_command(int argc, char **argv)
{
    struct place_options place = {.name = "file"};
    struct apply_options options = {.place = &place, .max_bytes = UINT64_MAX, .max_entries = UINT64_MAX};
    const struct option_place known[] = {
        {"--path", TEXT, &place.path, NULL},       {"--name", TEXT, &place.name, NULL},
        {"--in-root", FLAG, &place.in_root, NULL}, {"--contents", FLAG, &place.contents, NULL}, {"--whole", FLAG, &place.whole, NULL},
        {"--archive", FLAG, &place.archive, NULL}, {"--drop-owners", FLAG, &options.drop, NULL},
        {"--single-uid", FLAG, &options.single_uid, NULL},
        {"--make", TEXT, &place.make, NULL},
    };
    read_options(argc, argv, known, sizeof known / sizeof *known);
    if (place.path == NULL) die(FAILED, "place needs --path PATH");
    apply(&options);
}

/* list, digest or gather */
static void gather_command(int argc, char **argv)
{
    struct gather_options options = {0};
    const struct option_place known[] = {
        {"--path", TEXT, &options.base, NULL},   {"--owner", TEXT, &options.owner, NULL},
        {"--mode", TEXT, &options.mode, NULL},   {"--epoch", TEXT, &options.epoch, NULL},
        {"--single-uid", FLAG, &options.single_uid, NULL},
    };
    bool all = strcmp(argv[0], "gather") == 0;
    read_options(argc, argv, known, all ? sizeof known / sizeof *known : 1);
    if (options.base == NULL) die(FAILED, "%s needs --path PATH", argv[0]);
    if (all)
        gather(&options);
    else if (strcmp(argv[0], "list") == 0)
        list(options.base);
    else
        digest(options.base);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_DFL);
    umask(0);
    const char *command = argc > 1 ? argv[1] : "";
    if (strcmp(command, "apply") == 0)
        apply_command(argc - 1, argv + 1);
    else if (strcmp(command, "pack") == 0)
        pack_command(argc - 1, argv + 1);
    else if (strcmp(command, "changes") == 0 || strcmp(command, "pack-changes") == 0)
        changes_command(argc - 1, argv + 1, strcmp(command, "pack-changes") == 0);
    else if (strcmp(command, "fetch") == 0)
        fetch_command(argc - 1, argv + 1);
    else if (strcmp(command, "place") == 0)
        place_command(argc - 1, argv + 1);
    else if (strcmp(command, "list") == 0 || strcmp(command, "digest") == 0 || strcmp(command, "gather") == 0)
        gather_command(argc - 1, argv + 1);
    else if (strcmp(command, "decompress") == 0 && argc == 2)
        stream_copy(STDIN_FILENO, STDOUT_FILENO, 0, NULL);
    else if (strcmp(command, "gzip") == 0 && argc == 2)
        log_gzip();
    else if (strcmp(command, "gelf") == 0 && argc == 4)
        log_gelf(argv[2], argv[3]);
    else
        die(FAILED, "usage: skiff-tree apply | decompress | pack | changes | pack-changes | fetch | place | list | digest | gather | gzip | gelf, see helpers/README.md");
    return 0;
}
