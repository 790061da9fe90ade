/**
 * kill -9 at any moment of making, filling, removing and pruning volumes: nothing that a container names is lost, nothing that was acknowledged, and nothing
 * half-made is ever seen. `npm run soak -- e2e/volume-crash` for the full numbers.
 * @one-driver
 * @time-limit 3600
 */
import { existsSync, readdirSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tar } from '../tar-maker.ts';
import { importBusybox, loadImage, output, removeAll, root, skiff } from './skiff.ts';
import { crowd, killNow, nothingLeft, ourProcesses, pause, quiet, start, tries } from './traces.ts';
import type { Started } from './traces.ts';

const attempts = tries(6, 100);

const directory = join(root, 'volumes');
/** What is in the directory of volumes and is none by its name: work in progress. */
const unfinished = (): readonly string[] => (existsSync(directory) ? readdirSync(directory).filter((name) => name.startsWith('.') && name !== '.lock') : []);
const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');
const volumes = (): readonly string[] => [...lines(output(['volume', 'ls', '-q']))].sort();

/** So many files has the image in /data, by several owners; enough for the copy to take a while. */
const files = 700;
const count = 'find /data -type f | wc -l';
const digest = 'cd /data && find . -type f | sort | xargs cat | sha256sum; find . | sort | xargs stat -c "%n %u %a" | sha256sum';
let wanted = '';

test.before(() => {
  importBusybox();
  const name = (at: number): string => `data/d${at % 7}/f${at}`;
  const directories = Array.from({ length: 7 }, (_, at) => ({ name: `data/d${at}/`, type: 'directory' as const, uid: at, mode: 0o750 }));
  const entries = Array.from({ length: files }, (_, at) => ({ name: name(at), uid: at % 100, gid: at % 50, mode: 0o640, data: `file ${at}\n`.repeat(1 + (at % 20)) }));
  loadImage('filled', {}, tar({ name: 'data/', type: 'directory', uid: 33, mode: 0o755 }, ...directories, ...entries));
  wanted = output(['run', '--rm', '--network', 'none', 'filled', 'sh', '-c', digest]);
});
const clear = (): void => {
  removeAll();
  const names = volumes();
  if (names.length > 0) output(['volume', 'rm', ...names]);
};
test.before.each(clear);
test.after(async () => {
  clear();
  output(['doctor', '--repair']);
  assert.equal(unfinished(), [], 'after a repair');
  await nothingLeft('at the end');
});

/** Whom the blow hits: the command alone, or all that it has started. */
const victims = (started: Started, all: boolean): readonly number[] => (all ? ourProcesses().map(({ pid }) => pid) : [started.child.pid ?? 0]);

/** Starts, kills after so many milliseconds, and waits for the end; what it printed until then. */
const strike = async (args: readonly string[], after: number, all = true): Promise<string> => {
  const started = start(args);
  await pause(after);
  for (const pid of victims(started, all)) killNow(pid);
  const { stdout } = await started.end;
  await quiet();
  return stdout;
};

/** Spread evenly and a little at random, up to so many milliseconds. */
const moment = (attempt: number, upTo: number): number => (attempt * upTo) / attempts + randomInt(Math.max(1, Math.ceil(upTo / attempts)));

/** What the next commands of a person find: listings without a complaint, and each volume whole. */
const sound = (when: string): void => {
  const { status, stderr } = skiff(['volume', 'ls']);
  assert.equal([status, stderr], [0, ''], `volume ls ${when}`);
  for (const name of volumes()) {
    assert.match(output(['volume', 'inspect', '--format', '{{.Name}} {{.Mountpoint}}', name]), new RegExp(`^${name} `));
    assert.ok(existsSync(join(directory, name, '_data')), `${name} has its data ${when}`);
  }
};

test('volume create: it is there with all that was asked for, or not at all; and can be made again', async () => {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const said = await strike(['volume', 'create', '--label', 'a=b', 'made'], moment(attempt, 60));
    if (said !== '') assert.equal(volumes(), ['made'], 'a name that was printed is kept');
    if (volumes().length > 0) assert.is(output(['volume', 'inspect', '--format', '{{.Labels.a}} {{.Driver}}', 'made']), 'b local\n');
    sound(`attempt ${attempt}`);
    output(['volume', 'create', '--label', 'a=b', 'made']);
    output(['volume', 'rm', 'made']);
  }
});

test('copy-up: whoever comes next sees all of it, and it is never done again over what was written', async () => {
  const script = `n=$(${count}); echo mine > /data/d0/f0; sync; echo "wrote $n"; sleep 1`;
  // How long it takes on this machine, as busy as it is.
  const begin = Date.now();
  output(['run', '--rm', '--network', 'none', '-v', 'vv:/data', 'filled', 'true']);
  output(['volume', 'rm', 'vv']);
  const whole = (Date.now() - begin) * 1.3;
  let wrote = 0;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const said = await strike(['run', '--rm', '--network', 'none', '-v', 'vv:/data', 'filled', 'sh', '-c', script], 10 + moment(attempt, whole), attempt % 3 !== 0 || attempt === 0);
    if (said !== '') assert.is(said, `wrote ${files}\n`, 'what the container saw when it began');
    wrote += said === '' ? 0 : 1;
    const [found, first, ...rest] = lines(output(['run', '--rm', '--network', 'none', '-v', 'vv:/data', 'filled', 'sh', '-c', `${count}; head -n 1 /data/d0/f0; ${digest}`]));
    assert.is(found, String(files), `attempt ${attempt}`);
    assert.ok(first === 'mine' || (first === 'file 0' && said === ''), `${first}: what was acknowledged`);
    if (first === 'file 0') assert.equal(rest, lines(wanted));
    sound(`attempt ${attempt}`);
    output(['volume', 'rm', 'vv']);
  }
  assert.ok(wrote > 0 || attempts < 20, 'some got as far as writing');
});

