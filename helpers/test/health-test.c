/* Docker's rules of health checks, on a clock of our own. */
#include "check.h"
#include "health.h"

#include <limits.h>

static struct health fresh(struct health_settings settings)
{
    struct health health = { .settings = settings };
    health_start(&health, 1000);
    return health;
}

static const struct health_settings usual = { .interval = 30000, .start_interval = 5000, .start_period = 0, .timeout = 30000, .retries = 3 };
static const struct health_settings slow_starter = { .interval = 30000, .start_interval = 5000, .start_period = 60000, .timeout = 30000, .retries = 2 };

static void test_a_success_is_enough(void)
{
    struct health health = fresh(usual);
    check_text(health_name(health.status), "starting");
    check(health_next(&health, 1000) == 31000);
    check(health_take(&health, 31000, true));
    check_text(health_name(health.status), "healthy");
    check(!health_take(&health, 61000, true));
}

static void test_failures_in_a_row(void)
{
    struct health health = fresh(usual);
    check(!health_take(&health, 2000, false) && !health_take(&health, 3000, false));
    check(health.streak == 2 && health.status == HEALTH_STARTING);
    check(health_take(&health, 4000, false));
    check_text(health_name(health.status), "unhealthy");
    check(!health_take(&health, 5000, false) && health.streak == 4);
    check(health_take(&health, 6000, true) && health.streak == 0 && health.status == HEALTH_HEALTHY);
    check(!health_take(&health, 7000, false) && !health_take(&health, 8000, false) && health.status == HEALTH_HEALTHY);
    check(health_take(&health, 9000, false) && health.status == HEALTH_UNHEALTHY);
}

static void test_the_start_period(void)
{
    struct health health = fresh(slow_starter);
    for (long long now = 1000; now < 61000; now += 5000) {
        check(health_next(&health, now) == now + 5000);
        check(!health_take(&health, now, false) && health.streak == 0);
    }
    check(health_next(&health, 61000) == 91000);
    /* It counts when a check began, not when it ended. */
    check(!health_take(&health, 60999, false) && health.streak == 0);
    check(!health_take(&health, 61000, false) && health.streak == 1);
    check(health_take(&health, 61001, false) && health.status == HEALTH_UNHEALTHY);
}

static void test_a_success_ends_the_start_period(void)
{
    struct health health = fresh(slow_starter);
    check(health_take(&health, 2000, true));
    check(health_next(&health, 2000) == 32000);
    check(!health_take(&health, 3000, false) && health.streak == 1);
    check(health_take(&health, 4000, false) && health.status == HEALTH_UNHEALTHY);
}

static void test_it_begins_anew(void)
{
    struct health health = fresh(slow_starter);
    health_take(&health, 2000, true);
    health_take(&health, 3000, false);
    health_suspend(&health);
    check_text(health_name(health.status), "unhealthy");
    check(health_next(&health, 4000) == 34000);
    health_start(&health, 500000);
    check(health.status == HEALTH_STARTING && health.streak == 0);
    check(!health_take(&health, 559999, false) && health.streak == 0);
}

static void test_no_number_overflows(void)
{
    struct health health = fresh((struct health_settings){ .interval = LLONG_MAX, .start_interval = LLONG_MAX, .start_period = LLONG_MAX, .timeout = 1, .retries = INT_MAX });
    check(health_next(&health, 1000) == LLONG_MAX);
    health.settings.start_period = 0;
    health.streak = INT_MAX;
    check(health_take(&health, 1000, false) && health.streak == INT_MAX);
}

int main(void)
{
    test_a_success_is_enough();
    test_failures_in_a_row();
    test_the_start_period();
    test_a_success_ends_the_start_period();
    test_it_begins_anew();
    test_no_number_overflows();
    return 0;
}
