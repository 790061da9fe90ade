# The roles of skiff-helper, and how it is built: static with musl, kernel headers from the distribution.
LOGGER_SRC = logger.c logger-json.c logger-file.c logger-gzip.c logger-readers.c logger-remote.c logger-queue.c logger-dial.c logger-send.c \
             logger-syslog.c logger-journald.c logger-gelf.c logger-chunks.c logger-fluentd.c bytes.c json.c
PORT_SRC   = port.c port-listen.c port-list.c port-target.c port-tcp.c port-udp.c port-room.c port-confine.c
DNS_SRC    = dns.c dns-message.c dns-names.c dns-answer.c dns-config.c dns-forward.c dns-connections.c dns-confine.c
VOLUME_DATA_SRC = volume-data.c volume-fill.c volume-end.c copytree.c owntree.c
HELPER_SRC = main.c util.c plan.c keeper.c lock.c spread.c rouse.c net.c rmtree.c rootpath.c mounts.c user.c process.c namespaces.c rootfs.c image-mount.c subpath.c view.c sandbox.c foreign.c \
             monitor.c monitor-start.c monitor-session.c monitor-orders.c pause.c monitor-end.c clients.c teardown.c guard.c slirp.c netlink.c link.c endpoint.c nft.c firewall-rules.c firewall.c sealed.c $(LOGGER_SRC) monitor-log.c state.c monitor-events.c plan-events.c events.c rotate.c restart.c monitor-restart.c \
             monitor-cgroup.c cgroup.c scope.c dbus.c frames.c terminal.c attach.c launch.c holder.c leases.c dns-sockets.c monitor-network.c monitor-network-change.c monitor-ports.c join.c init.c probe.c \
             health.c health-record.c health-target.c session.c monitor-health.c $(DNS_SRC) $(PORT_SRC) $(VOLUME_DATA_SRC)
VOLUME_SRC = volume.c volume-place.c volume-holder.c volume-users.c volume-mount.c volume-program.c
HELPER_SRC += $(VOLUME_SRC)
HELPER_SRC += lifeline.c survivors.c mend.c
HELPER_SRC += probe-kernel.c probe-directory.c

TEST_SRC_rmtree-test = rmtree.c util.c
TEST_SRC_image-mount-test = image-mount.c subpath.c rootfs.c rootpath.c mounts.c rmtree.c plan.c util.c
TEST_SRC_volume-fill-test = volume-fill.c copytree.c owntree.c rmtree.c rootpath.c util.c
TEST_SRC_plan-test     = plan.c util.c
FIREWALL_SRC = firewall.c firewall-rules.c nft.c netlink.c util.c
TEST_SRC_firewall-guard-test = test/net-space.c link.c $(FIREWALL_SRC)
TEST_SRC_firewall-test = test/net-space.c $(FIREWALL_SRC)
TEST_SRC_user-test     = user.c rootpath.c util.c
TEST_SRC_terminal-test = terminal.c util.c
TEST_SRC_logger-test   = $(LOGGER_SRC) plan.c util.c
TEST_SRC_logger-remote-test = $(LOGGER_SRC) plan.c util.c
TEST_SRC_logger-encode-test = $(LOGGER_SRC) plan.c util.c
TEST_SRC_clients-test  = clients.c frames.c util.c
TEST_SRC_rootpath-test = rootpath.c util.c
TEST_SRC_plan-fuzz     = plan.c util.c
TEST_SRC_user-fuzz     = user.c rootpath.c util.c
TEST_SRC_clients-fuzz  = clients.c frames.c util.c
TEST_SRC_logger-fuzz   = $(LOGGER_SRC) plan.c util.c
TEST_SRC_logger-remote-fuzz = $(LOGGER_SRC) plan.c util.c
TEST_SRC_state-test    = state.c json.c util.c
TEST_SRC_restart-test  = restart.c util.c
TEST_SRC_events-test   = events.c json.c util.c
TEST_SRC_dbus-test     = dbus.c util.c
TEST_SRC_dbus-fuzz     = dbus.c util.c
TEST_SRC_cgroup-test   = cgroup.c scope.c dbus.c plan.c util.c
TEST_SRC_health-test   = health.c
TEST_SRC_health-record-test = health-record.c health.c json.c util.c
TEST_SRC_endpoint-test = test/net-space.c endpoint.c link.c netlink.c firewall.c firewall-rules.c nft.c plan.c util.c
STAGE_SRC = test/port-stage.c test/net-space.c endpoint.c link.c netlink.c firewall.c firewall-rules.c nft.c plan.c util.c
TEST_SRC_port-role-test = port-target.c $(STAGE_SRC)
# The role itself, without what confines it.
TEST_SRC_port-carry-test = $(filter-out port-confine.c,$(PORT_SRC)) test/port-unconfined.c $(STAGE_SRC)
TEST_SRC_port-udp-test = port-udp.c port-target.c port-room.c plan.c test/net-space.c util.c
TEST_SRC_port-fuzz = port-target.c port-list.c plan.c util.c
TEST_SRC_port-crowd-test = port-target.c $(STAGE_SRC)
TEST_SRC_leases-test   = leases.c plan.c util.c
HOLDER_STAGE_SRC = test/holder-stage.c test/fake-slirp.c holder.c keeper.c lifeline.c survivors.c endpoint.c link.c netlink.c firewall.c firewall-rules.c nft.c frames.c plan.c util.c
TEST_SRC_holder-test   = $(HOLDER_STAGE_SRC)
TEST_SRC_holder-crash-test = $(HOLDER_STAGE_SRC)
TEST_SRC_session-test  = session.c util.c
TEST_SRC_dns-message-test = dns-message.c
TEST_SRC_dns-names-test   = dns-names.c dns-answer.c dns-message.c util.c
TEST_SRC_dns-serve-test   = test/dns-sides.c $(DNS_SRC) plan.c util.c
TEST_SRC_dns-forward-test = test/dns-sides.c $(DNS_SRC) plan.c util.c
TEST_SRC_dns-fuzz         = dns-names.c dns-answer.c dns-message.c util.c
TEST_SRC_dns-confine-test = dns-confine.c util.c
TEST_SRC_net-test = net.c link.c netlink.c util.c
TEST_SRC_dns-role-test    = test/dns-sides.c $(DNS_SRC) plan.c util.c
TEST_SRC_volume-holder-test = test/fuse-server.c $(VOLUME_SRC) keeper.c lifeline.c survivors.c frames.c plan.c util.c
TEST_SRC_volume-words-test  = volume-mount.c util.c
# It runs the role as it ships.
$(ASAN)/test/dns-role-test $(ASAN)/test/port-role-test $(ASAN)/test/port-crowd-test: | $(OUT)/skiff-helper
