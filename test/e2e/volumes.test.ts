/**
 * Volumes in containers: by name, without one, of the image, of other containers; filled once; their owners; what goes with a container and what stays.
 * @time-limit 900
 */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tar } from '../tar-maker.ts';
import { bare, eventually, importBusybox, inBusybox, loadImage, output, removeAll, root, scratch, skiff, skiffCommand, withContainer } from './skiff.ts';

/** An image whose directory belongs to a user of its own, with links, an attribute and times to be kept. */
const content = tar(
  { name: 'data/', type: 'directory', mode: 0o2750, uid: 999, gid: 998 },
  { name: 'data/file', data: 'from the image\n', mode: 0o4711, uid: 999, gid: 998, mtime: 1_000_000_000 },
  { name: 'data/hard', type: 'hardlink', linkname: 'data/file' },
  { name: 'data/link', type: 'symlink', linkname: 'file', uid: 999, gid: 998 },
  { name: 'data/sub/', type: 'directory', mode: 0o700, uid: 7, gid: 7, mtime: 1_000_000_000 },
  { name: 'data/sub/deep', data: 'x', uid: 7, gid: 7, pax: { 'SCHILY.xattr.user.note': 'kept' } },
  { name: 'empty/', type: 'directory', mode: 0o1777, uid: 33, gid: 33 },
);

/** Processes of this test's root whose command line has this word. */
const processesWith = (word: string): readonly number[] =>
  readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      return words.includes(`\0${word}\0`) && words.includes(root);
    } catch {
      return false;
    }
  });

/** How many copies were found that were not whole. */
let halves = 0;

