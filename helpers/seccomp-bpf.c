/*
 * The BPF of skiff-seccomp that libseccomp cannot make.
 *
 * 1. System calls younger than libseccomp. It does not know their names, and without a rule they would get the profile's
 *    default, EPERM; but programs try new calls and fall back on ENOSYS alone (glibc's fchmodat2 is the known victim).
 *    So rules for them are compiled here, by number, and what is younger than everything in the profile answers ENOSYS.
 *    runc does the like in libcontainer/seccomp/patchbpf.
 * 2. Comparisons of the low 32 bits with a set of values, which libseccomp's rules cannot say. Ids are 32 bits wide and
 *    the kernel ignores the upper half of the register, which holds whatever the caller left there.
 */
#include "seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

/*
 * The numbers that mean the same on every architecture; the first of them are of 2019. Above are ARM's private calls,
 * x32's (bit 30) and -1: none of those is "newer".
 */
enum { UNIFORM_FIRST = 403, UNIFORM_END = 0xf0000 };

/* From the kernel's scripts/syscall.tbl. */
static const struct {
	const char *name;
	int number;
	uint32_t only; /* SCMP_ARCH_* where it exists, 0 for all */
} newer[] = {
	{"uretprobe", 335, SCMP_ARCH_X86_64},
	{"cachestat", 451, 0},
	{"fchmodat2", 452, 0},
	{"map_shadow_stack", 453, 0},
	{"futex_wake", 454, 0},
	{"futex_wait", 455, 0},
	{"futex_requeue", 456, 0},
	{"statmount", 457, 0},
	{"listmount", 458, 0},
	{"lsm_get_self_attr", 459, 0},
	{"lsm_set_self_attr", 460, 0},
	{"lsm_list_modules", 461, 0},
	{"mseal", 462, 0},
	{"setxattrat", 463, 0},
	{"getxattrat", 464, 0},
	{"listxattrat", 465, 0},
	{"removexattrat", 466, 0},
	{"open_tree_attr", 467, 0},
	{"file_getattr", 468, 0},
	{"file_setattr", 469, 0},
};

int newer_syscall(const char *name, uint32_t arch_token)
{
	for (size_t i = 0; i < sizeof newer / sizeof *newer; i++)
		if (strcmp(newer[i].name, name) == 0)
			return newer[i].only == 0 || newer[i].only == arch_token ? newer[i].number : -1;
	return -1;
}

void append(struct code *code, uint16_t operation, uint8_t if_true, uint8_t if_false, uint32_t operand)
{
	if (code->length == BPF_MAXINSNS)
		die("the profile compiles to more than the %d instructions that the kernel takes", BPF_MAXINSNS);
	code->instructions[code->length++] = (struct sock_filter){operation, if_true, if_false, operand};
}

