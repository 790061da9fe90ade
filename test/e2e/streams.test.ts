/**
 * Standard input, output and error of `run`, signals to the command line, its death, and the log of a detached container.
 * @also-on-node
 * @time-limit 600
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, containerDirectories, eventually, execute, importBusybox, leftovers, output, removeAll, scratch, skiff, skiffCommand } from './skiff.ts';
import { shellSkiff } from './pty.ts';
import { tries } from './traces.ts';
import type { ChildProcess } from 'node:child_process';

test.before(() => importBusybox());
test.after.each(removeAll);

/** Bytes without a pattern, the same in every run. */
const noise = (size: number): Buffer => {
  const block = Buffer.concat(Array.from({ length: 2048 }, (_, n) => createHash('sha256').update(`noise ${n}`).digest()));
  return Buffer.concat(Array.from({ length: Math.ceil(size / block.length) }, () => block)).subarray(0, size);
};

/** A `skiff` that goes on in the background; `ended` resolves with its exit code, 128 and the signal's number included. */
const background = (args: readonly string[]): { readonly child: ChildProcess; readonly text: () => string; readonly ended: Promise<number> } => {
  const [program, ...words] = skiffCommand;
  const child = spawn(program, [...words, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => void (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => void (text += chunk.toString()));
  const ended = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  return { child, text: () => text, ended };
};

/** Feeds `megabytes` of noise in blocks, each with its number, as fast as they are taken; the sums of what went in and of what came out. */
const throughCat = async (megabytes: number): Promise<{ readonly given: string; readonly got: string; readonly size: number; readonly status: number | null }> => {
  const [program, ...words] = skiffCommand;
  const child = spawn(program, [...words, ...bare, '-i', 'busybox', 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [given, got] = [createHash('sha256'), createHash('sha256')];
  const block = noise(1 << 20);
  let size = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    got.update(chunk);
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  for (let n = 0; n < megabytes; n += 1) {
    const piece = Buffer.from(block);
    piece.writeUInt32LE(n, (n * 7919) % (piece.length - 4));
    given.update(piece);
    if (!child.stdin.write(piece)) await new Promise((resolve) => child.stdin.once('drain', resolve));
  }
  child.stdin.end();
  const status = await ended;
  return { given: given.digest('hex'), got: got.digest('hex'), size, status };
};

const megabytes = tries(256, 1024);

test(`${megabytes} MB go through the container and come back the same`, async () => {
  const { given, got, size, status } = await throughCat(megabytes);
  assert.equal({ got, size, status }, { got: given, size: megabytes << 20, status: 0 });
});

test('thousands of bytes, each of them given when the one before it has come back', async () => {
  const { child, ended } = background([...bare, '-i', 'busybox', 'cat']);
  const bytes = noise(tries(3000, 20000));
  const got: Buffer[] = [];
  let heard = (): void => undefined;
  child.stdout?.on('data', (chunk: Buffer) => {
    got.push(chunk);
    heard();
  });
  for (const byte of bytes) {
    const back = new Promise<void>((resolve) => void (heard = resolve));
    child.stdin?.write(Buffer.of(byte));
    await back;
  }
  child.stdin?.end();
  assert.is(await ended, 0);
  assert.ok(Buffer.concat(got).equals(bytes));
});

test('stdout and stderr stay apart', () => {
  const { status, stdout, stderr } = skiff([...bare, 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 3']);
  assert.equal({ status, stdout, stderr }, { status: 3, stdout: 'out\n', stderr: 'err\n' });
});

test('what was written last before the end is not lost', () => {
  for (let n = 0; n < 10; n += 1) assert.is(output([...bare, 'busybox', 'sh', '-c', 'head -c 65536 /dev/zero; echo end']).length, 65540);
});

test('without -i standard input is empty, with -i its end is passed on', () => {
  assert.is(output([...bare, 'busybox', 'cat'], { input: 'not read' }), '');
  assert.is(output([...bare, '-i', 'busybox', 'sh', '-c', 'cat; echo end'], { input: 'read' }), 'readend\n');
});

test('a command that ends without reading its input, or closes it, holds nothing up', () => {
  assert.is(skiff([...bare, '-i', 'busybox', 'sh', '-c', 'exit 4'], { input: noise(4 << 20) }).status, 4);
  assert.is(skiff([...bare, '-i', 'busybox', 'sh', '-c', 'exec 0<&-; sleep 0.2; exit 5'], { input: noise(4 << 20) }).status, 5);
});

test('a slow reader gets everything', () => {
  const slow = `${shellSkiff(...bare, 'busybox', 'head', '-c', '3000000', '/dev/zero')} | { sleep 0.5; dd bs=4k 2>/dev/null | wc -c; }`;
  assert.is(execute(['sh', '-c', slow]).stdout.trim(), '3000000');
});

test('a reader that goes early ends it with 141, as SIGPIPE would', () => {
  const script = `{ ${shellSkiff(...bare, '--name', 'yes', 'busybox', 'yes')}; echo $? >&2; } | head -n 1`;
  const { stdout, stderr } = execute(['sh', '-c', script]);
  assert.equal({ stdout, stderr }, { stdout: 'y\n', stderr: '141\n' });
  assert.match(output(['ps']), /Up .*yes/, 'as in Docker the container goes on');
});

test('standard output that does not block loses nothing', () => {
  // Node makes a pipe non-blocking for everybody who shares it; the writer must then wait by itself.
  const setup = "const [, , program, ...words] = process.argv; new (require('net').Socket)({ fd: 1 }); require('child_process').spawnSync(program, words, { stdio: 'inherit' });";
  const file = join(scratch(), 'share.cjs');
  writeFileSync(file, setup);
  const script = `'${process.execPath}' ${file} ${shellSkiff(...bare, 'busybox', 'head', '-c', '2000000', '/dev/zero')} | { sleep 0.3; wc -c; }`;
  assert.is(execute(['sh', '-c', script]).stdout.trim(), '2000000');
});

test('every exit code comes through, and 128 + n for a signal', () => {
  for (const code of [0, 1, 2, 42, 124, 125, 126, 127, 128, 137, 254, 255]) assert.is(skiff([...bare, 'busybox', 'sh', '-c', `exit ${code}`]).status, code);
  for (const signal of [6, 9, 15]) assert.is(skiff([...bare, 'busybox', 'sh', '-c', `sh -c 'kill -${signal} $$'; exit $?`]).status, 128 + signal);
});

test('signals to the command line reach the command', async () => {
  const names = ['HUP', 'INT', 'QUIT', 'USR1', 'USR2', 'TERM'] as const;
  const traps = names.map((name) => `trap 'echo got ${name}' ${name}`).join('; ');
  const { child, text, ended } = background([...bare, 'busybox', 'sh', '-c', `${traps}; trap 'exit 9' WINCH; echo ready; while :; do sleep 0.02; done`]);
  await eventually('the container is ready', () => text().includes('ready'));
  for (const name of names) {
    child.kill(`SIG${name}`);
    await eventually(`SIG${name} is passed on`, () => text().includes(`got ${name}\n`));
  }
  child.kill('SIGTERM');
  await eventually('it is passed on again', () => text().split('got TERM').length === 3);
  output(['exec', output(['ps', '-q']).trim(), 'kill', '-WINCH', '1']);
  assert.is(await ended, 9);
});

test('kill -9 of the command line leaves the container running', async () => {
  const { child, text, ended } = background(['run', '--network', 'none', '--name', 'left', 'busybox', 'sh', '-c', 'echo ready; exec sleep 1000']);
  await eventually('the container is ready', () => text().includes('ready'));
  child.kill('SIGKILL');
  await ended;
  assert.match(output(['ps']), /Up .*left/);
});

test('kill -9 of a command line with -i closes the input', async () => {
  const { child, text } = background([...bare, '-i', 'busybox', 'sh', '-c', 'echo ready; cat; echo done']);
  await eventually('the container is ready', () => text().includes('ready'));
  child.kill('SIGKILL');
  await eventually('the container ends', () => leftovers().length === 0);
});

test('the input of a container started with -d and -i stays open when an attached one ends', async () => {
  output(['run', '-di', '--network', 'none', '--name', 'open', 'busybox', 'cat']);
  const first = background(['attach', 'open']);
  first.child.stdin?.end('first\n');
  await eventually('it echoes', () => first.text() === 'first\n');
  const second = background(['attach', 'open']);
  second.child.stdin?.write('second\n');
  await eventually('both see it', () => first.text() === 'first\nsecond\n' && second.text() === 'second\n');
  output(['rm', '-f', 'open']);
  assert.equal([await first.ended, await second.ended], [137, 137]);
});

test('run -d prints the id and nothing else, and its output is in the log', async () => {
  const { status, stdout, stderr } = skiff(['run', '-d', '--network', 'none', '--name', 'logged', 'busybox', 'sh', '-c', 'echo out; echo err >&2']);
  assert.equal({ status, stderr }, { status: 0, stderr: '' });
  assert.match(stdout, /^[0-9a-f]{64}\n$/);
  await eventually('it has ended', () => /Exited \(0\)/.test(output(['ps', '-a'])));
  const [directory = ''] = containerDirectories();
  const lines = readFileSync(join(directory, 'container-json.log'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.equal(lines.map(({ log, stream }) => [log, stream]).sort(), [['err\n', 'stderr'], ['out\n', 'stdout']]);
  // Go's RFC3339Nano, as Docker's logs have it, leaves zeros at the end out.
  for (const { time } of lines) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/);
});

/** The log of a container that runs this script, as parsed lines. */
const logOf = async (script: string): Promise<readonly { readonly log: string }[]> => {
  output(['run', '-d', '--network', 'none', 'busybox', 'sh', '-c', script]);
  await eventually('it has ended', () => /Exited \(0\)/.test(output(['ps', '-a'])));
  return readFileSync(join(containerDirectories()[0] ?? '', 'container-json.log'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
};

test('long lines are logged in parts of 16 KiB, and an unfinished one at the end', async () => {
  const lines = await logOf("head -c 40000 /dev/zero | tr '\\0' x; echo; printf unfinished");
  assert.equal(lines.map(({ log }) => log.length), [16384, 16384, 40000 - 32768 + 1, 10]);
  assert.is(lines[3]?.log, 'unfinished');
});

test('bytes that are no UTF-8 and control characters are logged as JSON can say them', async () => {
  const lines = await logOf("printf 'a\\377b\\001\\033[1m\"\\\\\\303\\274\\n'");
  assert.equal(lines.map(({ log }) => log), ['a\ufffdb\u0001\u001b[1m"\\ü\n']);
});

test.run();
