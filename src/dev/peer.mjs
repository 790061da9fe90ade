/**
 * What rootless podman shows from inside its containers, for test/e2e/confinement.test.ts to compare with. Here and not in the test,
 * because on a machine with v1 or hybrid cgroups crun runs only where root shows it a tree of v2 alone.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asAccount } from './account.mjs';
import { findProgram, isRoot, quietly, root } from './steps.mjs';

/** @typedef {import('./account.mjs').Account} Account */

/** In a mount namespace of its own: a v2 tree in which the account has a part. Arguments: uid, then the command. */
const cgroupView = `set -eu; uid=$1; shift
umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /sys/fs/cgroup/skiff-peer/init; chown -R "$uid" /sys/fs/cgroup/skiff-peer
echo $$ > /sys/fs/cgroup/skiff-peer/init/cgroup.procs
"$@" || true
echo $$ > /sys/fs/cgroup/cgroup.procs
find /sys/fs/cgroup/skiff-peer -depth -type d -exec rmdir {} +`;

/** One shell runs all cases, in sections headed by their names; podman's own process for namespaces is ended at last. */
const script = `cd /; rootfs=$1; probe=$2; shift 2
while [ $# -gt 0 ]; do
  name=$1; flags=$2; shift 2
  echo "=== $name"
  IFS='	'; podman run --rm --network none $flags --rootfs "$rootfs" sh -c "$probe"; unset IFS
done
podman system migrate`;

/** @param {readonly string[]} command @param {Account} account */
const inView = (command, account) =>
  isRoot && !existsSync('/sys/fs/cgroup/cgroup.controllers')
    ? ['unshare', '--mount', '--propagation', 'private', 'bash', '-c', cgroupView, 'view', `${account.uid}`, ...command]
    : command;

/** @param {string} output @returns {Record<string, string>} */
const sections = (output) =>
  Object.fromEntries(output.split(/^=== /m).slice(1).map((section) => [section.slice(0, section.indexOf('\n')), section.slice(section.indexOf('\n') + 1)]));

/**
 * Runs podman once for each case and writes what it showed, by case, to `podman.json` beside the images; there is no such file
 * where podman is not installed or cannot run. @param {Account} account @param {string} images
 */
export const recordPeer = (account, images) => {
  const path = join(images, 'podman.json');
  rmSync(path, { force: true });
  if (findProgram('podman') === undefined) return;
  const { probe, cases } = JSON.parse(readFileSync(join(root, 'test/e2e/confinement-cases.json'), 'utf8'));
  const base = mkdtempSync('/var/tmp/skiff-peer-');
  const rootfs = join(base, 'rootfs');
  try {
    for (const name of ['home', 'run', 'tmp']) mkdirSync(join(base, name), { mode: 0o700 });
    quietly('copy the image for podman', ['cp', '-a', join(images, 'busybox'), rootfs]);
    if (isRoot) quietly('give it to the account', ['chown', '-R', '--no-dereference', `${account.uid}:${account.gid}`, base]);
    const words = Object.entries(cases).flatMap(([name, flags]) => [name, flags.join('\t')]);
    const environment = { HOME: join(base, 'home'), XDG_RUNTIME_DIR: join(base, 'run'), TMPDIR: join(base, 'tmp') };
    const command = asAccount(account, environment, ['sh', '-c', script, 'cases', rootfs, probe.join('\n'), ...words]);
    const [program = '', ...args] = inView(command, account);
    const { stdout } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 120000 });
    const shown = Object.fromEntries(Object.entries(sections(stdout)).filter(([, text]) => text.includes('== end')));
    if (Object.keys(shown).length > 0) writeFileSync(path, JSON.stringify(shown), { mode: 0o644 });
  } finally {
    quietly('remove what podman made', isRoot ? ['rm', '-rf', base] : ['podman', 'unshare', 'rm', '-rf', base]);
  }
};
