/**
 * kill -9 of the command line, the monitor, the keeper or the container itself at any moment of any command of a container's life: records
 * stay readable, names come free, and whatever runs has a living monitor.
 * `npm run soak -- e2e/crash-lifecycle` for the full numbers.
 * @one-driver
 * @time-limit 3600
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, importBusybox, output, skiff } from './skiff.ts';
import { killNow, nothingLeft, ourProcesses, pause, processesCalled, quiet, start, tries } from './traces.ts';
import type { Process, Started } from './traces.ts';

const attempts = tries(40, 200);

test.before(() => importBusybox());
test.after.each(async () => {
  const ids = skiff(['ps', '-aq']).stdout.split('\n').filter((id) => id !== '');
  if (ids.length > 0) skiff(['rm', '-f', ...ids]);
  await nothingLeft('afterwards');
});

/** mulberry32: numbers from 0 to 1 that are the same in every run, so that a failure can be had again. */
const random = (seed: number): (() => number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};

const command = ['busybox', 'sleep', '600'] as const;

/** What is done to a container `kept`, what must be there before, and how long it may take in ms. */
const works: readonly { readonly words: readonly string[]; readonly before: 'nothing' | 'created' | 'running' | 'stopped'; readonly upTo: number }[] = [
  { words: ['create', '--name', 'kept', '--network', 'none', ...command], before: 'nothing', upTo: 30 },
  { words: ['run', '-d', '--name', 'kept', '--network', 'none', ...command], before: 'nothing', upTo: 60 },
  { words: ['start', 'kept'], before: 'created', upTo: 50 },
  { words: ['start', 'kept'], before: 'stopped', upTo: 50 },
  { words: ['restart', '-t', '0', 'kept'], before: 'running', upTo: 80 },
  { words: ['restart', '-t', '0', 'kept'], before: 'stopped', upTo: 50 },
  { words: ['stop', '-t', '0', 'kept'], before: 'running', upTo: 50 },
  { words: ['kill', 'kept'], before: 'running', upTo: 30 },
  { words: ['rm', '-f', 'kept'], before: 'running', upTo: 60 },
  { words: ['rm', 'kept'], before: 'stopped', upTo: 40 },
  { words: ['exec', 'kept', 'true'], before: 'running', upTo: 50 },
  { words: ['rename', 'kept', 'other'], before: 'running', upTo: 30 },
  { words: ['pause', 'kept'], before: 'running', upTo: 30 },
  { words: ['commit', 'kept', 'copy'], before: 'running', upTo: 60 },
  { words: ['cp', 'kept:/etc/passwd', '-'], before: 'running', upTo: 50 },
];

const prepare = (before: (typeof works)[number]['before']): void => {
  if (before === 'created') output(['create', '--name', 'kept', '--network', 'none', ...command]);
  if (before === 'running' || before === 'stopped') output(['run', '-d', '--name', 'kept', '--network', 'none', ...command]);
  if (before === 'stopped') output(['stop', '-t', '0', 'kept']);
};

const victims: Readonly<Record<string, (started: Started) => readonly Process[]>> = {
  'the command': ({ child }) => ourProcesses().filter(({ pid }) => pid === child.pid),
  'the monitor': () => processesCalled('skiff-monitor'),
  'the keeper': () => processesCalled('skiff-keeper'),
  'the container': () => processesCalled('sleep'),
  'monitor and command': ({ child }) => ourProcesses().filter(({ pid, name }) => pid === child.pid || name === 'skiff-monitor'),
  everything: () => ourProcesses(),
};

/** The one container that there may be, as `ps` has it; it must be able to say so whatever was killed. */
const listed = (): readonly [name: string, state: string] | undefined => {
  const { status, stdout, stderr } = skiff(['ps', '-a', '--format', '{{.Names}} {{.State}}']);
  assert.equal({ status, stderr }, { status: 0, stderr: '' });
  const lines = stdout.split('\n').filter((line) => line !== '');
  assert.ok(lines.length <= 1, stdout);
  const [name = '', state = ''] = lines[0]?.split(' ') ?? [];
  return lines.length === 0 ? undefined : [name, state];
};

const isUp = (container: ReturnType<typeof listed>): boolean => container?.[1] === 'running' || container?.[1] === 'paused';

/** The list is readable at once; and when those who were killed have gone, what runs is what `ps` says, under a monitor that takes orders. */
const lookAtIt = async (): Promise<void> => {
  listed();
  await eventually('ps, monitors and processes agree', () => {
    const count = isUp(listed()) ? 1 : 0;
    return processesCalled('sleep').length === count && processesCalled('skiff-monitor').length === count;
  });
  const container = listed();
  if (container === undefined) return;
  const [name, state] = container;
  assert.is(output(['inspect', '--format', '{{.State.Status}}', name]), `${state}\n`);
  if (!isUp(container)) return;
  output(['stop', '-t', '0', name]);
  assert.is(processesCalled('sleep').length, 0);
};

/** Removes what is left, and takes the names again at once. */
const takeNamesAgain = async (): Promise<void> => {
  for (const name of ['kept', 'other']) skiff(['rm', '-f', name]);
  for (const name of ['kept', 'other']) output(['create', '--name', name, ...command]);
  output(['rm', 'kept', 'other']);
  await quiet();
};

test('whoever is killed, whatever is being done', async () => {
  const next = random(20261127);
  const pick = <A>(list: readonly A[]): A => list[Math.floor(next() * list.length)] as A;
  for (let attempt = 0; attempt < attempts; attempt++) {
    // Every kind of work has its turn; whom and when is by chance.
    const work = works[attempt % works.length] as (typeof works)[number];
    const victim = pick(Object.keys(victims));
    const after = next() * work.upTo;
    const scene = `attempt ${attempt}: ${work.words.join(' ')}, ${victim} killed after ${after.toFixed(1)} ms`;
    try {
      prepare(work.before);
      const started = start(work.words);
      await pause(after);
      for (const { pid } of victims[victim]?.(started) ?? []) killNow(pid);
      await started.end;
      await lookAtIt();
      await takeNamesAgain();
      // What a killed commit has begun to store goes with the next thing that is stored.
      if (work.words[0] === 'commit') importBusybox();
      await nothingLeft('afterwards');
    } catch (error) {
      throw new Error(`${scene}: ${(error as Error).stack ?? ''}`);
    }
  }
});

test.run();
