/*
 * skiff-seccomp: rule lines on stdin -> a seccomp filter (struct sock_filter[], host byte order) on stdout.
 *
 *   arch NAME                                        x86_64 x86 x32 aarch64 arm; at least one, the native one among them
 *   default ACTION                                   what happens to a call that no rule covers
 *   rule ACTION SYSCALL [ARG OP VALUE VALUE2]...     OP: ne lt le eq ge gt masked_eq (mask, value); all must hold
 *   pretend SYSCALL [ARG=VALUE[,VALUE]...]...        answers 0 unless every ARG has one of its values (low 32 bits)
 *
 *   ACTION: allow log trap kill-thread kill-process errno:N trace:N
 *
 * A program has `default` and `rule` lines, or `pretend` lines. A system call that does not exist on this architecture is
 * skipped. The same input makes the same bytes. Anything else on stdin: one line on stderr, exit 1, nothing on stdout.
 */
#include "seccomp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_LINE = 512 };

static unsigned int line_number;

_Noreturn void die(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("skiff-seccomp: ", stderr);
	if (line_number > 0)
		fprintf(stderr, "line %u: ", line_number);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void release_filter(scmp_filter_ctx *filter)
{
	if (*filter != NULL)
		seccomp_release(*filter);
}

/* The next word of the line, or NULL; words are parted by single spaces. */
static char *next_word(char **rest)
{
	char *word = strsep(rest, " ");
	if (word != NULL && *word == '\0')
		die("an empty word");
	return word;
}

static char *need_word(char **rest, const char *what)
{
	char *word = next_word(rest);
	if (word == NULL)
		die("%s is missing", what);
	return word;
}

/* An unsigned decimal number, digits only, at most `max`. */
static uint64_t parse_number(const char *word, uint64_t max)
{
	char *end = NULL;
	if (*word < '0' || *word > '9')
		die("'%.40s' is not a number", word);
	errno = 0;
	unsigned long long value = strtoull(word, &end, 10);
	if (*end != '\0' || errno != 0 || value > max)
		die("'%.40s' is not a number up to %llu", word, (unsigned long long)max);
	return value;
}

static uint32_t parse_action(const char *word)
{
	if (strcmp(word, "allow") == 0)
		return SCMP_ACT_ALLOW;
	if (strcmp(word, "log") == 0)
		return SCMP_ACT_LOG;
	if (strcmp(word, "trap") == 0)
		return SCMP_ACT_TRAP;
	if (strcmp(word, "kill-thread") == 0)
		return SCMP_ACT_KILL_THREAD;
	if (strcmp(word, "kill-process") == 0)
		return SCMP_ACT_KILL_PROCESS;
	if (strncmp(word, "errno:", 6) == 0)
		return SCMP_ACT_ERRNO((uint32_t)parse_number(word + 6, 4095));
	if (strncmp(word, "trace:", 6) == 0)
		return SCMP_ACT_TRACE((uint32_t)parse_number(word + 6, 0xffff));
	die("unknown action '%.40s'", word);
}

static enum scmp_compare parse_operator(const char *word)
{
	static const struct {
		const char *name;
		enum scmp_compare operator;
	} operators[] = {
		{"ne", SCMP_CMP_NE}, {"lt", SCMP_CMP_LT}, {"le", SCMP_CMP_LE}, {"eq", SCMP_CMP_EQ},
		{"ge", SCMP_CMP_GE}, {"gt", SCMP_CMP_GT}, {"masked_eq", SCMP_CMP_MASKED_EQ},
	};
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		if (strcmp(operators[i].name, word) == 0)
			return operators[i].operator;
	die("unknown comparison '%.40s'", word);
}

static void copy_name(char name[static 64], const char *word)
{
	if (strlen(word) > 63 || word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0')
		die("'%.40s' is not a system call's name", word);
	strcpy(name, word);
}

static void parse_arch(struct program *program, char *rest)
{
	static const struct {
		const char *name;
		struct arch arch;
	} known[] = {
		{"x86_64", {SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64}}, {"x86", {SCMP_ARCH_X86, AUDIT_ARCH_I386}},
		{"x32", {SCMP_ARCH_X32, AUDIT_ARCH_X86_64}},       {"aarch64", {SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64}},
		{"arm", {SCMP_ARCH_ARM, AUDIT_ARCH_ARM}},
	};
	const char *word = need_word(&rest, "the architecture");
	if (rest != NULL || program->arch_count == MAX_ARCHES)
		die("too many architectures");
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(known[i].name, word) == 0) {
			program->arches[program->arch_count++] = known[i].arch;
			return;
		}
	die("unknown architecture '%.40s'", word);
}

static void parse_default(struct program *program, char *rest)
{
	program->default_action = parse_action(need_word(&rest, "the default action"));
	if (rest != NULL || program->has_default)
		die("more than one default action");
	program->has_default = true;
}

static void parse_rule(struct program *program, char *rest)
{
	if (program->rule_count == MAX_RULES)
		die("more than %d rules", MAX_RULES);
	struct rule *rule = &program->rules[program->rule_count++];
	rule->action = parse_action(need_word(&rest, "the action"));
	copy_name(rule->name, need_word(&rest, "the system call"));
	for (char *word; (word = next_word(&rest)) != NULL; rule->arg_count++) {
		if (rule->arg_count == MAX_ARGS)
			die("more than %d comparisons", MAX_ARGS);
		struct scmp_arg_cmp *arg = &rule->args[rule->arg_count];
		arg->arg = (unsigned int)parse_number(word, MAX_ARGS - 1);
		arg->op = parse_operator(need_word(&rest, "the comparison"));
		arg->datum_a = parse_number(need_word(&rest, "the value"), UINT64_MAX);
		arg->datum_b = parse_number(need_word(&rest, "the second value"), UINT64_MAX);
	}
}

static void parse_pretence(struct program *program, char *rest)
{
	if (program->pretence_count == MAX_RULES)
		die("more than %d rules", MAX_RULES);
	struct pretence *pretence = &program->pretences[program->pretence_count++];
	copy_name(pretence->name, need_word(&rest, "the system call"));
	for (char *word; (word = next_word(&rest)) != NULL; pretence->arg_count++) {
		if (pretence->arg_count == MAX_ARGS)
			die("more than %d arguments", MAX_ARGS);
		char *values = word;
		unsigned int index = (unsigned int)parse_number(strsep(&values, "="), MAX_ARGS - 1);
		unsigned int count = 0;
		for (char *value; (value = strsep(&values, ",")) != NULL; count++) {
			if (count == MAX_VALUES)
				die("more than %d values", MAX_VALUES);
			pretence->args[pretence->arg_count].values[count] = (uint32_t)parse_number(value, UINT32_MAX);
		}
		if (count == 0)
			die("argument %u has no values", index);
		pretence->args[pretence->arg_count].index = index;
		pretence->args[pretence->arg_count].value_count = count;
	}
}

static void parse_line(struct program *program, char *line)
{
	char *rest = line;
	const char *kind = need_word(&rest, "the kind of line");
	if (strcmp(kind, "arch") == 0)
		parse_arch(program, rest);
	else if (strcmp(kind, "default") == 0)
		parse_default(program, rest);
	else if (strcmp(kind, "rule") == 0)
		parse_rule(program, rest);
	else if (strcmp(kind, "pretend") == 0)
		parse_pretence(program, rest);
	else
		die("unknown kind of line '%.40s'", kind);
}

static void read_program(struct program *program)
{
	char line[MAX_LINE];
	while (fgets(line, sizeof line, stdin) != NULL) {
		line_number++;
		size_t length = strlen(line);
		if (length == 0 || line[length - 1] != '\n')
			die("it is longer than %d bytes, or cut off", MAX_LINE - 2);
		line[length - 1] = '\0';
		parse_line(program, line);
	}
	line_number = 0;
	if (ferror(stdin))
		die("cannot read the rules: %s", strerror(errno));
	if (program->arch_count == 0)
		die("no architecture is given");
	if (program->has_default == (program->pretence_count > 0) || (!program->has_default && program->rule_count > 0))
		die("a program has one default and rules, or pretences");
}

static void check(int result, const char *what, const char *name)
{
	if (result < 0)
		die("cannot %s %s: %s", what, name, strerror(-result));
}

static void add_rule(scmp_filter_ctx filter, const struct program *program, const struct rule *rule)
{
	/* Libseccomp takes a rule that repeats the default for a mistake. */
	if (rule->action == program->default_action)
		return;
	int number = seccomp_syscall_resolve_name(rule->name);
	if (number != __NR_SCMP_ERROR) {
		int result = seccomp_rule_add_array(filter, rule->action, number, rule->arg_count, rule->args);
		/* The same call with another action and no arguments: the first rule stays, as with every libseccomp user. */
		if (result != -EEXIST)
			check(result, "add the rule for", rule->name);
	} else if (rule->arg_count > 0 && newer_syscall(rule->name, seccomp_arch_native()) >= 0) {
		die("cannot compare arguments of %s: it is newer than this program", rule->name);
	}
}

static scmp_filter_ctx make_filter(const struct program *program)
{
	scmp_filter_ctx filter = seccomp_init(program->default_action);
	bool has_native = false;
	if (filter == NULL)
		die("cannot start a filter: out of memory");
	/* A binary tree over the numbers: eight comparisons where the default, a list, makes three hundred. */
	check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2), "set", "the optimisation");
	for (unsigned int i = 0; i < program->arch_count; i++) {
		int result = seccomp_arch_add(filter, program->arches[i].token);
		has_native = has_native || program->arches[i].token == seccomp_arch_native();
		if (result != -EEXIST)
			check(result, "add", "an architecture");
	}
	if (!has_native)
		die("the native architecture is not among those given");
	for (unsigned int i = 0; i < program->rule_count; i++)
		add_rule(filter, program, &program->rules[i]);
	return filter;
}

