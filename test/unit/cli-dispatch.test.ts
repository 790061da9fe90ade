import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { run as complete } from '../../src/cli/complete.ts';
import { dispatch } from '../../src/cli/dispatch.ts';
import { resolvePaths } from '../../src/system/paths.ts';

const capture = () => {
  const written: string[] = [];
  const stdout = { write: (data: string | Uint8Array) => void written.push(String(data)), isTerminal: () => false, columns: () => 80 };
  return { written, surroundings: { env: {}, stdout, stderr: stdout } };
};

const skiff = async (...argv: string[]): Promise<string> => {
  const { written, surroundings } = capture();
  try {
    const code = await dispatch(argv, surroundings);
    return `${code} ${written.join('')}`;
  } catch (caught) {
    return (caught as Error).message;
  }
};

test('the overview is what no command, help and --help print', async () => {
  const overview = await skiff('--help');
  assert.match(overview, /^0 Usage: {2}skiff \[OPTIONS\] COMMAND/);
  for (const words of [[], ['help'], ['-h']]) assert.is(await skiff(...words), overview);
});

test('help of a command, by both ways, and of a family', async () => {
  assert.match(await skiff('version', '--help'), /^0 Usage: {2}skiff version/);
  assert.is(await skiff('help', 'version'), await skiff('version', '--help'));
  assert.match(await skiff('container'), /^0 Usage: {2}skiff container COMMAND/);
});

test('the version, short and long', async () => {
  assert.match(await skiff('--version'), /^0 Skiff version \d+\.\d+\.\d+\n$/);
  assert.is(await skiff('-v'), await skiff('--version'));
  assert.match(await skiff('version', '--format', '{{.Server.Os}}'), '0 linux\n');
});

test('an unknown command is one line with the nearest', async () => {
  assert.is(await skiff('versoin'), "'versoin' is not a skiff command; did you mean 'version'? See 'skiff --help'");
  assert.is(await skiff('qqqqqq'), "'qqqqqq' is not a skiff command; see 'skiff --help'");
  assert.match(await skiff('constructor'), "'constructor' is not a skiff command");
  assert.match(await skiff('image', 'qqqqqq'), "'image qqqqqq' is not a skiff command");
});

test('global flags are read before the command only', async () => {
  assert.match(await skiff('--roto', '/x', 'version'), "unknown flag: --roto; did you mean --root? See 'skiff --help'");
  assert.match(await skiff('--storage-driver', 'zfs', 'version'), 'it must be auto, overlay or fuse-overlayfs');
  assert.match(await skiff('--root', '/x', '--storage-driver=overlay', 'version'), /^0 Client: Skiff\n/);
  assert.match(await skiff('version', '--root', '/x'), 'unknown flag: --root');
});

test('a completion script per shell', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) assert.match(await skiff('completion', shell), `${shell} completion for skiff`);
  assert.match(await skiff('completion', 'tcsh'), 'takes bash, zsh or fish, not "tcsh"');
});

test('names for completion leave out what a shell could misread', async () => {
  const root = mkdtempSync(join(tmpdir(), 'skiff-complete-'));
  try {
    const paths = resolvePaths({}, root);
    mkdirSync(paths.names, { recursive: true });
    mkdirSync(paths.images, { recursive: true });
    for (const name of ['web', 'a b', '$(touch x)']) writeFileSync(join(paths.names, name), '');
    const named = (name: unknown) => ({ annotations: { 'org.opencontainers.image.ref.name': name } });
    writeFileSync(join(paths.images, 'index.json'), JSON.stringify({ manifests: [named('docker.io/library/debian:latest'), named('localhost:5000/x:1'), named(7), null, {}] }));
    const ask = async (kind: string) => {
      const { written, surroundings } = capture();
      await complete({ ...surroundings, root, storageDriver: undefined }, {}, [kind]);
      return written.join('');
    };
    assert.is(await ask('containers'), 'web\n');
    assert.is(await ask('images'), 'hello\ndebian\nlocalhost:5000/x:1\n');
    rmSync(paths.images, { recursive: true });
    assert.is(await ask('images'), 'hello\n');
  } finally {
    rmSync(root, { recursive: true });
  }
});

test.run();
