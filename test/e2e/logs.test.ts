/**
 * `skiff logs` and `--log-driver`: streams, choices, rotation, following, damage.
 * @also-on-node
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerDirectories, eventually, execute, importBusybox, output, removeAll, root, skiff, skiffCommand } from './skiff.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

const inContainer = (name: string, script: string, ...flags: readonly string[]): void => void skiff(['run', '--network', 'none', '--name', name, ...flags, 'busybox', 'sh', '-c', script]);
const detached = (name: string, script: string, ...flags: readonly string[]): void => void output(['run', '-d', '--network', 'none', '--name', name, ...flags, 'busybox', 'sh', '-c', script]);

const directoryOf = (name: string): string => {
  const found = containerDirectories().find((directory) => (JSON.parse(readFileSync(join(directory, 'spec.json'), 'utf8')) as { name: string }).name === name);
  if (found === undefined) throw new Error(`no container ${name}`);
  return found;
};
const logFiles = (name: string): readonly string[] => readdirSync(directoryOf(name)).filter((file) => file.includes('.log')).sort();

/** Containers whose logs are followed, as their monitors see it. */
const readersLeft = (): readonly string[] => readdirSync(join(root, 'hosts')).flatMap((host) => (existsSync(join(root, 'hosts', host, 'log-readers')) ? readdirSync(join(root, 'hosts', host, 'log-readers')) : []));
const readersOf = (id: string): readonly string[] => readdirSync(join(root, 'hosts')).flatMap((host) => readdirSync(join(root, 'hosts', host, 'log-readers', id)));
const logOf = (name: string): string => join(directoryOf(name), 'container-json.log');

interface Follower {
  readonly text: () => string;
  readonly ended: Promise<number | null>;
  readonly kill: () => void;
  readonly signal: (name: NodeJS.Signals) => void;
}

/** `skiff logs -f` beside the test. */
const followLogs = (...args: readonly string[]): Follower => {
  const [program, ...words] = skiffCommand;
  const child = spawn(program, [...words, 'logs', '-f', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { text: () => Buffer.concat(chunks).toString(), ended, kill: () => void child.kill(), signal: (name) => void child.kill(name) };
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
  assert.equal(logFiles('kept'), ['container-json.log', 'container-json.log.1.gz']);
  assert.is(skiff(['logs', 'kept']).stderr, numbers(1, 400000));
  inContainer('silent', 'echo x', '--log-driver', 'none');
  const { status, stdout, stderr } = skiff(['logs', 'silent']);
  assert.equal({ status, stdout }, { status: 1, stdout: '' });
  assert.match(stderr, /^skiff: configured logging driver does not support reading; .*\n$/);
  assert.not.ok(existsSync(logOf('silent')));
});

const packed = ['--log-opt', 'max-size=100k', '--log-opt', 'max-file=4', '--log-opt', 'compress=true'] as const;

test('compressed files are Docker\'s, and are read as one with the others', () => {
  inContainer('small', 'seq 1 20000; sleep 0.3; echo later', ...packed);
  assert.equal(logFiles('small'), ['container-json.log', 'container-json.log.1.gz', 'container-json.log.2.gz', 'container-json.log.3.gz']);
  const text = output(['logs', 'small']);
  const count = text.split('\n').length - 2;
  assert.ok(count > 3000 && count < 7000, `${count} lines`);
  assert.ok(text === `${numbers(20000 - count + 1, 20000)}later\n`);
  for (const lines of [1, 100, 2000, 3000, count]) assert.ok(output(['logs', '-n', String(lines), 'small']) === `${lines === 1 ? '' : numbers(20000 - lines + 2, 20000)}later\n`, `${lines} lines`);
  const plain = gunzipSync(readFileSync(`${logOf('small')}.1.gz`)).toString();
  const lastTime = /"time":"([^"]+)"}\n$/.exec(plain)?.[1];
  const bytes = readFileSync(`${logOf('small')}.1.gz`);
  assert.is(bytes.toString('latin1', 12, 12 + bytes.readUInt16LE(10)), `{"lastTime":"${lastTime}"}`);
  const [last = ''] = output(['logs', '-t', '-n', '1', 'small']).split(' ');
  assert.is(output(['logs', '--since', last, 'small']), 'later\n');
  assert.ok(output(['logs', '--until', lastTime ?? '', 'small']).length > 1000);
});

test('a damaged compressed file is told, and the others are read', () => {
  inContainer('broken', 'seq 1 20000', ...packed);
  const whole = output(['logs', 'broken']);
  const path = `${logOf('broken')}.2.gz`;
  const bytes = readFileSync(path);
  for (const damage of [bytes.subarray(0, bytes.length / 2), Buffer.from('this is no gzip'), Buffer.alloc(0)]) {
    writeFileSync(path, damage);
    const { status, stdout, stderr } = skiff(['logs', 'broken']);
    assert.equal({ status, stderr }, { status: 0, stderr: `skiff: warning: ${logOf('broken')} is damaged; the lines that cannot be read are left out\n` });
    assert.ok(stdout.endsWith('\n20000\n') && stdout.length < whole.length && stdout.startsWith(whole.slice(0, 100)));
  }
});

