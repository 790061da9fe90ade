/* Cgroups: what the kernel's texts say. What only a cgroup tree can show is tested in the virtual machine (test/vm/limits). */
#include "check.h"
#include "cgroup.h"
#include "util.h"

static void test_path(void)
{
    autofree char *pure = cgroup_path_in("0::/user.slice/a b.scope\n"), *hybrid = cgroup_path_in("12:memory:/x\n1:name=systemd:/y\n0::/z\n"), *root = cgroup_path_in("0::/\n"),
                  *old = cgroup_path_in("12:memory:/x\n10::/y\n"), *cut = cgroup_path_in("0::/a");
    check_text(pure, "/sys/fs/cgroup/user.slice/a b.scope");
    check_text(hybrid, "/sys/fs/cgroup/z");
    check_text(root, "/sys/fs/cgroup");
    check_text(cut, "/sys/fs/cgroup/a");
    check(old == NULL);
}

static void test_counter(void)
{
    const char *events = "low 0\nhigh 0\nmax 12\noom 4\noom_kill 3\noom_group_kill 0\n";
    check(cgroup_counter(events, "oom") == 4);
    check(cgroup_counter(events, "oom_kill") == 3);
    check(cgroup_counter(events, "kill") == 0);
    check(cgroup_counter("", "oom") == 0);
    check(cgroup_counter("populated 1\nfrozen 1", "frozen") == 1);
}

int main(void)
{
    test_path();
    test_counter();
    return 0;
}
