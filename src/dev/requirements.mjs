/**
 * What a machine must have before Skiff can be built, run and tested, and how it gets there.
 * Each requirement is probed by the file it brings, so that any distribution passes; the names are Debian's.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, isRoot, quietly, root, say, Stop, succeeds } from './steps.mjs';

/** @typedef {{ package: string, present: () => boolean }} Requirement */

const triple = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';

/** @param {string} package_ @param {string} name @returns {Requirement} */
const program = (package_, name) => ({ package: package_, present: () => findProgram(name) !== undefined });

/** @param {string} package_ @param {string} path @returns {Requirement} */
const header = (package_, path) => ({
  package: package_,
  present: () => ['/usr/include', `/usr/include/${triple}`, '/usr/local/include'].some((d) => existsSync(join(d, path))),
});

/** @param {string} name @returns {string | undefined} */
export const staticLibrary = (name) =>
  [`/usr/lib/${triple}`, '/usr/lib64', '/usr/lib', '/usr/local/lib']
    .map((directory) => join(directory, `lib${name}.a`))
    .find((path) => existsSync(path));

/** @param {string} package_ @param {string} name @returns {Requirement} */
const library = (package_, name) => ({ package: package_, present: () => staticLibrary(name) !== undefined });

/** Static libraries that skiff-tree and skiff-seccomp are linked with. */
export const staticLibraries = ['archive', 'nettle', 'z', 'zstd', 'bz2', 'lzma', 'lz4', 'seccomp'];

/** To build and to run. */
const basic = [
  program('uidmap', 'newuidmap'),
  program('slirp4netns', 'slirp4netns'),
  program('fuse-overlayfs', 'fuse-overlayfs'),
  program('make', 'make'),
  program('gcc', 'gcc'),
  header('libc6-dev', 'stdio.h'),
  program('musl-tools', 'musl-gcc'),
  library('libarchive-dev', 'archive'),
  library('nettle-dev', 'nettle'),
  library('zlib1g-dev', 'z'),
  library('libzstd-dev', 'zstd'),
  library('libbz2-dev', 'bz2'),
  library('liblzma-dev', 'lzma'),
  library('liblz4-dev', 'lz4'),
  library('libseccomp-dev', 'seccomp'),
];

/** To make the test images and the virtual machine, and to be the registries that tests talk to. */
const forTests = [
  program('busybox-static', 'busybox'),
  program('mmdebstrap', 'mmdebstrap'),
  program('zstd', 'zstd'),
  program('bzip2', 'bzip2'),
  program('xz-utils', 'xz'),
  program('runc', 'runc'),
  program('strace', 'strace'),
  program('nftables', 'nft'),
  program('iperf3', 'iperf3'),
  program('docker-registry', 'docker-registry'),
  program('apache2-utils', 'htpasswd'),
  program('openssl', 'openssl'),
  program('skopeo', 'skopeo'),
  program('e2fsprogs', 'mke2fs'),
  program('fuse2fs', 'fuse2fs'),
  program('squashfuse', 'squashfuse'),
  program('squashfs-tools', 'mksquashfs'),
  program('sshfs', 'sshfs'),
  program('git', 'git'),
  program('openssh-server', 'sshd'),
  program('qemu-utils', 'qemu-img'),
  ...(process.arch === 'x64' ? [program('qemu-system-x86', 'qemu-system-x86_64')] : []),
];

/** Other container tools that tests compare with where they are there. */
const peers = [program('podman', 'podman'), program('crun', 'crun'), program('conmon', 'conmon'), program('buildah', 'buildah')];

/** @param {readonly Requirement[]} list */
const missingFrom = (list) => list.filter((r) => !r.present()).map((r) => r.package);

/** @param {readonly string[]} packages */
const aptInstall = (packages) => {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  quietly('refresh the package lists', ['apt-get', 'update', '-qq'], { env });
  quietly(`install ${packages.join(' ')}`, ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages], { env });
  for (const [package_, service] of Object.entries(services)) if (packages.includes(package_)) quietenService(service);
};

/** Debian's packages start these at once, and at every boot. The tests start their own, elsewhere. @type {Readonly<Record<string, string>>} */
const services = { 'docker-registry': 'docker-registry', 'openssh-server': 'ssh' };

/** Stops a service that an installation has just brought, for good. @param {string} name */
const quietenService = (name) => {
  if (existsSync('/run/systemd/system')) {
    succeeds(['systemctl', 'disable', '--now', name]);
    return;
  }
  succeeds(['invoke-rc.d', name, 'stop']);
  succeeds(['update-rc.d', name, 'disable']);
};

/**
 * Sees to it that the host's packages are there: installs them as root, else stops with the line for an administrator.
 * Idempotent; nothing but some stat calls when all is there.
 * @param {'run' | 'test'} purpose
 */
export const ensurePackages = (purpose) => {
  const missing = missingFrom(purpose === 'test' ? [...basic, ...forTests] : basic);
  const apt = findProgram('apt-get') !== undefined;
  if (missing.length > 0) {
    if (!isRoot || !apt) {
      throw new Stop(`packages are missing; ask an administrator to run: apt-get update && apt-get install -y --no-install-recommends ${missing.join(' ')}`);
    }
    say(`Installing ${missing.join(' ')}.`);
    aptInstall(missing);
    const still = missingFrom(purpose === 'test' ? [...basic, ...forTests] : basic);
    if (still.length > 0) throw new Stop(`${still.join(' ')}: installed, but what Skiff needs from there is still missing`);
  }
  if (purpose === 'test' && isRoot && apt) ensurePeers();
};

/** The peers are welcome and not needed: a failure is said and the tests use their table of expected values. */
const ensurePeers = () => {
  const missing = missingFrom(peers);
  if (missing.length === 0) return;
  say(`Installing ${missing.join(' ')} to compare with.`);
  try {
    aptInstall(missing);
  } catch (error) {
    say(`Going on without them: ${error instanceof Error ? error.message : error}`);
  }
};

/**
 * Runs `npm ci` when node_modules is missing or holds other versions than package-lock.json asks for.
 */
export const ensureModules = () => {
  if (modulesMatchLock()) return;
  say('Installing the npm packages (npm ci).');
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (result.status !== 0) throw new Stop('npm ci failed; its words are above');
};

const modulesMatchLock = () => {
  const wanted = packagesIn('package-lock.json');
  const installed = packagesIn('node_modules/.package-lock.json');
  if (installed === undefined || wanted === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/')) return true;
    const there = installed[path];
    return there === undefined ? entry.optional === true : there.version === entry.version && existsSync(join(root, path));
  });
};

/** @typedef {{ version?: string, optional?: boolean }} LockEntry */

/** @param {string} path @returns {Record<string, LockEntry> | undefined} */
const packagesIn = (path) => {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  } catch {
    return undefined;
  }
};
