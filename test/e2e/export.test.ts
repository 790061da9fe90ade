/** `skiff export`: what a container's file system is, running or not, becomes a tar that makes an image again. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, execute, importBusybox, inBusybox, leftovers, output, removeAll, scratch, skiff, skiffCommand, testImages, withContainer } from './skiff.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

/** What `tar -tv` says of each member: kind and mode, owner, name. */
const membersOf = (archive: Buffer): ReadonlyMap<string, string> => {
  const listed = spawnSync('tar', ['-tvf', '-', '--numeric-owner'], { input: archive, maxBuffer: 64 << 20 });
  assert.is(listed.stderr.toString(), '');
  return new Map(
    listed.stdout.toString().trim().split('\n').map((line) => {
      const [mode = '', owner = '', , , , ...name] = line.split(/\s+/);
      return [name.join(' '), `${mode} ${owner}`] as const;
    }),
  );
};

const exported = (word: string): Buffer => {
  const done = skiff(['export', word]);
  assert.equal({ status: done.status, stderr: done.stderr }, { status: 0, stderr: '' });
  return done.bytes;
};

const textIn = (archive: Buffer, name: string): string => spawnSync('tar', ['-xOf', '-', name], { input: archive }).stdout.toString();

const changes = 'echo new > /etc/new; rm /bin/vi; mkdir -m 1777 /data; chown 33:44 /data; echo hidden > /scratch/x; echo hidden > /run/x; mkfifo /fifo; ln /etc/new /linked; ln -s etc/new /link';
const mounts = (volume: string): readonly string[] => ['-v', `${volume}:/mnt/volume`, '--tmpfs', '/scratch', '--tmpfs', '/run'];

/** What `changes` must have made of busybox in an archive, and what must not be in it. */
const checkChanges = (archive: Buffer): void => {
  const members = membersOf(archive);
  const said = ['etc/new', 'data/', 'fifo', 'linked link to etc/new', 'link -> etc/new', 'bin/vi', 'scratch/', 'scratch/x', 'run/x', 'mnt/volume/', 'mnt/volume/own', 'dev/null', 'proc/1/'].map((name) => [name, members.get(name)]);
  assert.equal(said, [
    ['etc/new', '-rw-r--r-- 0/0'],
    ['data/', 'drwxrwxrwt 33/44'],
    ['fifo', 'prw-r--r-- 0/0'],
    ['linked link to etc/new', 'hrw-r--r-- 0/0'],
    ['link -> etc/new', 'lrwxrwxrwx 0/0'],
    ['bin/vi', undefined],
    ['scratch/', 'drwxr-xr-x 0/0'],
    ['scratch/x', undefined],
    ['run/x', undefined],
    ['mnt/volume/', 'drwxr-xr-x 0/0'],
    ['mnt/volume/own', undefined],
    ['dev/null', undefined],
    ['proc/1/', undefined],
  ]);
  assert.is(textIn(archive, 'etc/new'), 'new\n');
  assert.is([...members.keys()].some((name) => name.startsWith('./') || name.startsWith('/')), false);
};

const volumeWithFile = (): string => {
  const volume = scratch();
  writeFileSync(join(volume, 'own'), 'not exported');
  return volume;
};

test('a container that has ended', () => {
  output(['run', '--name', 'ended', '--network', 'none', ...mounts(volumeWithFile()), 'busybox', 'sh', '-c', changes]);
  const archive = exported('ended');
  checkChanges(archive);
  assert.ok(exported('ended').equals(archive), 'the same bytes again');
});

test('a running container: its live file system, again and again', () =>
  withContainer(mounts(volumeWithFile()), ['busybox', 'sh', '-c', `${changes}; touch /done; sleep 1000`], (id) => {
    output(['exec', id, 'sh', '-c', 'while [ ! -e /done ]; do sleep 0.05; done']);
    checkChanges(exported(id));
    output(['exec', id, 'sh', '-c', 'echo later > /later']);
    assert.is(textIn(exported(id), 'later'), 'later\n');
    assert.is(output(['exec', id, 'cat', '/later']), 'later\n', 'the container goes on');
  }));

test('by name and the beginning of its id; container export is the same', () => {
  const id = output(['run', '-d', '--name', 'named', '--network', 'none', 'busybox', 'true']).trim();
  skiff(['attach', id]);
  const archive = exported('named');
  assert.ok(exported(id.slice(0, 12)).equals(archive));
  assert.ok(skiff(['container', 'export', 'named']).bytes.equals(archive));
});

test('export and import make a working image', () => {
  output(['run', '--name', 'source', '--network', 'none', 'busybox', 'sh', '-c', 'echo kept > /kept; chown 33:44 /kept']);
  const [program, ...words] = skiffCommand;
  const done = execute(['sh', '-c', '"$@" export source | "$@" import - flat', 'sh', program, ...words]);
  assert.is(done.stderr, '');
  assert.is(output(['run', '--rm', '--network', 'none', 'flat', 'sh', '-c', 'cat /kept; stat -c %u:%g /kept']), 'kept\n33:44\n');
});

