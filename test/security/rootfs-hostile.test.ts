/**
 * Root file systems that try to lead the runtime elsewhere: links and files where directories should be, in images and in
 * --rootfs directories. Either it is refused in one line, or everything stays inside.
 * @time-limit 300
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeBusyboxRootfs, sha256, ociArchive } from '../make-image.ts';
import { tar } from '../tar-maker.ts';
import type { Entry } from '../tar-maker.ts';
import { bare, leftovers, output, scratch, skiff, testImages } from '../e2e/skiff.ts';

/** Up and out of any directory. */
const out = '../../../../../../../../../..';

interface Trial {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Change = (root: string) => void;

/** A busybox root directory with `change` applied, run with --rootfs. */
const inDirectory = (change: Change, flags: readonly string[], script: string): Trial => {
  const rootfs = join(scratch(), 'rootfs');
  mkdirSync(rootfs);
  makeBusyboxRootfs(rootfs);
  writeFileSync(join(rootfs, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  change(rootfs);
  return skiff([...bare, ...flags, '--rootfs', rootfs, '/bin/sh', '-c', script]);
};

const busyboxBytes = readFileSync(join(testImages, 'busybox/bin/busybox'));

/** An image whose only layer has a shell and these entries. */
const inImage = (entries: readonly Entry[], flags: readonly string[], script: string): Trial => {
  const layer = tar({ name: 'bin/', type: 'directory' }, { name: 'bin/busybox', mode: 0o755, data: busyboxBytes }, { name: 'bin/sh', type: 'symlink', linkname: 'busybox' }, ...entries);
  const archive = join(scratch(), 'image.tar');
  writeFileSync(archive, ociArchive({ layers: [layer], names: [`hostile:${sha256(layer).slice(7, 19)}`], config: { Cmd: ['/bin/sh'] } }));
  const loaded = skiff(['load', '-q', '-i', archive]);
  assert.is(loaded.status, 0, loaded.stderr);
  return skiff([...bare, ...flags, `hostile:${sha256(layer).slice(7, 19)}`, '/bin/sh', '-c', script]);
};

const refusedInOneLine = ({ status, stdout, stderr }: Trial, line: RegExp): void => {
  assert.is(status, 125, stderr);
  assert.is(stdout, '');
  assert.match(stderr, /^skiff: [^\u0000-\u001f\u007f]+\n$/);
  assert.match(stderr, line);
  assert.equal(leftovers(), []);
};

const succeeds = ({ status, stdout, stderr }: Trial, expected: string): void => {
  assert.equal({ status, stdout, stderr }, { status: 0, stdout: expected, stderr: '' });
  assert.equal(leftovers(), []);
};

const replace = (path: string, make: (at: string) => void): Change => (root) => {
  rmSync(join(root, path), { recursive: true, force: true });
  make(join(root, path));
};

const link = (path: string, target: string): Change => replace(path, (at) => symlinkSync(target, at));
const file = (path: string, data: string | Buffer = ''): Change => replace(path, (at) => writeFileSync(at, data));

for (const place of ['proc', 'dev', 'sys']) {
  for (const target of ['etc', '/etc', `${out}/tmp`, '/proc/self/fd', 'nowhere']) {
    test(`/${place} as a link to ${target} is refused`, () => {
      refusedInOneLine(inDirectory(link(place, target), [], 'echo ran'), new RegExp(`refusing the root file system: /${place} is or passes through a symbolic link`));
      refusedInOneLine(inImage([{ name: place, type: 'symlink', linkname: target }], [], 'echo ran'), new RegExp(`/${place} is or passes through a symbolic link`));
    });
  }
  test(`/${place} as a file is refused`, () => {
    refusedInOneLine(inDirectory(file(place), [], 'echo ran'), new RegExp(`cannot mount on /${place}: it is not a directory in the image`));
    refusedInOneLine(inImage([{ name: place, data: 'x' }], [], 'echo ran'), new RegExp(`/${place}: it is not a directory in the image`));
  });
}

test('/dev/pts, /dev/shm and /dev/null of an image are covered whatever they are', () => {
  const change: Change = (root) => {
    symlinkSync('/etc', join(root, 'dev/pts'));
    symlinkSync(`${out}/tmp`, join(root, 'dev/shm'));
    writeFileSync(join(root, 'dev/null'), 'not null');
    symlinkSync('/etc/passwd', join(root, 'dev/console'));
  };
  succeeds(inDirectory(change, [], 'test -c /dev/null && test -d /dev/shm && stat -f -c %T /dev/shm'), 'tmpfs\n');
  const entries: readonly Entry[] = [{ name: 'dev/', type: 'directory' }, { name: 'dev/pts', type: 'symlink', linkname: '/etc' }, { name: 'dev/shm', type: 'symlink', linkname: '/etc' }];
  succeeds(inImage(entries, [], '/bin/busybox test -d /dev/pts && echo fine'), 'fine\n');
});

test('/etc as a file is refused, as a link it stays inside', () => {
  refusedInOneLine(inDirectory(file('etc'), [], 'echo ran'), /cannot bind onto \/etc\/resolv\.conf/);
  const victim = scratch();
  succeeds(inDirectory(link('etc', `${out}${victim}`), [], `test -e /etc/hosts && test -e ${victim}/hosts && echo inside`), 'inside\n');
  assert.equal(readdirSync(victim), []);
  succeeds(inDirectory(link('etc', '/var'), [], 'test -e /var/hosts && echo inside'), 'inside\n');
});

test('/etc/hosts and the like as links never lead to the host\'s files', () => {
  const victim = join(scratch(), 'victim');
  writeFileSync(victim, 'of the host\n');
  for (const name of ['hosts', 'hostname', 'resolv.conf']) {
    for (const target of [victim, `${out}${victim}`, '/proc/self/environ', '/proc/1/root/etc/hosts']) {
      const { status, stderr } = inDirectory(link(`etc/${name}`, target), [], `echo changed >/etc/${name}`);
      assert.ok(status === 0 || (status === 125 && /^skiff: [^\n]+\n$/.test(stderr)) || status === 1, `${name} -> ${target}: ${status} ${stderr}`);
    }
  }
  assert.is(readFileSync(victim, 'utf8'), 'of the host\n');
});

test('/etc/hosts as a directory or a FIFO is refused or covered, and does not hang', () => {
  refusedInOneLine(inDirectory(replace('etc/hosts', (at) => mkdirSync(at)), [], 'echo ran'), /\/etc\/hosts/);
  succeeds(inDirectory(replace('etc/hosts', (at) => execFileSync('mkfifo', [at])), [], 'grep -c localhost /etc/hosts'), '2\n');
});

test('/etc/passwd as a FIFO, a link to a device, to the host or to itself gives no users and does not hang', () => {
  const secret = join(scratch(), 'passwd');
  writeFileSync(secret, 'intruder:x:4242:4242::/intruder:/bin/sh\n');
  const changes: readonly Change[] = [
    replace('etc/passwd', (at) => execFileSync('mkfifo', [at])),
    link('etc/passwd', '/dev/zero'),
    link('etc/passwd', '/dev/tty'),
    link('etc/passwd', secret),
    link('etc/passwd', `${out}${secret}`),
    link('etc/passwd', 'passwd'),
    link('etc/passwd', '/proc/self/fd/0'),
    link('etc/passwd', `/proc/1/root${secret}`),
    replace('etc/passwd', (at) => mkdirSync(at)),
  ];
  for (const change of changes) {
    succeeds(inDirectory(change, ['-u', '77'], 'stat -L -c %u /proc/self'), '77\n');
    refusedInOneLine(inDirectory(change, ['-u', 'intruder'], 'id -u'), /unable to find user intruder/);
  }
});

test('/etc/passwd of 17 MB is refused, of 1 MB it is read', () => {
  const lines = (count: number): string => Array.from({ length: count }, (_, i) => `user${i}:x:${i + 1}:${i + 1}::/:/bin/sh`).join('\n');
  succeeds(inDirectory(file('etc/passwd', lines(30000)), ['-u', 'user20000'], 'stat -L -c %u /proc/self'), '20001\n');
  refusedInOneLine(inDirectory(file('etc/passwd', Buffer.alloc(17 << 20, 'x')), [], 'echo ran'), /\/etc\/passwd in the container is larger than 16 MiB/);
});

test('a bind\'s target through a link that leads out lands inside', () => {
  const victim = scratch();
  const source = scratch();
  writeFileSync(join(source, 'file'), 'bound\n');
  const change: Change = (root) => {
    symlinkSync(`${out}${victim}`, join(root, 'escape'));
    symlinkSync(victim, join(root, 'absolute'));
  };
  succeeds(inDirectory(change, ['-v', `${source}:/escape/deep`, '-v', `${source}/file:/absolute/file`], `cat ${victim}/deep/file ${victim}/file`), 'bound\nbound\n');
  assert.equal(readdirSync(victim), []);
});

test('a working directory through a link that leads out is made inside', () => {
  const victim = scratch();
  const change: Change = (root) => symlinkSync(`${out}${victim}`, join(root, 'escape'));
  succeeds(inDirectory(change, ['-w', '/escape/new'], 'pwd -P'), `${victim}/new\n`);
  assert.equal(readdirSync(victim), []);
});

test('a working directory behind a magic link is refused (CVE-2024-21626)', () => {
  for (let fd = 3; fd < 12; fd += 1) {
    const { status, stdout, stderr } = inDirectory(() => undefined, ['-w', `/proc/self/fd/${fd}`], 'ls ../../../../../..');
    assert.is(status, 125, `${fd}: ${stdout}`);
    assert.match(stderr, /^skiff: [^\n]+\n$/);
  }
  assert.is(inDirectory((root) => symlinkSync('/proc/self/fd/8', join(root, 'way')), ['-w', '/way/../..'], 'pwd').stdout, '/\n');
});

test('links whose targets are missing are followed inside the root, where the targets are made', () => {
  const change: Change = (root) => {
    symlinkSync('../run/systemd/resolve/stub-resolv.conf', join(root, 'etc/resolv.conf'));
    symlinkSync('/run', join(root, 'var/run'));
    symlinkSync('loop', join(root, 'loop'));
  };
  succeeds(inDirectory(change, ['-w', '/var/run/app'], 'pwd -P; test -f /run/systemd/resolve/stub-resolv.conf && echo made'), '/run/app\nmade\n');
  refusedInOneLine(inDirectory(change, ['-w', '/loop/x'], 'pwd'), /\/loop\/x/);
});

test('a tmpfs goes where a link inside the root leads, and never outside', () => {
  const victim = scratch();
  const change: Change = (root) => {
    mkdirSync(join(root, 'run'));
    symlinkSync('/run', join(root, 'var/run'));
    symlinkSync(`${out}${victim}`, join(root, 'escape'));
  };
  succeeds(inDirectory(change, ['--tmpfs', '/var/run', '--tmpfs', '/escape'], `stat -f -c %T /run; stat -f -c %T ${victim}`), 'tmpfs\ntmpfs\n');
  assert.equal(readdirSync(victim), []);
});

test('what an image says never reaches the terminal as it is', () => {
  const layer = tar({ name: 'x', data: 'x' });
  const archive = join(scratch(), 'image.tar');
  const load = (config: Readonly<Record<string, unknown>>): Trial => {
    writeFileSync(archive, ociArchive({ layers: [layer], names: ['words:latest'], config }));
    skiff(['load', '-q', '-i', archive]);
    return skiff([...bare, 'words']);
  };
  for (const config of [{ Cmd: ['\u001b[31mred'] }, { Cmd: ['x'], User: '\u001b]0;title\u0007' }, { Cmd: ['x'], WorkingDir: '/\u001b[2J' }, { Cmd: ['x\u0000y'] }, { Cmd: ['x'], Env: ['=\u001b'] }, { Entrypoint: [''] }]) {
    const { status, stdout, stderr } = load(config);
    assert.ok(status === 125 || status === 127, `${JSON.stringify(config)}: ${status}`);
    assert.is(stdout, '');
    assert.match(stderr, /^skiff: [^\u0000-\u001f\u007f-\u009f]+\n$/, JSON.stringify(config));
  }
  assert.equal(leftovers(), []);
});

test('an image without anything, not even directories, runs a program that is mounted in', () => {
  const archive = join(scratch(), 'image.tar');
  writeFileSync(archive, ociArchive({ layers: [tar()], names: ['nothing:latest'], config: {} }));
  assert.is(skiff(['load', '-q', '-i', archive]).status, 0);
  const said = output([...bare, '-v', `${testImages}/busybox/bin/busybox:/busybox:ro`, 'nothing', '/busybox', 'ls', '/']);
  assert.is(said, 'busybox\ndev\netc\nproc\nsys\n');
});

test('files of the host are as they were', () => {
  const place = join(scratch(), 'rootfs');
  mkdirSync(place);
  makeBusyboxRootfs(place);
  copyFileSync('/bin/busybox', join(place, 'bin/other'));
  const before = lstatSync(join(place, 'bin/other'));
  assert.is(skiff([...bare, '--rootfs', place, '/bin/sh', '-c', 'echo x >/bin/other; chmod 4777 /bin/other; ln -f /bin/other /bin/third; rm /bin/busybox']).status, 0);
  const after = statSync(join(place, 'bin/other'));
  assert.equal([after.mode, after.size, after.nlink, after.mtimeMs], [before.mode, before.size, before.nlink, before.mtimeMs]);
  assert.ok(existsSync(join(place, 'bin/busybox')));
});

test.run();
