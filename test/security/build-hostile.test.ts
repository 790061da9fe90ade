/** Builds of what nobody should trust: contexts, archives, Dockerfiles and images that try to reach what is not theirs. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bare, importBusybox, loadImage, output, root, scratch, skiff } from '../e2e/skiff.ts';
import type { Result } from '../e2e/skiff.ts';
import { tar } from '../tar-maker.ts';
import type { Entry } from '../tar-maker.ts';

importBusybox();

/** What nothing here may read or write. */
const outside = scratch();
writeFileSync(join(outside, 'secret'), 'SECRET OF THE HOST');

const context = (dockerfile: string): string => {
  const directory = scratch();
  writeFileSync(join(directory, 'Dockerfile'), dockerfile);
  return directory;
};

const build = (directory: string, ...flags: readonly string[]): Result => skiff(['build', '--progress', 'plain', ...flags, directory]);
const packed = (entries: readonly (Entry | Buffer)[], ...flags: readonly string[]): Result => skiff(['build', '--progress', 'plain', ...flags, '-'], { input: tar(...entries) });

const builtWell = ({ status, stderr }: Result): void => assert.is(status, 0, stderr);
const refused = ({ status, stderr }: Result, words: RegExp): void => {
  assert.is(status, 1, stderr);
  assert.match(stderr, words);
  assert.not.match(stderr, /SECRET/);
};

const untouched = (): void => assert.equal(readdirSync(outside), ['secret']);

test('links in a context lead nowhere but into it', () => {
  const directory = context('FROM busybox\nCOPY file /x\n');
  symlinkSync(join(outside, 'secret'), join(directory, 'file'));
  refused(build(directory), /"\/file": not found/);
  const deep = context('FROM busybox\nCOPY d/secret /x\n');
  symlinkSync(outside, join(deep, 'd'));
  refused(build(deep), /"\/d\/secret": not found/);
  const whole = context('FROM busybox\nCOPY . /all\nRUN ! cat /all/file && readlink /all/file\n');
  symlinkSync(join(outside, 'secret'), join(whole, 'file'));
  builtWell(build(whole));
  const bound = context('FROM busybox\nRUN --mount=target=/m,source=d cat /m/secret\n');
  symlinkSync(outside, join(bound, 'd'));
  refused(build(bound), /"\/d": not found/);
});

test('an archive as context is unpacked inside its directory, and its Dockerfile is one of its own', () => {
  const dockerfile: Entry = { name: 'Dockerfile', data: 'FROM busybox\nCOPY . /all\n' };
  refused(packed([dockerfile, { name: '../../evil', data: 'x' }]), /refusing standard input|leaves/);
  const through = packed([dockerfile, { name: 'd', type: 'symlink', linkname: outside }, { name: 'd/evil', data: 'x' }]);
  assert.ok(through.status === 0 || through.status === 1);
  untouched();
  refused(packed([{ name: 'Dockerfile', type: 'symlink', linkname: join(outside, 'secret') }]), /no such file: Dockerfile in standard input/);
  refused(packed([dockerfile, { name: '.dockerignore', type: 'symlink', linkname: join(outside, 'secret') }, { name: 'f', type: 'hardlink', linkname: join(outside, 'secret') }]), /hard link/);
});

test('targets are resolved inside the image, whatever its links say', () => {
  loadImage('linked', { Cmd: ['sh'] }, tar({ name: 'evil', type: 'symlink', linkname: `../../../../../..${outside}` }, { name: 'up', type: 'symlink', linkname: '/evil/deeper' }));
  const directory = context('FROM linked\nCOPY f /evil/\nCOPY f /up/\nWORKDIR /evil/w\nRUN touch made\n');
  writeFileSync(join(directory, 'f'), 'x');
  const { status, stderr } = build(directory, '-t', 'contained');
  untouched();
  // Links that lead nowhere in the image cannot be made directories; nothing of the kind may happen outside.
  assert.ok(status === 1 || output([...bare, 'contained', 'ls', outside]).includes('f'), stderr);
});

