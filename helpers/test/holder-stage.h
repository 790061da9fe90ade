/* A runtime directory with keeper, network holder and a slirp4netns of ours (fake-slirp.h), which is the test itself. As an ordinary user, with one id. */
#ifndef SKIFF_TEST_HOLDER_STAGE_H
#define SKIFF_TEST_HOLDER_STAGE_H

#include "holder.h"
#include "keeper.h"

#include <stdbool.h>
#include <sys/types.h>

struct both {
    struct keeper keeper;
    struct holder holder;
};

extern char runtime[], log_path[];

/* First and last in main(); never returns where the program is to be slirp4netns. */
void stage_begin(int argc, char **argv);
void stage_end(void);

/* As launch and monitor do it, with this mode of fake_slirp(). */
struct both acquire(const char *mode);
void let_go(struct both *both);

/* A path in the runtime directory, to be freed. */
char *path_of(const char *name);
/* How often `what` stands in the log. */
size_t told(char what);
/* Half a minute. */
bool wait_until(bool (*holds)(void));
ino_t inode(int fd);
/* The process that a pid file of the runtime directory names. */
pid_t pid_in(const char *name);
/* With SIGKILL; until it is gone. */
void kill_one(const char *name);
/* The one that keeps slirp4netns for the holder, or slirp4netns itself of that; 0 for none. */
pid_t companion_of(pid_t holder);
/* With the one that would take its place at once. */
void kill_holder(void);
/* Neither keeper nor holder has left a file. */
bool is_clean(void);
bool has_egress(int netns);
/* A tap goes with the process that has it; ours is a bridge. */
void take_tap_away(int netns);
/* has_egress() of this one, for wait_until(). */
extern int netns_looked_at;
bool is_out(void);

#endif