/* Libseccomp writes to a file only; an anonymous one brings its program back into memory. */
static void append_filter(struct code *code, const struct program *program)
{
	__attribute__((cleanup(release_filter))) scmp_filter_ctx filter = make_filter(program);
	__attribute__((cleanup(close_fd))) int fd = memfd_create("seccomp", MFD_CLOEXEC);
	struct sock_filter instruction;
	ssize_t got;
	if (fd < 0)
		die("cannot make an anonymous file: %s", strerror(errno));
	check(seccomp_export_bpf(filter, fd), "compile", "the rules");
	if (lseek(fd, 0, SEEK_SET) < 0)
		die("cannot read the compiled rules: %s", strerror(errno));
	while ((got = read(fd, &instruction, sizeof instruction)) == sizeof instruction)
		append(code, instruction.code, instruction.jt, instruction.jf, instruction.k);
	if (got != 0)
		die("cannot read the compiled rules: %s", got < 0 ? strerror(errno) : "cut off");
}

int main(int argc, char **argv)
{
	static struct rule rules[MAX_RULES];
	static struct pretence pretences[MAX_RULES];
	static struct code code;
	struct program program = {.rules = rules, .pretences = pretences};
	(void)argv;
	if (argc != 1)
		die("it takes no arguments; rules come on stdin");
	read_program(&program);
	if (program.pretence_count > 0) {
		emit_pretences(&code, &program);
	} else {
		emit_prologue(&code, &program);
		append_filter(&code, &program);
	}
	if (fwrite(code.instructions, sizeof *code.instructions, code.length, stdout) != code.length || fflush(stdout) != 0)
		die("cannot write the program: %s", strerror(errno));
	return 0;
}