test('archives of ADD: names, links, marks of overlays and devices are plain or refused', () => {
  const directory = context('FROM busybox\nADD in.tar /to/\nRUN ls -A /to && ls /bin/busybox\n');
  writeFileSync(join(directory, 'in.tar'), tar({ name: '.wh.x', data: '' }, { name: 'l', type: 'symlink', linkname: '/bin' }, { name: '../bin/busybox', data: 'evil' }));
  refused(build(directory), /\.\./);
  writeFileSync(join(directory, 'in.tar'), tar({ name: 'null', type: 'char' } as Entry, { name: 'plain', data: 'x' }));
  builtWell(build(directory));
  writeFileSync(join(directory, 'in.tar'), tar({ name: 'f', data: 'x', pax: { 'SCHILY.xattr.user.overlay.opaque': 'y' } }));
  const marked = build(directory);
  assert.ok(marked.status === 0 || /overlay/.test(marked.stderr), marked.stderr);
});

test('a RUN has its three fds, no way up, and what it does with its mount points stays its own', () => {
  const directory = context(`FROM busybox
RUN ls /proc/self/fd > /fds && ! ls ${outside} && ! ls ${root}
RUN --mount=type=cache,id=../../../../x,target=/a/b/c touch /a/b/c/f; mv /a /moved 2>/dev/null; rm -rf /a 2>/dev/null; ln -s ${outside} /a 2>/dev/null; true
RUN --mount=type=tmpfs,target=/etc true
RUN --mount=type=bind,target=/m,rw rm -rf /m/* && touch /m/new
`);
  writeFileSync(join(directory, 'kept'), 'kept');
  builtWell(build(directory, '-t', 'fds'));
  assert.is(output([...bare, 'fds', 'cat', '/fds']), '0\n1\n2\n3\n');
  untouched();
  assert.equal(readdirSync(join(root, 'build', 'mounts')).filter((name) => !/^[0-9a-f]{64}$/.test(name)), []);
  assert.is(readFileSync(join(directory, 'kept'), 'utf8'), 'kept');
  assert.equal(readdirSync(directory).sort(), ['Dockerfile', 'kept']);
});

test('a FIFO in a context is copied, not waited for', () => {
  const fifo = packed([{ name: 'Dockerfile', data: 'FROM busybox\nCOPY . /all\nRUN test -p /all/pipe\n' }, { name: 'pipe', type: 'fifo' } as Entry]);
  builtWell(fifo);
});

test('Dockerfiles that grow: variables that double, files and lines without end', () => {
  refused(build(context(`FROM busybox\nENV A=${'x'.repeat(1000)}\n${'ENV A=$A$A\n'.repeat(60)}`)), /longer than/);
  refused(build(context(`FROM busybox\n${'LABEL a=b\n'.repeat(600_000)}`)), /longer than|at most/);
  refused(build(context(`FROM busybox\nRUN <<EOF\n${'x\n'.repeat(1000)}`)), /unterminated heredoc/);
  refused(build(context('FROM busybox\nRUN \u001b[31mred\n\u001b]0;titleX\n')), /unknown instruction: \\x1b/);
});

test('a syntax directive fetches nothing', () => {
  builtWell(build(context('# syntax=registry.invalid/evil/frontend:1\nFROM busybox\nLABEL a=b\n')));
});

test('secrets are not left in the runtime directory', () => {
  const directory = context('FROM busybox\nRUN --mount=type=secret,id=s grep -q SECRET /run/secrets/s\n');
  builtWell(build(directory, '--secret', `id=s,src=${join(outside, 'secret')}`));
  assert.not.ok(existsSync(join(process.env['XDG_RUNTIME_DIR'] ?? '/nowhere', 'skiff', 'build')));
});

test.run();
