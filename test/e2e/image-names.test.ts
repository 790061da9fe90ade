/**
 * `tag`, `rmi`, `image prune` and `system df`: names, containers that need images, and commands that are killed.
 * @also-on-node
 */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ociArchive, smallLayer } from '../make-image.ts';
import { eventually, execute, importBusybox, loadImage, output, removeAll, root, scratch, skiff, skiffCommand } from './skiff.ts';
import { tries } from './traces.ts';

test.after.each(() => {
  removeAll();
  output(['image', 'prune', '-af']);
});

const names = (): readonly string[] => output(['images', '--format', '{{.Repository}}:{{.Tag}}']).split('\n').filter((line) => line !== '').sort();
const idOf = (name: string): string => output(['images', '--no-trunc', '-q', name]).trim();
const failure = (args: readonly string[], code = 1): string => {
  const { status, stdout, stderr } = skiff(args);
  assert.equal({ status, stdout }, { status: code, stdout: '' }, args.join(' '));
  return stderr;
};
const ended = (name: string, image: string): void => void output(['run', '--network', 'none', '--name', name, image, 'true']);
const shortContainer = (name: string): string => output(['ps', '-aq', '-f', `name=^${name}$`]).trim();

/** The rows of `system df` by type. */
const usage = (): Readonly<Record<string, Readonly<Record<string, string>>>> =>
  Object.fromEntries(
    output(['system', 'df', '--format', 'json']).trim().split('\n').map((line) => {
      const row = JSON.parse(line) as Record<string, string>;
      return [row['Type'] ?? '', row];
    }),
  );

/** Everything in the store that is called after a digest. */
const pieces = (): readonly string[] =>
  ['images/blobs/sha256', 'layers', 'layers-single-uid']
    .map((name) => join(root, name))
    .filter((path) => existsSync(path))
    .flatMap((path) => readdirSync(path));

test('tag: by name, by id and its beginning; a name moves; what cannot be a target', () => {
  importBusybox();
  const id = idOf('busybox');
  assert.is(output(['tag', 'busybox', 'copy']), '');
  assert.is(output(['image', 'tag', id.slice(7, 15), 'registry.example.com:5000/team/app:1']), '');
  assert.is(output(['tag', id, 'copy:2']), '');
  assert.equal(names(), ['busybox:latest', 'copy:2', 'copy:latest', 'registry.example.com:5000/team/app:1']);
  loadImage('other', {});
  output(['tag', 'other', 'copy:2']);
  assert.is.not(idOf('copy:2'), id);
  assert.match(failure(['tag', 'nosuch', 'x']), /^skiff: no such image: nosuch:latest\n$/);
  assert.match(failure(['tag', 'busybox', `x@sha256:${'0'.repeat(64)}`], 125), /^skiff: cannot make the name .*digest/);
  assert.match(failure(['tag', 'busybox', 'sha256:abc'], 125), /^skiff: cannot make the name 'sha256:abc'/);
  assert.match(failure(['tag', 'busybox', 'Capitals'], 125), /^skiff: invalid reference format: 'Capitals'/);
});

test('a tag that moves leaves its old image without a name, which prune takes', () => {
  importBusybox('x:1');
  loadImage('y', {});
  output(['tag', 'y', 'x:1']);
  assert.equal(names(), ['<none>:<none>', 'x:1', 'y:latest']);
  assert.match(output(['image', 'prune', '--force']), /^Deleted Images:\ndeleted: sha256:[0-9a-f]{64}\n(deleted: sha256:[0-9a-f]{64}\n)+\nTotal reclaimed space: [\d.]+[kM]B\n$/);
  assert.equal(names(), ['x:1', 'y:latest']);
});

test('rmi: a name among several, then the last one', () => {
  importBusybox();
  const id = idOf('busybox');
  output(['tag', 'busybox', 'busybox:2']);
  assert.is(output(['rmi', 'busybox']), 'Untagged: busybox:latest\n');
  assert.match(output(['image', 'rm', 'busybox:2']), new RegExp(`^Untagged: busybox:2\nUntagged: busybox@sha256:[0-9a-f]{64}\nDeleted: ${id}\nDeleted: sha256:[0-9a-f]{64}\n$`));
  assert.equal([names(), pieces()], [[], []]);
});

test('rmi by id: several names only with -f', () => {
  importBusybox();
  const id = idOf('busybox');
  output(['tag', 'busybox', 'other']);
  assert.is(failure(['rmi', id]), `skiff: conflict: unable to delete ${id.slice(7, 19)} (must be forced) - image is referenced in multiple repositories\n`);
  assert.match(output(['image', 'remove', '-f', id.slice(7, 12)]), /^Untagged: busybox:latest\nUntagged: other:latest\n/);
  assert.equal(pieces(), []);
});

