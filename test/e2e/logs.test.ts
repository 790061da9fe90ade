/**
 * `skiff logs` and `--log-driver`: streams, choices, rotation, following, damage.
 * @also-on-node
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerDirectories, eventually, execute, importBusybox, output, removeAll, skiff, skiffCommand } from './skiff.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

const inContainer = (name: string, script: string, ...flags: readonly string[]): void => void skiff(['run', '--network', 'none', '--name', name, ...flags, 'busybox', 'sh', '-c', script]);
const detached = (name: string, script: string, ...flags: readonly string[]): void => void output(['run', '-d', '--network', 'none', '--name', name, ...flags, 'busybox', 'sh', '-c', script]);

const directoryOf = (name: string): string => {
  const found = containerDirectories().find((directory) => (JSON.parse(readFileSync(join(directory, 'spec.json'), 'utf8')) as { name: string }).name === name);
  if (found === undefined) throw new Error(`no container ${name}`);
  return found;
};
const logOf = (name: string): string => join(directoryOf(name), 'container-json.log');

interface Follower {
  readonly text: () => string;
  readonly ended: Promise<number | null>;
  readonly kill: () => void;
}

/** `skiff logs -f` beside the test. */
const followLogs = (...args: readonly string[]): Follower => {
  const [program, ...words] = skiffCommand;
  const child = spawn(program, [...words, 'logs', '-f', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { text: () => Buffer.concat(chunks).toString(), ended, kill: () => void child.kill() };
};

const numbers = (from: number, to: number): string => Array.from({ length: to - from + 1 }, (_, i) => `${from + i}\n`).join('');

test('each stream goes where it went, of a container that has ended and of one that runs', async () => {
  inContainer('ended', 'echo one; echo two >&2; printf "three \\"<\\033[1m>\\\\ \\303\\274"');
  const expected = { status: 0, stdout: 'one\nthree "<\u001b[1m>\\ ü', stderr: 'two\n' };
  const { status, stdout, stderr } = skiff(['logs', 'ended']);
  assert.equal({ status, stdout, stderr }, expected);
  detached('runs', 'echo one; sleep 1000');
  await eventually('the line is there', () => output(['container', 'logs', 'runs']) === 'one\n');
});

test('of one that was only created, nothing', () => {
  output(['create', '--network', 'none', '--name', 'fresh', 'busybox', 'true']);
  assert.is(output(['logs', 'fresh']), '');
  assert.is(output(['logs', '-f', 'fresh']), '');
});

test('the file is Docker\'s', () => {
  inContainer('filed', 'echo "a<b"; printf x', '--label', 'tier=front', '--log-opt', 'labels=tier', '--log-opt', 'tag={{.Name}}');
  const [first = '', second = '', ...rest] = readFileSync(logOf('filed'), 'utf8').split('\n');
  const attrs = '"attrs":{"tag":"filed","tier":"front"}';
  const end = /,"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z"}$/;
  for (const line of [first, second]) assert.match(line, end);
  assert.is(first.replace(end, ''), `{"log":"a\\u003cb\\n","stream":"stdout",${attrs}`);
  assert.is(second.replace(end, ''), `{"log":"x","stream":"stdout",${attrs}`);
  assert.equal(rest, ['']);
});

test('the last lines', () => {
  inContainer('tailed', 'seq 1 3000');
  const cases = { 0: '', 1: '3000\n', 5: numbers(2996, 3000), 3000: numbers(1, 3000), 5000: numbers(1, 3000), all: numbers(1, 3000), '-1': numbers(1, 3000) };
  for (const [lines, wanted] of Object.entries(cases)) assert.is(output(['logs', '--tail', lines, 'tailed']), wanted, lines);
  assert.is(output(['logs', 'tailed', '-n', '2']), '2999\n3000\n');
});

test('from a moment on, and up to one', () => {
  inContainer('timed', 'echo early; sleep 0.2; echo late');
  const [early = '', late = ''] = output(['logs', '-t', 'timed']).split('\n').map((line) => line.split(' ')[0] ?? '');
  assert.match(early, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
  assert.is(output(['logs', '--since', late, 'timed']), 'late\n');
  assert.is(output(['logs', '--until', early, 'timed']), 'early\n');
  assert.is(output(['logs', '--since', early, '--until', late, 'timed']), 'early\nlate\n');
  assert.is(output(['logs', '--since', '10m', 'timed']), 'early\nlate\n');
  assert.is(output(['logs', '--until', '10m', 'timed']), '');
  assert.is(output(['logs', '--since', '10m', '--tail', '1', 'timed']), 'late\n');
});

test('a long line is one, with one time and one set of details in front', () => {
  inContainer('wide', 'head -c 40000 /dev/zero | tr "\\0" x; echo; echo next', '--log-opt', 'env=SIZE', '-e', 'SIZE=1 2');
  assert.is(output(['logs', 'wide']), `${'x'.repeat(40000)}\nnext\n`);
  assert.match(output(['logs', '-t', '--details', 'wide']), /^\S{30} SIZE=1\+2 x{40000}\n\S{30} SIZE=1\+2 next\n$/);
  inContainer('plain', 'echo x');
  assert.is(output(['logs', '--details', 'plain']), ' x\n');
});

test('files of a limited size: the last ones stay, and are read as one', () => {
  inContainer('turned', 'seq 1 2000', '--log-opt', 'max-size=10k', '--log-opt', 'max-file=3');
  assert.equal(readdirSync(directoryOf('turned')).filter((name) => name.includes('.log')).sort(), ['container-json.log', 'container-json.log.1', 'container-json.log.2']);
  const text = output(['logs', 'turned']);
  const count = text.split('\n').length - 1;
  assert.ok(count > 200 && count < 500, `${count} lines`);
  assert.is(text, numbers(2000 - count + 1, 2000));
  assert.is(output(['logs', '-n', '200', 'turned']), numbers(1801, 2000));
  inContainer('single', 'seq 1 2000', '--log-driver', 'json-file', '--log-opt', 'max-size=10k');
  assert.equal(readdirSync(directoryOf('single')).filter((name) => name.includes('.log')), ['container-json.log']);
  assert.match(output(['logs', 'single']), /1999\n2000\n$/);
});

test('local has limits of its own and is read the same way; none cannot be read', () => {
  inContainer('kept', 'seq 1 400000 >&2', '--log-driver', 'local');
  assert.ok(existsSync(`${logOf('kept')}.1`));
  assert.is(skiff(['logs', 'kept']).stderr, numbers(1, 400000));
  inContainer('silent', 'echo x', '--log-driver', 'none');
  const { status, stdout, stderr } = skiff(['logs', 'silent']);
  assert.equal({ status, stdout }, { status: 1, stdout: '' });
  assert.match(stderr, /^skiff: configured logging driver does not support reading; .*\n$/);
  assert.not.ok(existsSync(logOf('silent')));
});

test('following loses nothing and repeats nothing at 100,000 lines a second and more, over many files', async () => {
  // Half a second fits into the files that are kept.
  const script = 'sleep 0.5; i=0; while [ $i -lt 50 ]; do seq $((i * 10000 + 1)) $((i * 10000 + 10000)); i=$((i + 1)); sleep 0.05; done';
  detached('fast', script, '--log-opt', 'max-size=2m', '--log-opt', 'max-file=5');
  const follower = followLogs('fast');
  assert.is(await follower.ended, 0);
  assert.ok(follower.text() === numbers(1, 500000), 'every line once, in order');
});

test('following a container that is removed at its end', async () => {
  detached('gone', 'sleep 0.5; seq 1 100000', '--rm');
  const follower = followLogs('--tail', '0', 'gone');
  assert.is(await follower.ended, 0);
  assert.ok(follower.text() === numbers(1, 100000), 'every line once, in order');
});

test('following goes on across a restart, shows lines as they come, and ends with the container', async () => {
  detached('again', 'echo begin; trap "exit 0" TERM; sleep 1000 & wait');
  const follower = followLogs('again');
  try {
    await eventually('the first line', () => follower.text() === 'begin\n');
    output(['restart', 'again']);
    await eventually('the line of the second start', () => follower.text() === 'begin\nbegin\n');
    output(['stop', 'again']);
    assert.is(await follower.ended, 0);
  } finally {
    follower.kill();
  }
  assert.is(follower.text(), 'begin\nbegin\n');
  assert.is(output(['logs', '-f', '-n', '1', 'again']), 'begin\n');
});

test('following up to a moment ends there', async () => {
  detached('long', 'while true; do echo tick; sleep 0.1; done');
  const until = new Date(Date.now() + 1000).toISOString();
  const follower = followLogs('--until', until, 'long');
  assert.is(await follower.ended, 0);
  assert.match(follower.text(), /^(tick\n)+$/);
  assert.is(output(['ps', '-q', '-f', 'name=long']).split('\n').length, 2);
});

test('damaged lines are left out with one warning', () => {
  inContainer('hurt', 'echo good');
  const path = logOf('hurt');
  const good = readFileSync(path, 'utf8');
  writeFileSync(path, `${good}{"log":"cut\n\u0000\u0000\n${good}`);
  appendFileSync(path, good.slice(0, 20));
  const { status, stdout, stderr } = skiff(['logs', 'hurt']);
  assert.equal({ status, stdout }, { status: 0, stdout: 'good\ngood\n' });
  assert.is(stderr, `skiff: warning: ${path} is damaged; the lines that cannot be read are left out\n`);
});

test('what is no container, no number, no moment', () => {
  const { status, stderr } = skiff(['logs', 'nobody']);
  assert.equal({ status, stderr }, { status: 1, stderr: 'skiff: no such container: nobody\n' });
  inContainer('some', 'true');
  for (const flags of [['--tail', 'x'], ['--since', 'yesterday'], ['--until', 'x']]) assert.is(skiff(['logs', ...flags, 'some']).status, 125, flags.join(' '));
  assert.is(skiff(['run', '--log-driver', 'syslog', 'busybox', 'true']).status, 125);
});

test('a reader that goes away ends it quietly', () => {
  inContainer('much', 'seq 1 200000');
  const { stdout, stderr } = execute(['sh', '-c', '"$@" | head -n 1', 'sh', ...skiffCommand, 'logs', 'much']);
  assert.equal({ stdout, stderr }, { stdout: '1\n', stderr: '' });
});

test.run();