test('with keep-id the owners are those that the container sees, while it runs and later', async () => {
  // The kernel's overlay cannot show other ids, so this one is always with fuse-overlayfs.
  const command = ['busybox', 'sh', '-c', 'touch /own; chown 7:8 /own; touch /done; while [ ! -e /stop ]; do sleep 0.05; done'];
  const id = output(['--storage-driver', 'fuse-overlayfs', 'run', '-d', '--network', 'none', '--userns', 'keep-id', '--user', '0', ...command]).trim();
  output(['exec', id, 'sh', '-c', 'while [ ! -e /done ]; do sleep 0.05; done']);
  const check = (): void => {
    const members = membersOf(exported(id));
    assert.is(members.get('own'), '-rw-r--r-- 7/8');
    assert.is(members.get('bin/')?.split(' ')[1], '0/0');
  };
  check();
  output(['exec', id, 'touch', '/stop']);
  await eventually('the container has ended', () => output(['ps', '-q']) === '');
  check();
});

test('with --rootfs: the merged view, and the directory itself is not touched', () => {
  const rootfs = join(scratch(), 'rootfs');
  mkdirSync(rootfs);
  execute(['tar', '-xf', join(testImages, 'busybox.tar'), '-C', rootfs]);
  output(['run', '--name', 'directory', '--network', 'none', '--rootfs', rootfs, 'sh', '-c', 'echo new > /new; rm /bin/vi']);
  const members = membersOf(exported('directory'));
  assert.ok(members.has('new') && [...members.keys()].some((name) => name.startsWith('bin/busybox')));
  assert.not.ok(existsSync(join(rootfs, 'new')));
  assert.is([...members.keys()].some((name) => /^bin\/vi( |$)/.test(name)), false);
});

test('-o: whole or not at all, for the user only, and through a link', () => {
  output(['run', '--name', 'written', '--network', 'none', 'busybox', 'true']);
  const directory = scratch();
  const file = join(directory, 'out.tar');
  assert.is(output(['export', '-o', file, 'written']), '');
  assert.is(statSync(file).mode & 0o777, 0o600);
  assert.ok(readFileSync(file).equals(exported('written')));
  symlinkSync('out.tar', join(directory, 'link'));
  writeFileSync(file, 'old');
  output(['export', '--output', join(directory, 'link'), 'written']);
  assert.ok(statSync(file).size > 1000);
  writeFileSync(file, 'old');
  assert.is(skiff(['export', '-o', file, 'nobody']).status, 1);
  assert.is(readFileSync(file, 'utf8'), 'old');
  assert.equal(readdirSync(directory).sort(), ['link', 'out.tar']);
  assert.is(output(['export', '-o', '/dev/null', 'written']), '');
});

test('failures are one line and exit 1', () => {
  output(['run', '--name', 'there', '--network', 'none', 'busybox', 'true']);
  const refusal = (...args: string[]): string => {
    const { status, stdout, stderr } = skiff(['export', ...args]);
    assert.equal({ status, stdout }, { status: 1, stdout: '' });
    assert.match(stderr, /^skiff: [^\n]+\n$/);
    return stderr;
  };
  assert.match(refusal('nobody'), /no such container: nobody/);
  assert.match(refusal('-o', '/nowhere/x', 'there'), /no such directory: \/nowhere/);
  assert.match(refusal('-o', scratch(), 'there'), /it is a directory/);
  assert.is(skiff(['export']).status, 125);
  const terminal = execute(['script', '-qec', `${skiffCommand.join(' ')} export there`, '/dev/null']);
  assert.is(terminal.status, 1);
  assert.match(terminal.stdout, /an archive is not written to a terminal/);
});

test('a reader that goes away ends it quietly', () => {
  output(['run', '--name', 'cut', '--network', 'none', 'busybox', 'true']);
  const [program, ...words] = skiffCommand;
  const done = execute(['bash', '-c', '"$@" export cut | head -c 100 | wc -c; echo ${PIPESTATUS[0]}', 'sh', program, ...words]);
  assert.equal({ stdout: done.stdout, stderr: done.stderr }, { stdout: '100\n141\n', stderr: '' });
});

test('under another OCI runtime: the container, not the host that the runtime sees', async () => {
  const id = output(['run', '-d', '--network', 'none', '--runtime', 'runc', 'busybox', 'sh', '-c', 'echo mine > /own; sleep 1000']).trim();
  await eventually('the runtime has started it', () => skiff(['exec', id, 'test', '-s', '/own']).status === 0);
  const archive = exported(id);
  assert.is(textIn(archive, 'own'), 'mine\n');
  assert.equal([...membersOf(archive).keys()].filter((name) => /^(work|boot|srv)\//.test(name)), []);
});

/** Command lines of our running processes that contain all of these words. */
const running = (...words: readonly string[]): readonly string[] =>
  readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return words.every((word) => line.includes(word)) ? [line] : [];
    } catch {
      return []; // ended meanwhile
    }
  });

test('a killed export takes its mount and its processes with it', async () => {
  const id = output(['run', '-d', '--name', 'killed', '--network', 'none', 'busybox', 'true']).trim();
  await eventually('the container has ended', () => output(['ps', '-q']) === '');
  const [program, ...words] = skiffCommand;
  const child = spawn(program, [...words, 'export', 'killed'], { stdio: ['ignore', 'pipe', 'inherit'] });
  // Nobody reads: the archive is larger than a pipe, so it is still being written.
  await eventually('the archive is being written', () => running('skiff-tree', 'pack', '--dir').length > 0);
  child.kill('SIGKILL');
  await eventually('all of it is gone', () => running(`containers/${id}/`).length === 0 && running('skiff-tree', 'pack', '--dir').length === 0);
});

test('no mount, process or file is left behind', () => {
  assert.equal(leftovers(), []);
  assert.is(inBusybox([], 'echo fine'), 'fine\n');
  const mountinfo = readFileSync('/proc/self/mountinfo', 'utf8');
  assert.not.match(mountinfo, /\/merged /);
});

test.run();