static void load(struct code *code, size_t offset)
{
	append(code, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void answer(struct code *code, uint32_t action)
{
	append(code, BPF_RET | BPF_K, 0, 0, action);
}

/* A jump with a 32-bit distance; its target is set by land() when the code in between is there. */
static unsigned int jump(struct code *code)
{
	append(code, BPF_JMP | BPF_JA, 0, 0, 0);
	return code->length - 1;
}

static void land(struct code *code, unsigned int from)
{
	code->instructions[from].k = code->length - from - 1;
}

/* Leaves the block (the returned jump) where the call is another architecture's. */
static unsigned int unless_arch(struct code *code, uint32_t audit)
{
	load(code, offsetof(struct seccomp_data, arch));
	append(code, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, audit);
	return jump(code);
}

static int number_on(const char *name, uint32_t token)
{
	int number = seccomp_syscall_resolve_name_arch(token, name);
	return number == __NR_SCMP_ERROR ? newer_syscall(name, token) : number;
}

static bool is_compiled_here(const struct rule *rule, const struct arch *arch)
{
	return seccomp_syscall_resolve_name(rule->name) == __NR_SCMP_ERROR && newer_syscall(rule->name, arch->token) >= 0;
}

/*
 * The youngest call that the profile can have known, on this architecture. What is younger answers ENOSYS, but only in
 * place of another errno: a default to allow, to kill or to tell a tracer stands. However few calls the profile lists,
 * those before UNIFORM_FIRST it left out on purpose.
 */
static uint32_t youngest(const struct program *program, const struct arch *arch)
{
	int last = UNIFORM_FIRST - 1;
	if ((program->default_action & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO)
		return UNIFORM_END - 1;
	for (unsigned int i = 0; i < program->rule_count; i++) {
		int number = number_on(program->rules[i].name, arch->token);
		if (number > last && number < UNIFORM_END)
			last = number;
	}
	return (uint32_t)last;
}

static void emit_arch_prologue(struct code *code, const struct program *program, const struct arch *arch)
{
	uint32_t last = youngest(program, arch);
	uint32_t first = last + 1;
	for (unsigned int i = 0; i < program->rule_count; i++)
		if (is_compiled_here(&program->rules[i], arch)) {
			uint32_t number = (uint32_t)newer_syscall(program->rules[i].name, arch->token);
			first = number < first ? number : first;
		}
	if (first >= UNIFORM_END)
		return;
	unsigned int other_arch = unless_arch(code, arch->audit);
	load(code, offsetof(struct seccomp_data, nr));
	append(code, BPF_JMP | BPF_JGE | BPF_K, 1, 0, first);
	unsigned int older = jump(code);
	append(code, BPF_JMP | BPF_JGE | BPF_K, 0, 1, UNIFORM_END);
	unsigned int private = jump(code);
	append(code, BPF_JMP | BPF_JGT | BPF_K, 0, 1, last);
	answer(code, SCMP_ACT_ERRNO(ENOSYS));
	for (unsigned int i = 0; i < program->rule_count; i++)
		if (is_compiled_here(&program->rules[i], arch)) {
			append(code, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (uint32_t)newer_syscall(program->rules[i].name, arch->token));
			answer(code, program->rules[i].action);
		}
	land(code, other_arch);
	land(code, older);
	land(code, private);
}

void emit_prologue(struct code *code, const struct program *program)
{
	for (unsigned int i = 0; i < program->arch_count; i++)
		if (program->arches[i].token != SCMP_ARCH_X32)
			emit_arch_prologue(code, program, &program->arches[i]);
}

static void emit_pretence(struct code *code, const struct pretence *pretence, uint32_t number)
{
	append(code, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, number);
	unsigned int other_call = jump(code);
	for (unsigned int i = 0; i < pretence->arg_count; i++) {
		unsigned int count = pretence->args[i].value_count;
		/* The low half comes first: both families that we build for are little-endian. */
		load(code, offsetof(struct seccomp_data, args) + 8 * pretence->args[i].index);
		for (unsigned int v = 0; v < count; v++)
			append(code, BPF_JMP | BPF_JEQ | BPF_K, (uint8_t)(count - v), 0, pretence->args[i].values[v]);
		answer(code, SCMP_ACT_ERRNO(0));
	}
	answer(code, pretence->arg_count > 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(0));
	land(code, other_call);
}

void emit_pretences(struct code *code, const struct program *program)
{
	for (unsigned int a = 0; a < program->arch_count; a++) {
		unsigned int other_arch = unless_arch(code, program->arches[a].audit);
		load(code, offsetof(struct seccomp_data, nr));
		for (unsigned int i = 0; i < program->pretence_count; i++) {
			int number = number_on(program->pretences[i].name, program->arches[a].token);
			if (number >= 0)
				emit_pretence(code, &program->pretences[i], (uint32_t)number);
		}
		/* x86_64 and x32 share an audit value, so a miss goes on to the next block and not to the end. */
		land(code, other_arch);
	}
	answer(code, SCMP_ACT_ALLOW);
}
