/**
 * The images that tests run containers from: busybox, copied from the host's static one, and Debian, from mmdebstrap.
 * Made once per machine and user, outside the checkout, and used again by later runs and other checkouts.
 *
 *   busybox/      a root directory, for --rootfs
 *   busybox.tar   the same, for `skiff import`
 *   debian.tar    Debian 12 minbase, for `skiff import`
 *   programs.tar  the same with redis, nginx, postgres and busybox; made for the tests that need it (@image programs)
 *   resolver.tar  the same with dig and busybox (@image resolver)
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ownDirectory } from './account.mjs';
import { findProgram, isRoot, quietly, say, Stop } from './steps.mjs';

/** Counted up when a change below makes different images. */
const recipe = 1;

const rootDirectories = ['bin', 'dev', 'etc', 'home', 'lib', 'proc', 'root', 'run', 'sbin', 'sys', 'tmp', 'usr/bin', 'usr/sbin', 'var/tmp'];

const accounts = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nwww:x:33:33:www:/var/www:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  'etc/group': 'root:x:0:\ndaemon:x:1:\nadm:x:4:www\nwww:x:33:\nnogroup:x:65534:\n',
  'etc/os-release': 'ID=busybox\nPRETTY_NAME="Busybox for tests"\n',
};

/** @param {string} directory */
const makeBusybox = (directory) => {
  const busybox = findProgram('busybox') ?? '/bin/busybox';
  for (const name of rootDirectories) mkdirSync(join(directory, name), { recursive: true, mode: 0o755 });
  chmodSync(join(directory, 'tmp'), 0o1777);
  chmodSync(join(directory, 'var/tmp'), 0o1777);
  copyFileSync(busybox, join(directory, 'bin/busybox'));
  chmodSync(join(directory, 'bin/busybox'), 0o755);
  for (const applet of quietly('list busybox', [busybox, '--list']).trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(directory, 'bin', applet));
  }
  for (const [path, text] of Object.entries(accounts)) writeFileSync(join(directory, path), text);
  quietly('make the busybox image readable', ['chmod', '-R', 'a+rX', directory]);
};

/** Programs as people run them, without what their packages bring for readers and for compilers at run time. */
/** @type {Readonly<Record<string, readonly string[]>>} */
const packagesOf = {
  programs: ['redis-server', 'nginx-light', 'postgresql', 'busybox'],
  resolver: ['bind9-dnsutils', 'busybox'],
};
const leftOut = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/lib/*/libLLVM*', '/usr/lib/postgresql/*/lib/bitcode/*', '/usr/lib/python3*'];

/** Adds `NAME.tar` to the images in `directory`, whole or not at all. Idempotent. @param {string} directory @param {string} name */
export const ensureImage = (directory, name) => {
  const image = join(directory, `${name}.tar`);
  const packages = packagesOf[name];
  if (packages === undefined) throw new Stop(`no image for tests is called ${name}`);
  if (existsSync(image)) return;
  say(`Making ${image} (about 30 s, once).`);
  const scratch = mkdtempSync(join(directory, '.new-'));
  try {
    const made = join(scratch, 'made.tar');
    const noCluster = '--setup-hook=mkdir -p "$1/etc/postgresql-common" && echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"';
    const flags = ['--quiet', '--variant=minbase', `--include=${packages.join(',')}`, ...leftOut.map((path) => `--dpkgopt=path-exclude=${path}`), noCluster];
    quietly(`make the image ${name}`, ['mmdebstrap', ...flags, 'bookworm', made]);
    chmodSync(made, 0o644);
    renameSync(made, image);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
};

/** Makes the images that are not there yet, each complete or not at all; returns their directory. */
export const ensureTestImages = () => {
  const base = `/var/tmp/skiff-test-images${isRoot ? '' : `-${process.getuid?.()}`}`;
  ownDirectory(base);
  // Another busybox or another recipe makes another set; older ones are left for the checkouts that use them.
  const key = createHash('sha256')
    .update(readFileSync(findProgram('busybox') ?? '/bin/busybox'))
    .update(JSON.stringify([recipe, rootDirectories, accounts]))
    .digest('hex')
    .slice(0, 16);
  const directory = join(base, key);
  if (existsSync(directory)) return directory;
  say(`Making test images in ${directory} (about 20 s, once).`);
  const scratch = mkdtempSync(join(base, 'new-'));
  try {
    chmodSync(scratch, 0o755);
    makeBusybox(join(scratch, 'busybox'));
    quietly('pack busybox', ['tar', '--owner=0', '--group=0', '--numeric-owner', '--sort=name', '-C', join(scratch, 'busybox'), '-cf', join(scratch, 'busybox.tar'), '.']);
    quietly('make the Debian image', ['mmdebstrap', '--quiet', '--variant=minbase', 'bookworm', join(scratch, 'debian.tar')]);
    renameSync(scratch, directory);
  } catch (error) {
    // Another run may have been first: its set is as good.
    if (!existsSync(directory)) throw error;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return directory;
};
