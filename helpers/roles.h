/* The roles of skiff-helper: one program, because a small one that is shared in memory costs less than many. */
#ifndef SKIFF_ROLES_H
#define SKIFF_ROLES_H

/* Each gets its own name as argv[0] and returns the exit code of the process. */
int role_launch(int argc, char **argv);
int role_sandbox(int argc, char **argv);
int role_join(int argc, char **argv);
int role_attach(int argc, char **argv);
int role_userns(int argc, char **argv);
int role_view(int argc, char **argv);
int role_visit(int argc, char **argv);
int role_rm(int argc, char **argv);
int role_copy_tree(int argc, char **argv);
int role_drop_volumes(int argc, char **argv);
int role_lock(int argc, char **argv);
int role_rotate_events(int argc, char **argv);
int role_spread(int argc, char **argv);
int role_rouse(int argc, char **argv);
int role_init(int argc, char **argv);
int role_net(int argc, char **argv);
int role_mend(int argc, char **argv);
int role_dns(int argc, char **argv);
int role_port(int argc, char **argv);
int role_sweep_volumes(int argc, char **argv);
int role_probe_overlay(int argc, char **argv);
int role_probe_kernel(int argc, char **argv);
int role_probe_directory(int argc, char **argv);

#endif