/** As fast as `seq` can: far more than 100,000 lines a second. Numbers go on over the starts of one container. */
const flood = (lines: number): string => `n=$(cat /n 2>/dev/null || echo 0); echo $((n + 1)) > /n; seq $((n * ${lines} + 1)) $((n * ${lines} + ${lines}))`;

/** Waits until each follower shows what has been printed, and tells the container to go on. */
const beginWith = async (name: string, ...followers: readonly Follower[]): Promise<void> => {
  await eventually('they follow', () => followers.every((follower) => follower.text() === 'begin\n'));
  output(['exec', name, 'touch', '/go']);
};
const waitForGo = 'echo begin; while [ ! -e /go ]; do sleep 0.02; done';

test('following loses and repeats nothing, however fast files become full and are compressed', async () => {
  const lines = 1_000_000;
  for (const files of [1, 3]) {
    const name = `fast${files}`;
    detached(name, `${waitForGo}; ${flood(lines)}; echo end`, '--log-opt', 'max-size=50k', '--log-opt', `max-file=${files}`, ...(files > 1 ? ['--log-opt', 'compress=true'] : []));
    await eventually('it has begun', () => output(['logs', name]) === 'begin\n');
    const followers = [followLogs(name), followLogs('--tail', '1', name)];
    await beginWith(name, ...followers);
    for (const follower of followers) {
      assert.is(await follower.ended, 0);
      assert.ok(follower.text() === `begin\n${numbers(1, lines)}end\n`, `every line once, in order, of ${files}`);
    }
    assert.equal(readersLeft(), []);
    output(['rm', name]);
  }
});

test('following goes on over restarts in the middle of it all', async () => {
  const lines = 300_000;
  detached('over', `${waitForGo}; ${flood(lines)}; echo done; trap "exit 0" TERM; sleep 1000 & wait`, '--log-opt', 'max-size=200k', '--log-opt', 'max-file=2', '--log-opt', 'compress=true');
  const follower = followLogs('over');
  try {
    await beginWith('over', follower);
    for (const round of [1, 2, 3]) {
      await eventually(`round ${round}`, () => follower.text().split('done\n').length === round + 1, 30000);
      output([round === 3 ? 'stop' : 'restart', 'over']);
    }
    assert.is(await follower.ended, 0);
  } finally {
    follower.kill();
  }
  assert.ok(follower.text() === [0, 1, 2].map((round) => `begin\n${numbers(round * lines + 1, (round + 1) * lines)}done\n`).join(''), 'every line once, in order');
});

test('following goes on over restarts by the policy', async () => {
  const lines = 100_000;
  detached('policy', `${waitForGo}; ${flood(lines)}; exit 1`, '--restart', 'on-failure:2', '--log-opt', 'max-size=50k', '--log-opt', 'max-file=2');
  const follower = followLogs('policy');
  await beginWith('policy', follower);
  assert.is(await follower.ended, 0);
  assert.ok(follower.text() === [0, 1, 2].map((run) => `begin\n${numbers(run * lines + 1, (run + 1) * lines)}`).join(''), 'every line once, in order');
});

test('a follower that stands still while everything happens loses nothing', async () => {
  const lines = 300_000;
  detached('still', `${waitForGo}; ${flood(lines)}`, '--rm', '--log-opt', 'max-size=20k');
  const follower = followLogs('still');
  try {
    await eventually('it is known', () => readersLeft().length === 1 && readersOf(readersLeft()[0] ?? '').length === 1);
    follower.signal('SIGSTOP');
    output(['exec', 'still', 'touch', '/go']);
    await eventually('the container is gone', () => containerDirectories().length === 0, 30000);
  } finally {
    follower.signal('SIGCONT');
  }
  assert.is(await follower.ended, 0);
  assert.ok(follower.text() === `begin\n${numbers(1, lines)}`, 'every line once, in order');
  assert.equal(readersLeft(), []);
});

test('a follower that is killed leaves nothing for long', async () => {
  detached('shown', 'while true; do seq 1 2000; sleep 0.1; done', '--log-opt', 'max-size=10k');
  const follower = followLogs('shown');
  await eventually('it follows', () => follower.text().length > 10000);
  follower.kill();
  await follower.ended;
  await eventually('its directory goes', () => readersLeft().length === 0);
  output(['rm', '-f', 'shown']);
});

test('following a container that is removed at its end', async () => {
  detached('gone', `${waitForGo}; seq 1 100000`, '--rm', '--log-opt', 'max-size=20k');
  const follower = followLogs('--tail', '1', 'gone');
  await beginWith('gone', follower);
  assert.is(await follower.ended, 0);
  assert.ok(follower.text() === `begin\n${numbers(1, 100000)}`, 'every line once, in order');
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
  assert.is(skiff(['run', '--log-driver', 'awslogs', 'busybox', 'true']).status, 125);
});

test('a reader that goes away ends it quietly', () => {
  inContainer('much', 'seq 1 200000');
  const { stdout, stderr } = execute(['sh', '-c', '"$@" | head -n 1', 'sh', ...skiffCommand, 'logs', 'much']);
  assert.equal({ stdout, stderr }, { stdout: '1\n', stderr: '' });
});

test.run();
