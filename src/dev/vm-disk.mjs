/**
 * The virtual machine that test/vm runs in: a Debian with systemd as init, a user manager for the account `bar`, and a pure
 * cgroup v2 tree whose controllers are delegated to users. What a container on a build machine never shows can be tested there.
 * Made once per machine, outside the checkout (40 s, 900 MB), and used again by later runs and other checkouts.
 *
 *   disk.img   the root file system, never written to by a test: each gets a copy-on-write layer of its own
 *   vmlinuz    the kernel that QEMU starts, so that no boot loader is needed
 *   initrd     its first file system
 */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownDirectory } from './account.mjs';
import { quietly, root, say, Stop } from './steps.mjs';

/** Counted up when a change below makes another machine. */
const recipe = 1;

const suite = 'bookworm';

const packages = [
  'systemd', 'systemd-sysv', 'dbus-user-session', 'libpam-systemd', 'udev', 'linux-image-cloud-amd64', 'uidmap', 'slirp4netns', 'fuse-overlayfs',
  'iproute2', 'ca-certificates', 'procps', 'cron', 'login', 'passwd', 'util-linux', 'runc',
];

/** The account inside; its ids are the first that useradd(8) gives. */
export const vmAccount = { name: 'bar', uid: 1000 };

const insidePath = join(root, 'src/dev/vm-inside.sh');

/** Runs the tests at each boot, as root, and ends the machine. What it says goes to a serial line that the kernel does not write to. */
const unit = `[Unit]
Description=Skiff's tests
After=multi-user.target user@${vmAccount.uid}.service
Wants=user@${vmAccount.uid}.service
[Service]
Type=oneshot
ExecStart=/bin/bash /usr/local/sbin/skiff-tests
ExecStopPost=/bin/sh -c '[ -e /run/skiff-tests-end ] || systemctl poweroff --force'
[Install]
WantedBy=multi-user.target
`;

/** @type {Record<string, string>} */
const files = {
  'etc/fstab': '/dev/vda / ext4 defaults 0 1\n',
  'etc/hostname': 'vm\n',
  // What distributions do not delegate by themselves, and an administrator who wants all limits does.
  'etc/systemd/system/user@.service.d/delegate.conf': '[Service]\nDelegate=cpu cpuset io memory pids\n',
  [`var/lib/systemd/linger/${vmAccount.name}`]: '',
  'etc/systemd/system/skiff-tests.service': unit,
  'usr/local/sbin/skiff-tests': readFileSync(insidePath, 'utf8'),
};

/** @param {string} tree the new root directory */
const furnish = (tree) => {
  const inside = (/** @type {string[]} */ ...command) => quietly(`set the virtual machine up (${command[0]})`, ['chroot', tree, ...command]);
  inside('useradd', '-m', '-s', '/bin/bash', '-u', `${vmAccount.uid}`, vmAccount.name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(tree, path, '..'), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  inside('systemctl', 'enable', 'skiff-tests.service');
  // Both wait for what is not there: a network that nobody configures, and somebody at the second serial line.
  inside('systemctl', 'mask', 'systemd-networkd-wait-online.service', 'serial-getty@ttyS0.service', 'serial-getty@ttyS1.service');
};

/** @param {string} boot @param {string} start of the name */
const newestIn = (boot, start) => {
  const name = readdirSync(boot).filter((file) => file.startsWith(start)).sort().at(-1);
  if (name === undefined) throw new Stop(`the virtual machine has no /boot/${start}*`);
  return join(boot, name);
};

/** @param {string} scratch an empty directory, which gets the three files */
const makeDisk = (scratch) => {
  const tree = join(scratch, 'root');
  quietly('make the virtual machine', ['mmdebstrap', '--quiet', '--variant=minbase', `--include=${packages.join(',')}`, suite, tree]);
  furnish(tree);
  copyFileSync(newestIn(join(tree, 'boot'), 'vmlinuz-'), join(scratch, 'vmlinuz'));
  copyFileSync(newestIn(join(tree, 'boot'), 'initrd.img-'), join(scratch, 'initrd'));
  quietly('make the disk of the virtual machine', ['mke2fs', '-q', '-t', 'ext4', '-d', tree, join(scratch, 'disk.img'), '4G']);
  rmSync(tree, { recursive: true });
};

/** Makes the machine's files when they are not there, complete or not at all; returns their directory. Needs root. */
export const ensureVmDisk = () => {
  const base = '/var/tmp/skiff-test-vm';
  ownDirectory(base);
  const key = createHash('sha256').update(JSON.stringify([recipe, suite, packages, files])).digest('hex').slice(0, 16);
  const directory = join(base, key);
  if (existsSync(directory)) return directory;
  say(`Making the virtual machine for test/vm in ${directory} (about 40 s, once).`);
  const scratch = mkdtempSync(join(base, 'new-'));
  try {
    makeDisk(scratch);
    chmodSync(scratch, 0o755);
    renameSync(scratch, directory);
  } catch (error) {
    // Another run may have been first: its machine is as good.
    if (!existsSync(directory)) throw error;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return directory;
};
