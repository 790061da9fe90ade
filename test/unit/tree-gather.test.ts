/** What builds read a directory through: `skiff-tree list`, `digest` and `gather`. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary } from '../tree-run.ts';
import { parseList } from '../../src/build/tree.ts';

const run = (cwd: string, words: readonly string[], input: readonly string[] = []) => {
  const { status, stdout, stderr } = spawnSync(binary, words, { cwd, input: Buffer.from(input.map((word) => `${word}\0`).join(''), 'latin1') });
  return { status, stdout, stderr: stderr.toString() };
};

const odd = 'new\nline \xff';

/** A directory with one of each; gone afterwards. */
const withTree = (body: (directory: string) => void): void => {
  const directory = mkdtempSync(join(tmpdir(), 'gather-'));
  try {
    mkdirSync(join(directory, 'd/e'), { recursive: true });
    writeFileSync(join(directory, 'd/f'), 'text');
    writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(odd, 'latin1')]), 'odd');
    linkSync(join(directory, 'd/f'), join(directory, 'd/hard'));
    symlinkSync('/d', join(directory, 'inside'));
    symlinkSync('../../../../etc', join(directory, 'outside'));
    chmodSync(join(directory, 'd/f'), 0o640);
    utimesSync(join(directory, 'd/f'), 1000, 1000);
    spawnSync('mkfifo', [join(directory, 'pipe')]);
    body(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

/** Members as `tar` prints them. */
const members = (archive: Buffer): readonly string[] => spawnSync('tar', ['--numeric-owner', '--full-time', '--utc', '-tvf', '-'], { input: archive, env: { ...process.env, TZ: 'UTC' } }).stdout.toString('latin1').trim().split('\n');

test('a list has every entry behind its directory, links as they are, names byte for byte', () => {
  withTree((directory) => {
    const tree = parseList(run(directory, ['list', '--path', '/']).stdout);
    assert.equal([...tree.keys()], ['', 'd', 'd/e', 'd/f', 'd/hard', 'inside', odd, 'outside', 'pipe']);
    assert.equal([tree.get('d/f')?.type, tree.get('d/f')?.mode, tree.get('d/f')?.size], ['file', 0o640, 4]);
    assert.is(tree.get('d/f')?.identity.split(' ')[4], tree.get('d/hard')?.identity.split(' ')[4]);
    assert.equal([tree.get('outside')?.type, tree.get('outside')?.link, tree.get('pipe')?.type], ['link', '../../../../etc', 'other']);
  });
});

test('the base is found inside the directory, whatever links say', () => {
  withTree((directory) => {
    assert.equal([...parseList(run(directory, ['list', '--path', '/inside']).stdout).keys()], ['', 'e', 'f', 'hard']);
    assert.match(run(directory, ['list', '--path', '/outside']).stderr, /^failed: copy: source-missing\n$/);
    assert.equal([...parseList(run(directory, ['list', '--path', '/../../d/f']).stdout).keys()], ['']);
  });
});

test('digests are those of the contents; what is no file, or behind a link, is none', () => {
  withTree((directory) => {
    const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
    assert.is(run(directory, ['digest', '--path', '/'], ['d/f', odd]).stdout.toString(), `${digest('text')}\n${digest('odd')}\n`);
    for (const path of ['inside/f', 'outside/passwd', '../x', '/etc/passwd', 'pipe', 'd', 'missing']) {
      const { status, stderr } = run(directory, ['digest', '--path', '/'], [path]);
      assert.is(status, 1, path);
      assert.match(stderr, /changed while it was read/, path);
    }
    assert.match(spawnSync(binary, ['digest', '--path', '/'], { cwd: directory, input: 'd/f' }).stderr.toString(), /ends in the middle of a name/);
  });
});

test('members have the names, owners, modes and times that were asked for', () => {
  withTree((directory) => {
    const words = ['gather', '--path', '/', '--owner', '5:6', '--mode', '711', '--epoch', '500'];
    const archive = run(directory, words, ['./', 'd', 'to/', 'd/e', 'to/f', 'd/f', 'to/again', 'd/hard', 'l', 'outside']).stdout;
    const lines = members(archive).map((line) => line.replace(/ +/g, ' '));
    assert.equal(lines, [
      'drwx--x--x 5/6 0 1970-01-01 00:08:20 ./',
      'drwx--x--x 5/6 0 1970-01-01 00:08:20 to/',
      '-rwx--x--x 5/6 4 1970-01-01 00:08:20 to/f',
      'hrwx--x--x 5/6 0 1970-01-01 00:08:20 to/again link to to/f',
      'lrwxrwxrwx 5/6 0 1970-01-01 00:08:20 l -> ../../../../etc',
    ]);
    const plain = members(run(directory, ['gather', '--path', '/'], ['x', 'd/f']).stdout)[0] ?? '';
    assert.match(plain.replace(/ +/g, ' '), new RegExp(`^-rw-r----- ${process.getuid?.()}/\\d+ 4 1970-01-01 00:16:40 x$`));
    for (const wrong of [['x', 'inside/f'], ['x', '../y'], ['x']]) assert.is(run(directory, ['gather', '--path', '/'], wrong).status, 1);
    for (const flags of [['--owner', '5'], ['--owner', 'a:b'], ['--mode', '9'], ['--epoch', '-1']]) assert.is(run(directory, ['gather', '--path', '/', ...flags], []).status, 1, flags.join(' '));
  });
});

test('place makes the way to its target, inside its root, for whom it is told', () => {
  withTree((directory) => {
    const archive = run(directory, ['gather', '--path', '/'], ['f', 'd/f']).stdout;
    const own = `${process.getuid?.()}:${process.getgid?.()}`;
    const place = (path: string, ...how: readonly string[]) => spawnSync(binary, ['place', '--path', path, '--in-root', '--make', own, '--drop-owners', ...how], { cwd: directory, input: archive });
    assert.is(place('/new/deep/', '--archive').status, 0);
    assert.is(place('/new/as/name', '--name', 'f').status, 0);
    assert.is(place('/inside/in', '--archive').status, 0);
    const tree = parseList(run(directory, ['list', '--path', '/']).stdout);
    for (const path of ['new/deep/f', 'new/as/name', 'd/in/f']) assert.is(tree.get(path)?.type, 'file', path);
    assert.is(tree.get('new/deep')?.mode, 0o755);
    assert.match(place('/d/f/x', '--archive').stderr.toString(), /directory-over-file/);
    assert.match(place('/outside/x', '--archive').stderr.toString(), /a link there leads nowhere/);
  });
});

test.run();
