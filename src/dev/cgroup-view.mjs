/**
 * What current distributions give to a login: a cgroup v2 tree with a part of one's own. Rootless podman and Docker refuse, or run without
 * limits, on hosts with cgroup v1 alone.
 */

/** The argv that runs `command` with the account's own cgroup v2 subtree; the subtree goes when it has ended. @param {number} uid @param {readonly string[]} command */
export const inCgroupView = (uid, command) => {
  const steps = [
    'uid=$1; shift; own=/sys/fs/cgroup/skiff-peer-$$',
    'umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && mkdir -p $own/init && chown -R $uid $own || exit 1',
    'trap : TERM', // whoever ends the whole group wants the subtree gone as well
    '(echo $BASHPID > $own/init/cgroup.procs && exec "$@"); status=$?',
    'find $own -depth -type d -exec rmdir {} + 2> /dev/null; exit $status',
  ];
  return ['unshare', '--mount', '--propagation', 'private', 'bash', '-c', steps.join('\n'), 'view', `${uid}`, ...command];
};
