# The roles of skiff-helper, and how it is built: static with musl, kernel headers from the distribution.
HELPER_SRC = main.c util.c plan.c keeper.c lock.c spread.c rmtree.c rootpath.c mounts.c user.c process.c namespaces.c rootfs.c view.c sandbox.c foreign.c \
             monitor.c monitor-start.c monitor-session.c monitor-orders.c pause.c monitor-end.c clients.c teardown.c guard.c slirp.c sealed.c logger.c logger-file.c json.c state.c monitor-events.c plan-events.c events.c rotate.c restart.c monitor-restart.c \
             monitor-cgroup.c cgroup.c scope.c dbus.c frames.c terminal.c attach.c launch.c join.c init.c probe.c

TEST_SRC_rmtree-test = rmtree.c util.c
TEST_SRC_plan-test     = plan.c util.c
TEST_SRC_user-test     = user.c rootpath.c util.c
TEST_SRC_terminal-test = terminal.c util.c
TEST_SRC_logger-test   = logger.c logger-file.c json.c util.c
TEST_SRC_clients-test  = clients.c frames.c util.c
TEST_SRC_rootpath-test = rootpath.c util.c
TEST_SRC_plan-fuzz     = plan.c util.c
TEST_SRC_user-fuzz     = user.c rootpath.c util.c
TEST_SRC_clients-fuzz  = clients.c frames.c util.c
TEST_SRC_logger-fuzz   = logger.c logger-file.c json.c util.c
TEST_SRC_state-test    = state.c json.c util.c
TEST_SRC_restart-test  = restart.c util.c
TEST_SRC_events-test   = events.c json.c util.c
TEST_SRC_dbus-test     = dbus.c util.c
TEST_SRC_dbus-fuzz     = dbus.c util.c
TEST_SRC_cgroup-test   = cgroup.c scope.c dbus.c plan.c util.c
