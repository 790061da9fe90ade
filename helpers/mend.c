/*
 * skiff-helper mend RUNTIME NEWUIDMAP NEWGIDMAP KEEPER-UIDS KEEPER-GIDS: puts right that keeper or network holder were killed. Where containers live they get
 * successors in the same namespaces, where none does their files go. Nothing where they live. Says what it cannot, with exit code 125.
 */
#include "holder.h"
#include "keeper.h"
#include "lifeline.h"
#include "roles.h"
#include "util.h"

#include <fcntl.h>
#include <unistd.h>

static void mend_holder(const struct keeper_settings *settings, const struct keeper *keeper, int runtime)
{
    autofree char *path = xasprintf("%s/network.plan", settings->runtime);
    if (!lifeline_is_broken(runtime, "network"))
        return;
    if (lifeline_is_needed(runtime, "network") && access(path, R_OK) == 0) {
        autofree struct plan *plan = plan_read(path);
        struct holder holder = holder_acquire(plan, settings, keeper);
        char *words = NULL;
        if (holder.ready >= 0)
            holder.netns = holder_await(&holder.ready, &words);
        if (words)
            die("%s", words);
        close_fd(&holder.alive);
        close_fd(&holder.netns);
        return;
    }
    autoclose int lock = keeper_lock(runtime);
    if (lifeline_is_broken(runtime, "network") && !lifeline_is_needed(runtime, "network"))
        holder_remove(runtime, -1);
}

int role_mend(int argc, char **argv)
{
    if (argc != 1 + KEEPER_FIELDS)
        die("usage: mend RUNTIME NEWUIDMAP NEWGIDMAP KEEPER-UIDS KEEPER-GIDS");
    struct keeper_settings settings = keeper_settings_from(argv + 1);
    autoclose int runtime = open(settings.runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (runtime < 0)
        die_errno("cannot open the runtime directory %s", settings.runtime);
    /* Where nobody else needs it it ends with us, and takes its files along. */
    struct keeper keeper = keeper_acquire(&settings);
    mend_holder(&settings, &keeper, runtime);
    close_fd(&keeper.alive);
    close_fd(&keeper.userns);
    return 0;
}
