/* The restart policies: which end is followed by another run, and when. */
#include "restart.h"
#include "check.h"

static struct restart_policy policy(const char *name, const char *maximum)
{
    struct restart_policy policy;
    check(restart_parse(&policy, name, maximum));
    return policy;
}

static void test_names(void)
{
    struct restart_policy out;
    check(policy("no", "0").kind == RESTART_NO);
    check(policy("unless-stopped", "0").kind == RESTART_UNLESS_STOPPED);
    check(policy("on-failure", "7").maximum == 7);
    check(policy("on-failure", "-7").maximum == 0);
    check(policy("on-failure", "99999999999999999999").maximum == 0);
    check(!restart_parse(&out, "sometimes", "0"));
    check(!restart_parse(&out, "", ""));
}

static void test_due(void)
{
    struct restart_policy no = policy("no", "0"), always = policy("always", "0"), forever = policy("on-failure", "0"), twice = policy("on-failure", "2");
    check(!restart_is_due(&no, 1, 0));
    check(restart_is_due(&always, 0, 1000));
    check(!restart_is_due(&forever, 0, 0));
    check(restart_is_due(&forever, 137, 1000));
    check(restart_is_due(&twice, 1, 1));
    check(!restart_is_due(&twice, 1, 2));
}

static void test_delay(void)
{
    long long delay = 0, sum = 0;
    for (int i = 0; i < 4; i++)
        sum += delay = restart_delay(delay, 5);
    check(sum == 100 + 200 + 400 + 800);
    for (int i = 0; i < 40; i++)
        delay = restart_delay(delay, 5);
    check(delay == RESTART_LONGEST);
    check(restart_delay(delay, RESTART_LASTING) == RESTART_SHORTEST);
    check(restart_delay(delay, RESTART_LASTING - 1) == RESTART_LONGEST);
}

int main(void)
{
    test_names();
    test_due();
    test_delay();
    return 0;
}
