/**
 * What a process in a container sees and may do: against a table of what Docker gives, and, with the same flags, against rootless
 * podman where src/dev/peer.mjs could run it.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { skip } from '../harness.ts';
import settings from './confinement-cases.json';
import { bare, execute, importBusybox, inBusybox, output, scratch, skiff, testImages, withContainer } from './skiff.ts';

type Section = readonly string[];
type View = Readonly<Record<string, Section>>;

const parse = (text: string): View =>
  Object.fromEntries(
    text.split(/^== /m).slice(1).map((section) => {
      const [name = '', ...lines] = section.trimEnd().split('\n');
      return [name, lines.map((line) => line.trim().replace(/\s+/g, ' '))];
    }),
  );

const probe = settings.probe.join('\n');
const cases: Readonly<Record<string, readonly string[]>> = settings.cases;
const view = (...flags: readonly string[]): View => parse(inBusybox(flags, probe));
const section = (one: View, name: string): Section => one[name] ?? [`no section ${name}`];

const subordinate = (file: string): string => {
  const name = process.env['USER'] ?? '';
  const line = readFileSync(file, 'utf8').split('\n').find((one) => one.startsWith(`${name}:`)) ?? '';
  const [, first, count] = line.split(':');
  return `1 ${first} ${count}`;
};

const lastCapability = BigInt(readFileSync('/proc/sys/kernel/cap_last_cap', 'latin1').trim());
const all = ((1n << (lastCapability + 1n)) - 1n).toString(16).padStart(16, '0');
const none = '0'.repeat(16);
const docker = '00000000a80425fb';

const status = (user: number, sets: readonly [inherited: string, permitted: string, effective: string, bounding: string, ambient: string], privileges: 0 | 1, seccomp: 0 | 2): Section => [
  'Umask: 0022',
  `Uid: ${[user, user, user, user].join(' ')}`,
  `Gid: 0 0 0 0`,
  ...['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'].map((name, index) => `Cap${name}: ${sets[index]}`),
  `NoNewPrivs: ${privileges}`,
  `Seccomp: ${seccomp}`,
];

test.before(() => importBusybox());

test('ids: 0 is the caller, and from 1 come the subordinate ranges', () => {
  const shown = view();
  assert.equal(section(shown, 'uid_map'), [`0 ${process.getuid?.()} 1`, subordinate('/etc/subuid')]);
  assert.equal(section(shown, 'gid_map'), [`0 ${process.getgid?.()} 1`, subordinate('/etc/subgid')]);
  assert.equal(section(shown, 'setgroups'), ['allow']);
});

test('capabilities, no_new_privs and seccomp are Docker\'s', () => {
  const shown = (...flags: readonly string[]): Section => section(view(...flags), 'status');
  assert.equal(shown(), status(0, [none, docker, docker, docker, none], 0, 2));
  assert.equal(shown('--privileged'), status(0, [none, all, all, all, none], 0, 0));
  assert.equal(shown('--cap-drop', 'ALL'), status(0, [none, none, none, none, none], 0, 2));
  assert.equal(shown('-u', '1000'), status(1000, [none, none, none, docker, none], 0, 2));
  assert.equal(shown('--security-opt', 'no-new-privileges'), status(0, [none, docker, docker, docker, none], 1, 2));
  assert.equal(shown('--security-opt', 'seccomp=unconfined'), status(0, [none, docker, docker, docker, none], 0, 0));
  // Podman would make it ambient; Docker does not (moby issue 8460).
  assert.equal(shown('-u', '1000', '--cap-add', 'CHOWN'), status(1000, [none, none, none, docker, none], 0, 2));
  const chown = '0000000000000001';
  assert.equal(shown('--cap-drop', 'ALL', '--cap-add', 'CHOWN'), status(0, [none, chown, chown, chown, none], 0, 2));
});

/** Target, options of the mount, type. */
const mountTable = [
  '/ rw,relatime OVERLAY',
  '/proc rw,nosuid,nodev,noexec,relatime proc',
  '/dev rw,nosuid tmpfs',
  ...['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => `/dev/${name} rw,nosuid,noexec,relatime HOST`),
  '/dev/pts rw,nosuid,noexec,relatime devpts',
  '/sys ro,nosuid,nodev,noexec,relatime sysfs',
  '/dev/mqueue rw,nosuid,nodev,noexec,relatime mqueue',
  '/dev/shm rw,nosuid,nodev,noexec,relatime tmpfs',
  ...['resolv.conf', 'hostname', 'hosts'].map((name) => `/etc/${name} rw,relatime HOST`),
];

const readonlyTable = ['bus', 'fs', 'irq', 'sys'].map((name) => `/proc/${name} ro,nosuid,nodev,noexec,relatime proc`);
const masked = (line: string): boolean => /^\/(proc|sys)\/\S+ (rw,relatime HOST|ro,nosuid,nodev,noexec,relatime tmpfs)$/.test(line);

const mountLines = (one: View): Section =>
  section(one, 'mounts').map((line) => {
    const [target = '', options = '', type = ''] = line.split(' ');
    const kind = type === 'overlay' || type === 'fuse.fuse-overlayfs' ? 'OVERLAY' : /^\/(dev\/(null|zero|full|random|urandom|tty)|etc\/\S+|proc\/(keys|timer_list|interrupts|kcore|latency_stats|sched_debug))$/.test(target) ? 'HOST' : type;
    return `${target} ${options} ${kind}`;
  });

test('mounts: those of Docker, with its options; nothing of the host', () => {
  const lines = mountLines(view()).map((line) => line.replace(/^\/ rw,(nodev,noatime|relatime|nosuid,nodev,relatime|nodev,relatime)/, '/ rw,relatime'));
  assert.equal(lines.filter((line) => !masked(line) && !readonlyTable.includes(line)), mountTable);
  for (const line of readonlyTable) assert.ok(lines.includes(line), line);
  assert.equal(mountLines(view('--privileged')).filter((line) => masked(line) || / ro,/.test(line)), []);
  assert.match(mountLines(view('--read-only'))[0] ?? '', /^\/ ro,/);
});

test('/dev has Docker\'s nodes and links and no others', () => {
  const shown = view();
  assert.equal([...section(shown, 'dev')].sort(), [
    'fd lrwxrwxrwx 0:0', 'full crw-rw-rw- 1:7', 'mqueue drwxrwxrwt 0:0', 'null crw-rw-rw- 1:3', 'ptmx lrwxrwxrwx 0:0', 'pts drwxr-xr-x 0:0',
    'random crw-rw-rw- 1:8', 'shm drwxrwxrwt 0:0', 'stderr lrwxrwxrwx 0:0', 'stdin lrwxrwxrwx 0:0', 'stdout lrwxrwxrwx 0:0',
    'tty crw-rw-rw- 5:0', 'urandom crw-rw-rw- 1:9', 'zero crw-rw-rw- 1:5',
  ]);
  assert.equal(section(shown, 'links'), ['fd /proc/self/fd', 'stdin /proc/self/fd/0', 'stdout /proc/self/fd/1', 'stderr /proc/self/fd/2', 'ptmx pts/ptmx']);
});

test('masked and read-only paths say nothing and take nothing; --privileged lifts that', () => {
  const shown = view();
  for (const line of section(shown, 'masked')) assert.match(line, / 0 (entries|bytes)$/);
  const there = (path: string): boolean => existsSync(path);
  assert.equal(section(shown, 'masked').map((line) => line.split(' ')[0]), ['/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list', '/proc/timer_stats', '/proc/sched_debug', '/proc/scsi', '/sys/firmware'].filter(there));
  assert.equal(section(shown, 'readonly'), ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger', '/sys'].filter(there));
  assert.match(skiff([...bare, 'busybox', 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']).stderr, /Read-only file system/);
  assert.is(inBusybox(['--privileged'], 'echo 1 > /proc/sys/net/ipv4/ip_forward; cat /proc/sys/net/ipv4/ip_forward'), '1\n');
  const open = view('--privileged');
  assert.equal(section(open, 'readonly'), []);
  assert.ok(section(open, 'masked').some((line) => !/ 0 (entries|bytes)$/.test(line)));
});

test('open files are 0, 1 and 2 (and what ls itself opens), for run and exec', () => {
  assert.equal([section(view(), 'fds'), section(view(), 'fds1')], [['0', '1', '2', '3'], ['0', '1', '2']]);
  assert.is(inBusybox(['-i', '--init'], 'for p in /proc/[0-9]*; do ls $p/fd 2> /dev/null | tr "\\n" " "; done', { input: 'x' }).replace(/0 1 2 (3 )?/g, '').trim(), '');
  withContainer([], ['busybox', 'sleep', '600'], (id) => {
    assert.is(output(['exec', id, 'ls', '/proc/self/fd']), '0\n1\n2\n3\n');
    assert.is(output(['exec', id, 'ls', '/proc/1/fd']), '0\n1\n2\n');
  });
});

test('OOM score, cgroup, environment and limits are the caller\'s or Docker\'s', () => {
  const shown = view();
  assert.equal([section(shown, 'oom'), section(shown, 'cgroup')], [[readFileSync('/proc/self/oom_score_adj', 'utf8').trim()], ['/']]);
  assert.equal(inBusybox([], 'env').trim().split('\n').map((line) => line.split('=')[0]).sort(), ['HOME', 'HOSTNAME', 'PATH', 'PWD', 'SHLVL']);
  const limits = (text: string): Section => text.split('\n').filter((line) => /^Max/.test(line)).map((line) => line.replace(/\s+/g, ' '));
  assert.equal(limits(inBusybox([], 'cat /proc/self/limits')), limits(readFileSync('/proc/self/limits', 'utf8')));
});

test('exec has the confinement of the container, whatever that is', () => {
  for (const flags of [[], ['--privileged'], ['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'], ['-u', '1000']]) {
    withContainer(flags, ['busybox', 'sleep', '600'], (id) => {
      const there = parse(output(['exec', id, 'sh', '-c', probe]));
      const fresh = view(...flags);
      for (const name of Object.keys(fresh).filter((one) => one !== 'mounts')) assert.equal(section(there, name), section(fresh, name), `${flags.join(' ')}: ${name}`);
      assert.equal(mountLines(there), mountLines(fresh));
    });
  }
});

/**
 * Mounts of podman that Docker has not, or has with other options, are not compared, and of --privileged not the devices: podman
 * has those as well that the caller may not open. Everything else is.
 */
const compared = ['status', 'uid_map', 'gid_map', 'setgroups', 'dev', 'links', 'fds', 'fds1', 'oom', 'masked', 'readonly'];
const podmanFile = join(testImages, 'podman.json');

if (existsSync(podmanFile)) {
  const podman = JSON.parse(readFileSync(podmanFile, 'utf8')) as Readonly<Record<string, string>>;
  for (const [name, flags] of Object.entries(cases)) {
    test(`the same as in podman: ${name}`, () => {
      const theirs = parse(podman[name] ?? '');
      const ours = view(...flags);
      for (const one of compared) if (name !== 'privileged' || one !== 'dev') assert.equal(section(ours, one), section(theirs, one), one);
    });
  }
} else skip('the same as in podman', 'podman is not installed or cannot run here');

test('--privileged in a container is nothing outside: the host\'s settings, devices and processes stay out of reach', () => {
  const script = 'echo x > /proc/sys/kernel/core_pattern; mount -o remount,rw /proc/sys; echo b > /proc/sysrq-trigger; mknod /tmp/sda b 8 0 && cat /tmp/sda; kill -0 2; ls /proc | grep -c "^[0-9]"';
  const before = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
  const { stdout } = skiff([...bare, '--privileged', 'busybox', 'sh', '-c', script]);
  assert.is(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'), before);
  assert.ok(Number(stdout.trim()) <= 4, stdout);
});

/** Prints the serial number of the session keyring; keyctl(2). */
const keyringProgram = '#include <stdio.h>\n#include <sys/syscall.h>\n#include <unistd.h>\nint main(void) { printf("%ld\\n", syscall(SYS_keyctl, 0, -3, 0)); return 0; }\n';

test('the session keyring is the container\'s own, and out of reach behind the default filter', () => {
  const program = join(scratch(), 'keyring');
  writeFileSync(`${program}.c`, keyringProgram);
  assert.is(execute(['gcc', '-static', '-o', program, `${program}.c`]).status, 0);
  const inside = (...flags: readonly string[]): number => Number(output([...bare, ...flags, '-v', `${program}:/keyring`, 'busybox', '/keyring']).trim());
  const seen = [Number(execute([program]).stdout.trim()), inside('--security-opt', 'seccomp=unconfined'), inside('--security-opt', 'seccomp=unconfined')];
  for (const serial of seen) assert.ok(serial > 0);
  assert.is(new Set(seen).size, 3);
  assert.is(inside(), -1);
});

const helperDigests = (): readonly string[] => {
  const unpacked = join(process.env['HOME'] ?? '', '.cache/skiff/helpers');
  const cached = existsSync(unpacked) ? readdirSync(unpacked).flatMap((digest) => readdirSync(join(unpacked, digest)).map((name) => join(unpacked, digest, name))) : [];
  const given = process.env['SKIFF_HELPERS'] ?? '';
  return [...cached, join(given, 'skiff-helper')].map((path) => `${path} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`);
};

test('a container cannot write to the program that starts it (CVE-2019-5736)', () => {
  const before = helperDigests();
  assert.ok(before.length > 0);
  const attack = 'while :; do for p in /proc/[0-9]*; do (echo overwritten > $p/exe) 2> /dev/null && echo won $p; done; done';
  const directory = scratch();
  writeFileSync(join(directory, 'again'), '#!/proc/self/exe\n', { mode: 0o755 });
  withContainer(['--privileged', '-v', `${directory}:/trap`], ['busybox', 'sh', '-c', attack], (id) => {
    for (let attempt = 0; attempt < 15; attempt++) assert.is(skiff(['exec', id, '/trap/again']).status === 0, false);
    for (let attempt = 0; attempt < 5; attempt++) skiff(['exec', id, '/proc/self/exe', 'launch', '/nowhere']);
  });
  assert.equal(helperDigests(), before);
  assert.is(skiff([...bare, '--privileged', 'busybox', '/proc/self/exe']).status, 125);
  assert.equal(helperDigests(), before);
});

/** Opens what /proc has of every other process, over and over, and tells which of it was somebody else's. */
const spy = 'own=$(stat -c %d:%i /); while :; do for p in /proc/[0-9]*; do r=$(stat -L -c %d:%i $p/root/ 2> /dev/null); [ -n "$r" ] && [ "$r" != "$own" ] && echo "root of $p: $r"; for f in $p/fd/[3-9]; do t=$(readlink $f 2> /dev/null) && case $t in socket:*) echo "$f is $t";; esac; done; done; done';

test('what enters a container cannot be looked into from there before it is the command (CVE-2016-9962)', () => {
  const id = output(['run', '-d', '--network', 'none', '--privileged', '--name', 'spy', 'busybox', 'sh', '-c', `(${spy}) > /seen 2>&1`]).trim();
  try {
    for (let attempt = 0; attempt < 15; attempt++) {
      output(['exec', id, 'true']);
      output([...bare, '--pid', 'container:spy', 'busybox', 'true']);
    }
    // The root of a container that shares the pid namespace is its own, not the host's.
    const host = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').find((line) => line.split(' ')[4] === '/')?.split(' ')[2];
    const seen = output(['exec', id, 'cat', '/seen']).split('\n').filter((line) => line !== '');
    assert.equal(seen.filter((line) => /socket/.test(line)), []);
    const [major, minor] = (host ?? '0:0').split(':').map(Number);
    const device = String((major ?? 0) * 256 + (minor ?? 0));
    assert.equal(seen.filter((line) => line.includes(`: ${device}:2`)), []);
  } finally {
    skiff(['rm', '-f', id]);
  }
});

test.run();