/** Starts a container that fills the volume, and kills its sandbox so many milliseconds after that has begun. */
const killedFiller = async (name: string, after: number): Promise<void> => {
  const [program, ...words] = skiffCommand;
  const child = spawn(program, [...words, ...bare, '-v', `${name}:/data`, 'many', 'true'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await Promise.race([ended, eventually('the sandbox is there', () => processesWith('sandbox').length > 0)]);
  await new Promise((resolve) => setTimeout(resolve, after));
  for (const pid of processesWith('sandbox')) process.kill(pid, 'SIGKILL');
  await ended;
  const directory = join(root, 'volumes', name);
  if (existsSync(join(directory, '.filling')) || existsSync(join(directory, '.filled'))) halves += 1;
};

test.before(() => {
  importBusybox();
  loadImage('filled', { Cmd: ['sh'], Volumes: { '/data': {} } }, content);
});
test.after.each(() => {
  removeAll();
  skiff(['volume', 'prune', '-af']);
});

const volumes = (): readonly string[] => output(['volume', 'ls', '-q']).split('\n').filter((name) => name !== '');

const look = 'cd /data; stat -c "%n %u:%g %a %h" . file hard link sub sub/deep; readlink link; stat -c %Y file sub; cat file';
const seen = '. 999:998 2750 3\nfile 999:998 4711 2\nhard 999:998 4711 2\nlink 999:998 777 1\nsub 7:7 700 2\nsub/deep 7:7 644 1\nfile\n1000000000\n1000000000\nfrom the image\n';

test('what the image has is in the volume: owners, modes, times, hard and symbolic links', () => {
  assert.is(output([...bare, '-v', 'vol:/data', 'filled', 'sh', '-c', look]), seen);
  assert.is(output([...bare, '-v', 'vol:/data', 'busybox', 'sh', '-c', look]), seen, 'and another image finds it there');
  assert.is(output([...bare, 'filled', 'sh', '-c', look]), seen, 'in an anonymous one too');
  assert.equal(volumes(), ['vol']);
  assert.ok(skiff(['volume', 'export', 'vol']).bytes.includes('SCHILY.xattr.user.note=kept'), 'attributes too');
});

test('the same with every way to join layers, and when the container is only made', () => {
  for (const driver of ['overlay', 'fuse-overlayfs']) assert.is(output(['--storage-driver', driver, ...bare, '-v', `${driver}:/data`, 'filled', 'sh', '-c', look]), seen, driver);
  output(['create', '--name', 'source', '-v', 'made:/data', 'filled']);
  assert.is(output([...bare, '-v', 'made:/data', 'busybox', 'sh', '-c', look]), seen);
});

test('a volume is filled only where it is empty, and once in a container\'s life', () => {
  inBusybox(['-v', 'own:/x'], 'echo mine > /x/file');
  assert.is(output([...bare, '-v', 'own:/data', 'filled', 'sh', '-c', 'ls /data; cat /data/file']), 'file\nmine\n');
  output(['run', '--name', 'again', '--network', 'none', '-v', 'again:/data', 'filled', 'sh', '-c', 'rm -rf /data/*']);
  output(['start', '-a', 'again']);
  assert.is(inBusybox(['-v', 'again:/x'], 'ls /x'), '', 'a second start does not bring back what the first one has removed');
  assert.is(output([...bare, '-v', 'bare:/data:nocopy', 'filled', 'ls', '/data']), '');
  assert.is(output([...bare, '--mount', 'src=bare,dst=/data,volume-nocopy', 'filled', 'ls', '/data']), '');
});

test('an empty directory of the image gives owner and mode, one that it does not have none', () => {
  assert.is(output([...bare, '-v', 'tmp:/empty', 'filled', 'stat', '-c', '%u:%g %a', '/empty']), '33:33 1777\n');
  assert.is(output([...bare, '-v', 'fresh:/not/there', '-u', '5', 'filled', 'stat', '-c', '%u:%g %a', '/not/there']), '0:0 755\n');
});

test('two containers that start together fill one volume once, and both see all of it', async () => {
  const many = tar({ name: 'data/', type: 'directory' }, ...Array.from({ length: 1000 }, (_, at) => ({ name: `data/${at}`, data: `${at}` })));
  loadImage('many', { Cmd: ['sh'] }, many);
  const starts = Array.from({ length: 6 }, () => {
    const [program, ...words] = skiffCommand;
    const child = spawn(program, [...words, ...bare, '-v', 'shared:/data', 'many', 'sh', '-c', 'ls /data | wc -l'], { stdio: ['ignore', 'pipe', 'inherit'] });
    return new Promise<string>((resolve) => {
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      child.on('close', () => resolve(said.trim()));
    });
  });
  assert.equal(await Promise.all(starts), Array.from(starts, () => '1000'));
  assert.equal(readdirSync(join(root, 'volumes/shared')).sort(), ['.lock', '_data', 'volume.json']);
});

test('a filler that is killed at any moment leaves nothing half-made to see', async () => {
  for (let round = 0; round < 10; round += 1) {
    const name = `kill${round}`;
    await killedFiller(name, round * 4);
    const count = output([...bare, '-v', `${name}:/data`, 'many', 'sh', '-c', 'ls -A /data | wc -l']).trim();
    assert.is(count, '1000', `round ${round}`);
    removeAll();
  }
});

test('the kills of that test hit fillers at work', () => {
  assert.ok(halves > 0, 'no copy was interrupted');
});

test('anonymous volumes go with --rm and rm -v, not with rm', () => {
  output([...bare, '-v', '/a', 'filled', 'true']);
  assert.equal(volumes(), []);
  output(['run', '--name', 'one', '--network', 'none', '-v', '/a', 'filled', 'true']);
  const names = volumes();
  assert.is(names.length, 2);
  for (const name of names) assert.match(name, /^[0-9a-f]{64}$/);
  output(['rm', 'one']);
  assert.equal(volumes(), names);
  assert.is(inBusybox(['-v', `${names[0]}:/x`, '-v', `${names[1]}:/y`], 'cat /x/file /y/file 2>/dev/null || true'), 'from the image\n', 'one can be attached again by its name');
  output(['create', '--name', 'two', '-v', 'named:/n', '-v', '/a', 'filled']);
  output(['rm', '-v', 'two']);
  assert.equal(volumes().filter((name) => !names.includes(name)), ['named'], 'what has a name stays');
});

test('an anonymous volume that another container names outlives the one it was made for', () => {
  const id = output(['run', '-d', '--rm', '--network', 'none', 'filled', 'sleep', '60']).trim();
  output(['create', '--name', 'heir', '--volumes-from', id, 'busybox', 'ls', '/data']);
  const [name = ''] = volumes();
  output(['rm', '-f', id]);
  assert.equal(volumes(), [name]);
  assert.is(output(['start', '-a', 'heir']), 'file\nhard\nlink\nsub\n');
  output(['rm', 'heir']);
  assert.match(output(['volume', 'prune', '-f']), new RegExp(`Deleted Volumes:\\n${name}\\n`));
});

test('--volumes-from: volumes and host paths, read-only where that is asked for', () => {
  const directory = scratch();
  writeFileSync(join(directory, 'host'), 'h');
  withContainer(['-v', 'vol:/v', '-v', `${directory}:/h:ro`, '--tmpfs', '/m'], ['filled', 'sleep', '60'], (id) => {
    assert.is(inBusybox(['--volumes-from', id], 'ls /data /h | tr "\\n" " "; test -e /m || echo none; touch /v/x; touch /h/x 2>/dev/null || echo kept'), '/data: file hard link sub  /h: host none\nkept\n');
    assert.is(inBusybox(['--volumes-from', `${id}:ro`], 'ls /v; touch /v/y 2>/dev/null || echo refused'), 'x\nrefused\n');
    assert.is(inBusybox(['--volumes-from', id, '-v', 'other:/v'], 'ls /v'), '');
  });
  const none = skiff([...bare, '--volumes-from', 'nobody', 'busybox', 'true']);
  assert.equal([none.status, none.stderr], [125, 'skiff: no such container: nobody\n']);
});

test('a part of a volume, which cannot be left', () => {
  inBusybox(['-v', 'vol:/x'], 'mkdir -p /x/a/b /x/c; echo in > /x/a/b/file; ln -s /etc /x/out; ln -s ../.. /x/a/up; ln -s a/b /x/in; ln -s ../c /x/a/side');
  const part = (path: string) => skiff([...bare, '--mount', `src=vol,dst=/p,volume-subpath=${path}`, 'busybox', 'sh', '-c', 'ls /p']);
  assert.is(part('a/b').stdout, 'file\n');
  assert.is(part('in').stdout, 'file\n', 'a link within the volume is followed');
  assert.is(part('a/side').status, 0);
  assert.is(output([...bare, '--mount', 'src=vol,dst=/f,volume-subpath=a/b/file,ro', 'busybox', 'cat', '/f']), 'in\n');
  for (const path of ['out', 'a/up', 'a/up/x', 'out/passwd']) assert.match(part(path).stderr, /volume-subpath .* (leads out of volume vol|No such)/, path);
  assert.match(part('none').stderr, /^skiff: cannot access volume-subpath none of volume vol: No such file or directory\n$/);
});

test('in memory: size, owner and mode hold, and contents last while any container uses it', () => {
  output(['volume', 'create', '--opt', 'type=tmpfs', '--opt', 'device=tmpfs', '--opt', 'o=size=4m,uid=80,gid=81,mode=0710', 'memory']);
  withContainer(['-v', 'memory:/m'], ['busybox', 'sh', '-c', 'stat -c "%u:%g %a" /m; echo kept > /m/x; sleep 60'], (id) => {
    assert.is(inBusybox(['-v', 'memory:/n'], 'until [ -s /n/x ]; do sleep 0.05; done; cat /n/x; df -k /n | tail -n 1 | awk \'{print $2}\''), 'kept\n4096\n');
    assert.is(output(['logs', id]), '80:81 710\n');
    assert.match(inBusybox(['-v', 'memory:/n'], 'dd if=/dev/zero of=/n/big bs=1M count=8 2>&1 || true'), /No space left/);
    assert.match(skiff(['volume', 'rm', 'memory']).stderr, /volume is in use/);
  });
  assert.is(inBusybox(['-v', 'memory:/m'], 'ls -A /m'), '', 'it is empty for the next one');
  output(['volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', 'plain']);
  assert.is(output([...bare, '-v', 'plain:/data', 'filled', 'sh', '-c', look]), seen, 'and it is filled like any other');
});

test('a directory of the host under a name, and types that only root may mount', () => {
  const directory = scratch();
  writeFileSync(join(directory, 'host'), 'h\n');
  output(['volume', 'create', '-o', 'type=none', '-o', 'o=bind', '-o', `device=${directory}`, 'bound']);
  assert.is(output([...bare, '-v', 'bound:/data', 'filled', 'sh', '-c', 'cat /data/host; ls /data; echo w > /data/w']), 'h\nhost\n', 'one that is not empty is not filled');
  assert.is(readFileSync(join(directory, 'w'), 'utf8'), 'w\n');
  output(['volume', 'create', '-o', 'type=none', '-o', 'o=bind,ro', '-o', `device=${directory}`, 'locked']);
  assert.is(inBusybox(['-v', 'locked:/d'], 'touch /d/no 2>/dev/null || echo refused'), 'refused\n');
  output(['volume', 'rm', 'bound', 'locked']);
  assert.is(readFileSync(join(directory, 'host'), 'utf8'), 'h\n', 'what is the host\'s stays');
  output(['volume', 'create', '-o', 'type=none', '-o', 'o=bind', '-o', 'device=/nowhere', 'lost']);
  assert.match(skiff([...bare, '-v', 'lost:/d', 'busybox', 'true']).stderr, /^skiff: cannot mount volume lost: bind \/nowhere: no such file or directory\n$/);
  for (const type of ['nfs', 'btrfs', 'xfs', 'ext4']) {
    output(['volume', 'create', '-o', `type=${type}`, '-o', 'device=/dev/x', '-o', 'o=addr=192.0.2.1', `a-${type}`]);
    const refused = skiff([...bare, '-v', `a-${type}:/d`, 'busybox', 'true']);
    assert.is(refused.status, 125);
    assert.match(refused.stderr, new RegExp(`volume a-${type} .*only root`), type);
  }
});

test('U gives everything to the container\'s user', () => {
  inBusybox(['-v', 'vol:/x'], 'mkdir -p /x/a/b; touch /x/a/b/c; ln -s /etc/passwd /x/link; chown -h 3:4 /x/link');
  assert.is(inBusybox(['-v', 'vol:/x:U', '-u', '12:34'], 'cd /x; stat -c "%n %u:%g" . a a/b a/b/c link; stat -c "%u:%g" /etc/passwd; touch a/b/new'), '. 12:34\na 12:34\na/b 12:34\na/b/c 12:34\nlink 12:34\n0:0\n');
  const directory = scratch();
  mkdirSync(join(directory, 'sub'));
  assert.is(inBusybox(['-v', `${directory}:/x:U`, '-u', '12:34'], 'stat -c "%u:%g" /x /x/sub'), '12:34\n12:34\n');
  inBusybox(['-v', `${directory}:/x`], 'chown -R 0:0 /x');
});

test('with keep-id a new volume is the caller\'s, and what the image has keeps its owners', () => {
  const fuse = ['--storage-driver', 'fuse-overlayfs'];
  const me = `${process.getuid?.()}:${process.getgid?.()}`;
  assert.is(output([...fuse, ...bare, '--userns', 'keep-id', '-v', 'mine:/new', 'filled', 'sh', '-c', 'stat -c %u:%g /new; touch /new/x && echo written']), `${me}\nwritten\n`);
  assert.is(output([...fuse, ...bare, '--userns', 'keep-id', '-u', '0', '-v', 'kept:/data', 'filled', 'sh', '-c', look]), seen);
});

test('a missing source: made for -v, an error for --mount; what cannot be made is told', () => {
  const directory = scratch();
  assert.is(inBusybox(['-v', `${directory}/a/b:/x`], 'touch /x/made; ls /x'), 'made\n');
  assert.ok(existsSync(join(directory, 'a/b/made')));
  const missing = skiff([...bare, '--mount', `type=bind,src=${directory}/none,dst=/x`, 'busybox', 'true']);
  assert.equal([missing.status, missing.stderr], [125, `skiff: invalid mount config for type "bind": bind source path does not exist: ${directory}/none; make it before, or add bind-create-src\n`]);
  assert.match(skiff([...bare, '-v', '/etc/skiff-none:/x', 'busybox', 'true']).stderr, /^skiff: cannot create the mount source path \/etc\/skiff-none: permission denied/);
  chmodSync(directory, 0o755);
});

test('a host path that is nobody\'s in the container is told', () => {
  const { status, stderr } = skiff([...bare, '-v', '/home:/x', 'busybox', 'true']);
  assert.is(status, 0);
  assert.match(stderr, lstatSync('/home').uid === 0 ? /^skiff: warning: \/home belongs to user 0 of the host.*nobody/ : /./);
});

test('inspect, ps and cp know them', () => {
  output(['create', '--name', 'shown', '-v', 'vol:/v', '-v', '/a', '--mount', 'src=logs,dst=/l,ro', 'busybox', 'true']);
  const mounts = JSON.parse(output(['inspect', '-f', '{{json .Mounts}}', 'shown'])) as readonly Record<string, unknown>[];
  assert.equal(mounts[0], { Type: 'volume', Name: 'vol', Source: join(root, 'volumes/vol/_data'), Destination: '/v', Driver: 'local', Mode: 'z', RW: true, Propagation: '' });
  assert.equal(mounts.map(({ Destination, RW }) => [Destination, RW]), [['/v', true], ['/a', true], ['/l', false]]);
  assert.is(output(['inspect', '-f', '{{json .HostConfig.Binds}} {{json .Config.Volumes}}', 'shown']), '["vol:/v"] {"/a":{}}\n');
  assert.match(output(['ps', '-a', '--format', '{{.Mounts}} {{.LocalVolumes}}']), /^vol,[0-9a-f]{14}…,logs 3\n$/);
  for (const filter of ['volume=vol', 'volume=/v', 'volume=logs']) assert.is(output(['ps', '-a', '--filter', filter, '--format', '{{.Names}}']), 'shown\n', filter);
  assert.is(output(['ps', '-aq', '--filter', 'volume=other']), '');
  const file = join(scratch(), 'file');
  writeFileSync(file, 'copied\n');
  output(['cp', '-q', file, 'shown:/v/file']);
  assert.is(inBusybox(['-v', 'vol:/x'], 'cat /x/file'), 'copied\n');
});

test('commit keeps what the image declares, adds what -v made, and leaves the data out', () => {
  output(['run', '--name', 'made', '--network', 'none', '-v', '/more', '-v', 'own:/data', 'filled', 'sh', '-c', 'echo x > /more/x; echo y > /data/y']);
  output(['commit', 'made', 'committed']);
  assert.equal(JSON.parse(output(['inspect', '-f', '{{json .Config.Volumes}}', 'committed'])), { '/data': {}, '/more': {} });
  assert.is(output([...bare, 'committed', 'sh', '-c', 'ls /more; ls /data']), 'file\nhard\nlink\nsub\n');
  output(['rm', '-v', 'made']);
  output(['rmi', 'committed']);
});

test('events tell their life', async () => {
  const since = String(Date.now() / 1000);
  inBusybox(['-v', 'told:/x:ro'], 'true');
  output([...bare, '-v', '/y', 'busybox', 'true']);
  output(['volume', 'rm', 'told']);
  const lines = (): readonly string[] => output(['events', '--since', since, '--until', String(Date.now() / 1000 + 1), '--filter', 'type=volume', '--format', '{{.Action}} {{.Actor.ID}} {{json .Actor.Attributes}}']).trim().split('\n');
  await eventually('all are told', () => lines().length >= 8);
  const told = lines();
  assert.equal(told.filter((line) => line.includes(' told ')).map((line) => line.split(' ')[0]), ['create', 'mount', 'unmount', 'destroy']);
  assert.equal(told.filter((line) => !line.includes(' told ')).map((line) => line.split(' ')[0]), ['create', 'mount', 'unmount', 'destroy']);
  assert.match(told[1] ?? '', /"container":"[0-9a-f]{64}","destination":"\/x","driver":"local","propagation":"","read\/write":"false"/);
});

test.run();