test('rmi goes on after a failure; with -f what is missing is none', () => {
  // Not of hexadecimal digits: a name that begins the image's id is taken for the id.
  importBusybox('one');
  output(['tag', 'one', 'two']);
  const { status, stdout, stderr } = skiff(['rmi', 'one', 'nosuch', 'two']);
  assert.is(status, 1);
  assert.match(stdout, /^Untagged: one:latest\n.*Untagged: two:latest\n.*Deleted: /s);
  assert.is(stderr, 'skiff: no such image: nosuch:latest\n');
  assert.equal(skiff(['rmi', '-f', 'nosuch']).status, 0);
});

test('rmi --platform takes only an image of that platform', () => {
  importBusybox();
  assert.match(failure(['rmi', '--platform', 'linux/s390x', 'busybox']), /^skiff: image busybox is .*s390x/);
  assert.match(output(['rmi', '--platform', `linux/${process.arch === 'arm64' ? 'arm64' : 'amd64'}`, 'busybox']), /Deleted: /);
});

test('an image in use: ended containers by force, running ones only lose the name', () => {
  importBusybox();
  const id = idOf('busybox').slice(7, 19);
  ended('gone', 'busybox');
  const gone = shortContainer('gone');
  assert.is(failure(['rmi', 'busybox']), `skiff: conflict: unable to remove repository reference "busybox" (must force) - container ${gone} is using its referenced image ${id}\n`);
  assert.is(failure(['rmi', id]), `skiff: conflict: unable to delete ${id} (must be forced) - image is being used by stopped container ${gone}\n`);
  output(['rm', 'gone']);
  const running = output(['run', '-d', '--network', 'none', '--name', 'busy', 'busybox', 'sleep', '1000']).trim().slice(0, 12);
  assert.is(failure(['rmi', '-f', id]), `skiff: conflict: unable to delete ${id} (cannot be forced) - image is being used by running container ${running}\n`);
  assert.match(output(['rmi', '-f', 'busybox']), /^Untagged: busybox:latest\nUntagged: busybox@sha256:[0-9a-f]{64}\n$/);
  assert.equal(names(), ['<none>:<none>']);
  assert.is(output(['exec', 'busy', 'echo', 'alive']), 'alive\n');
  assert.is(output(['image', 'prune', '-af']), 'Total reclaimed space: 0B\n');
  assert.is(output(['exec', 'busy', 'ls', '/bin/busybox']), '/bin/busybox\n');
});

test('a container keeps the layers of an image that was removed by force, until it goes itself', () => {
  importBusybox();
  ended('keeper', 'busybox');
  assert.not.match(output(['rmi', '-f', 'busybox']).replace(/Deleted: .*\n/, ''), /Deleted/);
  assert.is(pieces().length, 1);
  output(['image', 'prune', '-af']);
  assert.is(pieces().length, 1);
  assert.is(usage()['Leftovers'], undefined);
  output(['rm', 'keeper']);
  assert.is(usage()['Leftovers']?.['TotalCount'], '1');
  assert.match(output(['image', 'prune', '-f']), /^Total reclaimed space: \d\.\d+MB\n$/);
  assert.equal(pieces(), []);
});

test('layers that images share survive', () => {
  loadImage('a', {}, smallLayer('etc/a', 'a'));
  loadImage('b', {}, smallLayer('etc/b', 'b'));
  assert.is(output(['rmi', 'a']).match(/Deleted/g)?.length, 2, 'the image and its own layer');
  assert.is(output(['run', '--rm', '--network', 'none', 'b', 'cat', '/etc/b']), 'b');
});

test('prune asks, and takes only y for an answer', () => {
  importBusybox();
  const question = 'WARNING! This will remove all images without at least one container associated to them.\nAre you sure you want to continue? [y/N] ';
  for (const input of ['n\n', 'yes please\n']) assert.is(output(['image', 'prune', '-a'], { input }), question);
  assert.is(output(['image', 'prune', '-a'], { input: '' }), `${question}\n`);
  assert.is(names().length, 1);
  assert.match(output(['image', 'prune'], { input: 'y\n' }), /^WARNING! This will remove all dangling images\.\n.*\[y\/N\] Total reclaimed space: 0B\n$/s);
  const pruned = output(['image', 'prune', '-a'], { input: 'Y\nrest' });
  assert.match(pruned.slice(question.length), /^Deleted Images:\nuntagged: busybox:latest\nuntagged: busybox@sha256:[0-9a-f]{64}\ndeleted: sha256:/);
  assert.equal(pieces(), []);
});

