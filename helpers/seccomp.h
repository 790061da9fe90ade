/* Shared by the parts of skiff-seccomp: the rules as read from stdin, and the BPF that libseccomp does not make. */
#ifndef SKIFF_SECCOMP_H
#define SKIFF_SECCOMP_H

#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_ARCHES = 4, MAX_ARGS = 6, MAX_VALUES = 4, MAX_RULES = 8192 };

struct arch {
	uint32_t token; /* SCMP_ARCH_*, tells x32 from x86_64 */
	uint32_t audit; /* seccomp_data.arch, does not */
};

/* One line `rule`: what happens to a system call whose arguments compare true. */
struct rule {
	uint32_t action;
	char name[64];
	unsigned int arg_count;
	struct scmp_arg_cmp args[MAX_ARGS];
};

/* One line `pretend`: the call answers 0 and is not made, unless every argument named has one of its values. */
struct pretence {
	char name[64];
	unsigned int arg_count;
	struct {
		unsigned int index;
		unsigned int value_count;
		uint32_t values[MAX_VALUES];
	} args[MAX_ARGS];
};

struct program {
	uint32_t default_action;
	bool has_default;
	unsigned int arch_count, rule_count, pretence_count;
	struct arch arches[MAX_ARCHES];
	struct rule *rules;
	struct pretence *pretences;
};

/* A BPF program under construction; append() dies beyond the kernel's BPF_MAXINSNS. */
struct code {
	unsigned int length;
	struct sock_filter instructions[BPF_MAXINSNS];
};

_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
void append(struct code *code, uint16_t operation, uint8_t if_true, uint8_t if_false, uint32_t operand);

/* The number of a system call that is younger than the libseccomp we are built with, or -1. */
int newer_syscall(const char *name, uint32_t arch_token);

/* What goes before libseccomp's own program: rules for newer calls, and ENOSYS for calls newer than the profile. */
void emit_prologue(struct code *code, const struct program *program);

/* The whole program for `pretend` lines. */
void emit_pretences(struct code *code, const struct program *program);

#endif
