/* skiff-helper ROLE [ARGUMENT...]: the only thing that happens here is the choice of the role. */
#include "roles.h"
#include "util.h"

#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} roles[] = {
    { "launch", role_launch }, { "sandbox", role_sandbox }, { "join", role_join },
    { "attach", role_attach }, { "userns", role_userns },   { "view", role_view },
    { "visit", role_visit },
    { "rm", role_rm },         { "lock", role_lock },       { "init", role_init },
    { "spread", role_spread },
    { "copy-tree", role_copy_tree },
    { "drop-volumes", role_drop_volumes },
    { "dns", role_dns },
    { "net", role_net },
    { "mend", role_mend },
    { "port", role_port },
    { "rouse", role_rouse },
    { "rotate-events", role_rotate_events },
    { "sweep-volumes", role_sweep_volumes },
    { "probe-overlay", role_probe_overlay },
    { "probe-kernel", role_probe_kernel },
    { "probe-directory", role_probe_directory },
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof roles / sizeof *roles; i++)
        if (strcmp(argv[1], roles[i].name) == 0)
            return roles[i].run(argc - 1, argv + 1);
    die("skiff-helper serves skiff and is not meant to be run by hand");
}
