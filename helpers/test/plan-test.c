/* The plan parser: what is a plan, what is not, and how its records are found. */
#include "plan.h"
#include "check.h"

/* Parses a literal whose NULs are all significant. */
#define parse(literal) parse_bytes("" literal, sizeof literal - 1)

static struct plan *parse_bytes(const char *bytes, size_t size)
{
    /* Exactly as long as the contract says, so that the sanitizer sees any read beyond it. */
    char *text = malloc(size ? size : 1);
    memcpy(text, bytes, size);
    struct plan *plan = plan_parse(text, size);
    if (!plan)
        free(text);
    return plan;
}

static void forget(struct plan *plan)
{
    /* The first field lies behind the first number, "1\0", at the very beginning of the text. */
    free(plan->records[0].fields[0] - 2);
    free(plan);
}

static void test_records(void)
{
    struct plan *plan = parse("1\0skiff-plan-1\0" "2\0id\0abc\0" "1\0tty\0" "3\0env\0\0A=b\0" "2\0id\0second\0");
    check(plan && plan->count == 5);
    check_text(plan_text(plan, "id", NULL), "abc");
    check_text(plan_text(plan, "absent", "otherwise"), "otherwise");
    check(plan_text(plan, "absent", NULL) == NULL);
    check(plan_flag(plan, "tty") && !plan_flag(plan, "stdin") && !plan_flag(plan, "tt"));
    const struct record *record = plan_find(plan, "env", 2);
    check(record && record->count == 3);
    check_text(record->fields[1], "");
    check_text(record->fields[2], "A=b");
    forget(plan);
}

static void test_many_records(void)
{
    size_t size = 0;
    char *text = malloc(1 << 16);
    size += (size_t)sprintf(text, "1%cskiff-plan-1%c", 0, 0);
    for (int i = 0; i < 1000; i++)
        size += (size_t)sprintf(text + size, "2%carg%c%d%c", 0, 0, i, 0);
    struct plan *plan = plan_parse(text, size);
    check(plan && plan->count == 1001);
    check_text(plan->records[1000].fields[1], "999");
    forget(plan);
}

static void test_refusals(void)
{
    check(!parse(""));
    check(!parse("\0"));
    check(!parse("1\0skiff-plan-2\0"));
    check(!parse("1\0skiff-plan-1"));                       /* the last field is not ended */
    check(!parse("1\0skiff-plan-1\0" "2\0id\0"));           /* too few fields */
    check(!parse("1\0skiff-plan-1\0" "0\0"));               /* a record without a name */
    check(!parse("1\0skiff-plan-1\0" "-1\0id\0"));
    check(!parse("1\0skiff-plan-1\0" "1x\0id\0"));
    check(!parse("1\0skiff-plan-1\0" "\0id\0"));
    check(!parse("1\0skiff-plan-1\0" "99999\0id\0"));       /* more fields than bytes */
    check(!parse("1\0skiff-plan-1\0" "100001\0id\0"));
    check(!parse("1\0skiff-plan-1\0" "18446744073709551617\0id\0"));
    check(!parse("1\0id\0" "1\0skiff-plan-1\0"));
}

int main(void)
{
    test_records();
    test_many_records();
    test_refusals();
    return 0;
}