test('prune keeps what containers were made from, and what the filters leave', () => {
  importBusybox('used');
  loadImage('old', { Labels: { keep: 'no' } });
  loadImage('new', { Labels: { keep: 'yes' } });
  ended('user', 'used');
  output(['image', 'prune', '-af', '--filter', 'label=keep=nothing']);
  output(['image', 'prune', '-af', '--filter', 'until=2020-01-01']);
  assert.is(names().length, 3);
  output(['image', 'prune', '-af', '--filter', 'label!=keep=yes']);
  assert.equal(names(), ['new:latest', 'used:latest']);
  assert.match(failure(['image', 'prune', '-f', '--filter', 'nonsense=1'], 125), /^skiff: invalid filter 'nonsense'/);
});

test('system df: counts, sizes as du has them, details and leftovers', () => {
  importBusybox();
  loadImage('a', {}, smallLayer('etc/a', 'a'));
  loadImage('b', {}, smallLayer('etc/b', 'b'));
  const before = usage();
  assert.equal([before['Images']?.['TotalCount'], before['Images']?.['Active'], before['Containers']?.['TotalCount']], ['3', '0', '0']);
  ended('user', 'a');
  assert.equal([usage()['Images']?.['Active'], usage()['Containers']?.['TotalCount'], usage()['Containers']?.['Active']], ['1', '1', '0']);
  assert.match(output(['system', 'df']), /^TYPE +TOTAL +ACTIVE +SIZE +RECLAIMABLE\nImages +3 +1 +[\d.]+MB +[\d.]+MB \(\d+%\)\nContainers +1 +0 +[\d.]+kB +[\d.]+kB \(100%\)\nLocal Volumes +0 +0 +0B +0B\nBuild Cache +0 +0 +0B +0B\n$/);
  const details = output(['system', 'df', '-v']);
  assert.match(details, /^Images space usage:\n\nREPOSITORY +TAG +IMAGE ID +CREATED +SIZE +SHARED SIZE +UNIQUE SIZE +CONTAINERS\n/);
  assert.match(details, /\na +latest +[0-9a-f]{12} .* 1\n/);
  assert.match(details, /\nContainers space usage:\n\n.*\n[0-9a-f]{12} +a +"true" .* user\n/);
  assert.is(output(['system', 'df', '-v', '--format', '{{range .Images}}{{.Repository}} {{end}}']).trim().split(' ').length, 3);
  writeFileSync(join(root, 'images/blobs/sha256', '0'.repeat(64)), Buffer.alloc(1 << 20));
  mkdirSync(join(root, 'images/.partial'), { recursive: true });
  writeFileSync(join(root, 'images/.partial', '1'.repeat(64)), 'half');
  assert.equal(usage()['Leftovers'], { Type: 'Leftovers', TotalCount: '2', Active: '0', Size: '1.05MB', Reclaimable: '1.05MB (100%)' });
  assert.is(output(['image', 'prune', '-f']), 'Total reclaimed space: 1.05MB\n');
  assert.is(usage()['Leftovers'], undefined);
});

/** Starts `skiff`, and kills it after so many milliseconds unless it has ended by then. */
const killed = (args: readonly string[], after: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const [program, ...words] = skiffCommand;
    const child = spawn(program, [...words, ...args], { stdio: 'ignore' });
    const timer = setTimeout(() => child.kill('SIGKILL'), after);
    child.once('error', reject);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
  });

test('killed at any moment, rmi and prune leave a store that can be read, and that one prune cleans', async () => {
  const archive = join(scratch(), 'images.tar');
  const files = Array.from({ length: 4 }, (_, n) => smallLayer(`etc/${n}`, `${n}`));
  writeFileSync(archive, ociArchive(...['p', 'q', 'r'].map((name, n) => ({ layers: files.slice(0, n + 2), names: [`${name}:latest`] }))));
  importBusybox();
  ended('user', 'busybox');
  output(['load', '-q', '-i', archive]);
  const began = Date.now();
  output(['rmi', '-f', 'p', 'q', 'r']);
  const span = Math.ceil((Date.now() - began) * 1.2);
  for (let round = 0; round < tries(10, 100); round += 1) {
    output(['load', '-q', '-i', archive]);
    await killed(round % 2 === 0 ? ['rmi', '-f', 'p', 'q', 'r'] : ['image', 'prune', '-af'], randomInt(span));
    for (const name of names()) {
      const inspected = execute(['skopeo', 'inspect', '--raw', `oci:${root}/images:docker.io/library/${name}`]);
      assert.is(inspected.status, 0, inspected.stderr);
      assert.is(skiff(['run', '--rm', '--network', 'none', name, '/nothing']).status, 127, `${name} can be mounted`);
    }
    assert.is(output(['run', '--rm', '--network', 'none', 'busybox', 'echo', 'whole']), 'whole\n');
    output(['image', 'prune', '-f']);
    assert.is(usage()['Leftovers'], undefined, `round ${round}`);
  }
  await eventually('helpers that outlived their command end', () => {
    output(['image', 'prune', '-af']);
    return pieces().length === 4;
  });
  assert.equal(names(), ['busybox:latest']);
});

test.run();