test('copy-up by several at once is done once, and each sees all of it', async () => {
  for (let round = 0; round < tries(2, 20); round += 1) {
    const seen: string[] = [];
    const errors: string[] = [];
    await crowd(6, 6, async () => {
      const { stdout, stderr } = await start(['run', '--rm', '--network', 'none', '-v', 'shared:/data', 'filled', 'sh', '-c', `${count}; echo x >> /data/d0/own`]).end;
      seen.push(stdout.trim());
      errors.push(stderr);
    });
    assert.equal(errors.filter((text) => text !== ''), []);
    for (const number of seen) assert.match(number, new RegExp(`^${files}$|^${files + 1}$`));
    assert.is(output(['run', '--rm', '--network', 'none', '-v', 'shared:/data', 'busybox', 'sh', '-c', 'wc -l < /data/d0/own']), '6\n');
    output(['volume', 'rm', 'shared']);
  }
});

/** Everything that removes volumes. */
const removers: readonly (readonly string[])[] = [
  ['volume', 'prune', '-af'],
  ['volume', 'rm', '-f', 'free', 'kept', 'runs'],
  ['system', 'prune', '-f', '--volumes', '--filter', 'label!=keep'],
  ['rm', '-fv', 'doomed'],
  ['container', 'prune', '-f', '--filter', 'label!=keep'],
];

test('whatever removes volumes, and whenever it is killed: those that a container names stay, running or not, with and without a name', async () => {
  const named = ['--network', 'none', '--label', 'keep'] as const;
  output(['run', '-d', '--name', 'alive', ...named, '-v', 'runs:/r', '-v', '/anonymous', 'busybox', 'sh', '-c', 'echo data > /r/file; echo data > /anonymous/file; exec sleep 3600']);
  output(['run', '--name', 'stopped', ...named, '-v', 'kept:/k', '-v', '/anonymous', 'busybox', 'sh', '-c', 'echo data > /k/file; echo data > /anonymous/file']);
  output(['create', '--name', 'never', ...named, '-v', 'created:/c', '-v', '/anonymous', 'busybox', 'cat', '/c/file']);
  const before = volumes();
  assert.is(before.length, 6);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const command = removers[attempt % removers.length] ?? [];
    output(['volume', 'create', 'free']);
    skiff(['run', '--name', 'doomed', '--network', 'none', '-v', '/anonymous', '-v', 'free:/f', 'busybox', 'sh', '-c', 'echo x > /anonymous/x; echo x > /f/x']);
    const started = start(command);
    await pause(moment(attempt, 150));
    killNow(started.child.pid ?? 0);
    await started.end;
    sound(`${command.join(' ')}, attempt ${attempt}`);
    const now = volumes();
    assert.equal(before.filter((name) => !now.includes(name)), [], command.join(' '));
    const { stdout, stderr } = skiff(['exec', 'alive', 'cat', '/r/file', '/anonymous/file']);
    assert.is(stdout, 'data\ndata\n', `${stderr}${skiff(['inspect', '--format', '{{json .State}}', 'alive']).stdout}`);
    skiff(['rm', '-fv', 'doomed']);
    skiff(['volume', 'rm', '-f', 'free']);
    output(['volume', 'prune', '-af']);
    assert.equal(volumes(), before, 'what nobody names is gone');
  }
  assert.is(output(['start', '-a', 'stopped']), '');
  assert.is(output(['run', '--rm', '--network', 'none', '--volumes-from', 'stopped', 'busybox', 'cat', '/k/file', '/anonymous/file']), 'data\ndata\n');
  assert.match(output(['volume', 'ls', '-qf', 'dangling=true']), /^$/);
});

test('of a create that names a volume and a removal at the same time one gives way', async () => {
  for (let round = 0; round < tries(10, 200); round += 1) {
    output(['volume', 'create', 'fought']);
    const removal = start(round % 2 === 0 ? ['volume', 'rm', 'fought'] : ['volume', 'prune', '-af']);
    await pause(randomInt(30));
    const made = await start(['create', '--name', 'cc', '--network', 'none', '-v', 'fought:/f', 'busybox', 'sh', '-c', 'echo ok > /f/ok; cat /f/ok']).end;
    await removal.end;
    assert.is(made.status, 0, made.stderr);
    assert.equal(volumes(), ['fought'], `round ${round}`);
    assert.is(output(['start', '-a', 'cc']), 'ok\n');
    output(['rm', 'cc']);
    output(['volume', 'rm', 'fought']);
  }
});

test('of the end of a container with --rm, and another one that takes its volumes, one gives way', async () => {
  let taken = 0;
  const words = ['run', '--rm', '--name', 'first', '--network', 'none', '-v', '/anonymous', 'busybox', 'sh', '-c', 'echo data > /anonymous/file'];
  const began = Date.now();
  output(words);
  const span = Date.now() - began;
  for (let round = 0; round < tries(20, 200); round += 1) {
    const first = start(words);
    await pause(randomInt(span));
    const second = await start(['create', '--name', 'second', '--network', 'none', '--volumes-from', 'first', 'busybox', 'cat', '/anonymous/file']).end;
    assert.is((await first.end).status, 0);
    if (second.status === 0) {
      taken += 1;
      assert.match(output(['start', '-a', 'second']), /^data\n$/);
      assert.is(volumes().length, 1);
      output(['rm', '-v', 'second']);
    } else assert.match(second.stderr, /^skiff: no such (container: first|volume: [0-9a-f]{64})/, second.stderr);
    assert.equal(volumes(), [], `round ${round}`);
  }
  assert.ok(taken > 0, 'some were in time');
});

test.run();
