/*
 * The program of the built-in image `hello`: says what kind of box it finds itself in.
 *
 * It reads only /proc/self, a line at a time into fixed buffers, and believes nothing: any file may be missing or hold
 * anything. Exit 0, or 1 when stdout cannot be written.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { LINE = 1024, MOUNTS_SHOWN = 16, RANGES_SHOWN = 6, INTERFACES_SHOWN = 4, POINT = 42 };

static void close_file(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

#define FILE_AUTO __attribute__((cleanup(close_file))) FILE *

/* The next line without its newline; what does not fit the buffer is thrown away. False at the end. */
static bool next_line(FILE *file, char line[static LINE])
{
	if (fgets(line, LINE, file) == NULL)
		return false;
	size_t length = strcspn(line, "\n");
	if (line[length] != '\n')
		for (int c; (c = getc(file)) != EOF && c != '\n';)
			;
	line[length] = '\0';
	return true;
}

/* Prints at most `width` bytes; what could move a terminal's cursor comes out as '?'. */
static void put(const char *text, size_t width)
{
	for (; *text != '\0' && width > 0; text++, width--)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

static void label(const char *name)
{
	printf("  %-13s ", name);
}

static FILE *open_proc(const char *path)
{
	FILE *file = fopen(path, "re");
	if (file == NULL)
		printf("(no %s here: %s)\n", path, strerror(errno));
	return file;
}

/* "0-0 in here = 1000-1000 outside" for each line of uid_map(5) or gid_map. */
static void show_id_map(const char *name, const char *path)
{
	char line[LINE];
	unsigned int shown = 0;
	label(name);
	FILE_AUTO file = open_proc(path);
	if (file == NULL)
		return;
	while (shown < RANGES_SHOWN && next_line(file, line)) {
		char *rest = line;
		uint32_t inside = (uint32_t)strtoul(rest, &rest, 10);
		uint32_t outside = (uint32_t)strtoul(rest, &rest, 10);
		uint32_t size = (uint32_t)strtoul(rest, &rest, 10);
		if (size == 0)
			continue;
		if (shown++ > 0)
			label("");
		if (size == 1)
			printf("%u in here is %u outside\n", inside, outside);
		else
			printf("%u to %u in here are %u to %u outside\n", inside, inside + size - 1, outside, outside + size - 1);
	}
	if (shown == 0)
		puts("nobody is mapped");
}

static void show_namespaces(void)
{
	static const char *const kinds[] = {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"};
	unsigned int shown = 0;
	label("namespaces");
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		char path[64], target[64];
		snprintf(path, sizeof path, "/proc/self/ns/%s", kinds[i]);
		ssize_t length = readlink(path, target, sizeof target - 1);
		if (length <= 0)
			continue;
		target[length] = '\0';
		const char *bracket = strchr(target, '[');
		const char *id = bracket == NULL ? target : bracket + 1;
		if (shown > 0 && shown % 4 == 0) {
			putchar('\n');
			label("");
		} else if (shown > 0) {
			fputs("  ", stdout);
		}
		printf("%-6s ", kinds[i]);
		put(id, strcspn(id, "]"));
		shown++;
	}
	puts(shown == 0 ? "(no /proc/self/ns here)" : "");
}

static unsigned int count_bits(uint64_t bits)
{
	unsigned int count = 0;
	for (; bits != 0; bits &= bits - 1)
		count++;
	return count;
}

/* The number of a "Name:<tab>number" line, when it is that line. (sscanf would double the size of this program.) */
static void take_number(const char *line, const char *name, int base, uint64_t *number)
{
	size_t length = strlen(name);
	if (strncmp(line, name, length) == 0)
		*number = strtoull(line + length, NULL, base);
}

static void show_confinement(void)
{
	char line[LINE];
	label("confinement");
	FILE_AUTO file = open_proc("/proc/self/status");
	if (file == NULL)
		return;
	uint64_t effective = 0, no_new_privileges = 0, seccomp = 0, filters = 0;
	while (next_line(file, line)) {
		take_number(line, "CapEff:", 16, &effective);
		take_number(line, "NoNewPrivs:", 10, &no_new_privileges);
		take_number(line, "Seccomp:", 10, &seccomp);
		take_number(line, "Seccomp_filters:", 10, &filters);
	}
	printf("CapEff %016llx: %u of the kernel's capabilities\n", (unsigned long long)effective, count_bits(effective));
	label("");
	if (seccomp == 2)
		printf("Seccomp 2: system calls pass %u filter%s\n", (unsigned int)filters, filters == 1 ? "" : "s");
	else
		printf("Seccomp %u: %s\n", (unsigned int)seccomp, seccomp == 0 ? "system calls are not filtered" : "strict mode");
	label("");
	printf("NoNewPrivs %u: setuid programs %s\n", (unsigned int)no_new_privileges, no_new_privileges == 0 ? "work in here" : "gain nothing");
}

/* The point where field `number` of a space-separated line starts, or NULL. */
static char *field(char *line, unsigned int number)
{
	for (; line != NULL && number > 0; number--) {
		line = strchr(line, ' ');
		if (line != NULL)
			line++;
	}
	return line;
}

/* mountinfo, proc(5): "id parent dev root POINT OPTIONS optional... - TYPE source super". */
static bool show_mount(char *line)
{
	char *point = field(line, 4), *options = field(line, 5);
	char *type = options;
	while (type != NULL && strncmp(type, "- ", 2) != 0)
		type = field(type, 1);
	type = field(type, 1);
	if (type == NULL)
		return false;
	size_t length = strcspn(point, " ");
	put(point, length <= POINT ? length : POINT - 3);
	if (length > POINT)
		fputs("...", stdout);
	for (; length < POINT; length++)
		putchar(' ');
	bool read_only = strncmp(options, "ro", 2) == 0 && (options[2] == ',' || options[2] == ' ');
	printf(" %s  ", read_only ? "ro" : "rw");
	size_t type_length = strcspn(type, " ");
	put(type, type_length < 18 ? type_length : 18);
	putchar('\n');
	return true;
}

static void show_mounts(void)
{
	char line[LINE];
	unsigned int shown = 0, more = 0;
	label("mounts");
	FILE_AUTO file = open_proc("/proc/self/mountinfo");
	if (file == NULL)
		return;
	while (next_line(file, line)) {
		if (shown == MOUNTS_SHOWN) {
			more++;
			continue;
		}
		if (shown > 0)
			label("");
		if (show_mount(line))
			shown++;
	}
	if (shown == 0)
		puts("none");
	if (more > 0) {
		label("");
		printf("and %u more\n", more);
	}
}

static void show_interfaces(void)
{
	char line[LINE];
	unsigned int shown = 0, more = 0;
	label("network");
	FILE_AUTO file = open_proc("/proc/self/net/dev");
	if (file == NULL)
		return;
	/* Two lines of headings, then "  name: counters". */
	while (next_line(file, line)) {
		char *colon = strchr(line, ':');
		if (colon == NULL)
			continue;
		*colon = '\0';
		if (shown == INTERFACES_SHOWN) {
			more++;
			continue;
		}
		if (shown++ > 0)
			fputs(", ", stdout);
		put(line + strspn(line, " "), 15);
	}
	if (more > 0)
		printf(" and %u more", more);
	puts(shown == 0 ? "no interfaces" : "");
}

static void show_identity(void)
{
	struct utsname system;
	label("process");
	printf("pid %d, uid %u, gid %u\n", (int)getpid(), (unsigned int)getuid(), (unsigned int)getgid());
	show_id_map("users", "/proc/self/uid_map");
	show_id_map("groups", "/proc/self/gid_map");
	if (uname(&system) != 0)
		return;
	label("host name");
	put(system.nodename, 60);
	putchar('\n');
	label("kernel");
	put(system.sysname, 20);
	putchar(' ');
	put(system.release, 40);
	putchar('\n');
}

int main(void)
{
	puts("Hello from a container!\n\n"
	     "Skiff unpacked an image, made namespaces that belong to you alone, and started\n"
	     "this program in them: without root, and with no daemon. What it sees:\n");
	show_identity();
	show_namespaces();
	show_confinement();
	show_mounts();
	show_interfaces();
	puts("\nTo try next:\n"
	     "  skiff run --rm -it --rootfs / sh     a shell in a throw-away copy of this host\n"
	     "  skiff run --help                     everything that a container can be given");
	return fflush(stdout) == 0 && ferror(stdout) == 0 ? 0 : 1;
}
