/**
 * kill -9 of any process at any moment: what was written stays, nothing runs without its monitor, and the next command clears up.
 * `npm run soak -- e2e/crash` for the full numbers.
 * @time-limit 3600
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test as plainTest } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, containerDirectories, eventually, importBusybox, output, skiff, testImages } from './skiff.ts';
import { killNow, nothingLeft, ourProcesses, pause, processesCalled, quiet, start, tries } from './traces.ts';
import type { Process, Started } from './traces.ts';

const attempts = tries(15, 100);

/** What every command does first: then everything must be as if nothing had been. */
const healed = async (when: string): Promise<void> => {
  await quiet();
  assert.equal(skiff(['ps', '-a', '--format', '{{.Names}}']).stderr, '', `skiff ps -a ${when}`);
  await nothingLeft(when);
};

/** A test after which a command heals, and nothing is left. */
const test = (name: string, body: () => Promise<void>): void =>
  plainTest(name, async () => {
    try {
      await body();
    } finally {
      for (const id of skiff(['ps', '-aq']).stdout.split('\n').filter((line) => line !== '')) skiff(['rm', '-f', id]);
    }
    await healed('afterwards');
  });

plainTest.before(() => importBusybox());

/** Moments spread evenly, so that a repeated run looks at the same ones; milliseconds. */
const moment = (attempt: number, upTo: number): number => (attempt * upTo) / attempts;

/** Starts, kills after a while whom `choose` finds, and waits for the end. */
const strike = async (args: readonly string[], after: number, choose: (started: Started) => readonly Process[]): Promise<void> => {
  const started = start(args);
  await pause(after);
  for (const { pid } of choose(started)) killNow(pid);
  await started.end;
};

const oneOf = (started: Started): readonly Process[] => ourProcesses().filter(({ pid }) => pid === started.child.pid);

const slirp = ['run', '--rm', '--network', 'slirp4netns', 'busybox', 'sleep', '0.05'];

test('the command, at any moment of a run', async () => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    await strike([...bare, 'busybox', 'true'], moment(attempt, 80), oneOf);
    await healed(`attempt ${attempt}`);
  }
});

test('the command, at any moment of a run with a name that is used again at once', async () => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const words = ['run', '-d', '--network', 'none', '--name', 'again', 'busybox', 'true'];
    await strike(words, moment(attempt, 80), oneOf);
    await quiet();
    // Either it has run to its end, and has the name, or it never was.
    const state = output(['ps', '-a', '--format', '{{.Names}} {{.Status}}']);
    assert.match(state, /^(again Exited \(0\) .*\n)?$/);
    if (state !== '') output(['rm', 'again']);
    output(words);
    output(['rm', '-f', 'again']);
    await healed(`attempt ${attempt}`);
  }
});

for (const victim of ['skiff-monitor', 'skiff-keeper', 'slirp4netns', 'fuse-overlayfs', 'sleep', 'newuidmap']) {
  test(`${victim}, at any moment of a run`, async () => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      await strike(slirp, 10 + moment(attempt, 110), () => processesCalled(victim));
      await healed(`attempt ${attempt}`);
    }
  });
}

test('any process, at any moment of a run', async () => {
  for (let attempt = 0; attempt < 2 * attempts; attempt++) {
    await strike(slirp, 5 + moment(attempt, 60), () => {
      const all = ourProcesses();
      const one = all[Math.floor(Math.random() * all.length)];
      return one === undefined ? [] : [one];
    });
    await healed(`attempt ${attempt}`);
  }
});

test('everything at once', async () => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    await strike(slirp, 5 + moment(attempt, 120), () => ourProcesses());
    await healed(`attempt ${attempt}`);
  }
});

const detached = (...words: readonly string[]): string => output(['run', '-d', '--network', 'none', ...words]).trim();
const sleeper = (...flags: readonly string[]): string => detached(...flags, 'busybox', 'sleep', '600');
const statusOf = (id: string): string => output(['ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.Status}}']).split('\n').find((line) => line.startsWith(id))?.slice(65) ?? 'gone';
const killAll = (name: string): void => {
  const all = processesCalled(name);
  assert.ok(all.length > 0, `${name} is not there to be killed`);
  for (const { pid } of all) killNow(pid);
};

test('without its monitor a container is dead, and recorded as killed; its name can be used again', async () => {
  const id = sleeper('--name', 'kept');
  killAll('skiff-monitor');
  await quiet();
  assert.match(statusOf(id), /^Exited \(137\) /);
  assert.match(skiff(['exec', 'kept', 'true']).stderr, /^skiff: container kept is not running; .*\n$/);
  output(['rm', 'kept']);
  sleeper('--name', 'kept');
  output(['rm', '-f', 'kept']);
});

test('an attached run whose monitor is killed ends with 137', async () => {
  const started = start([...bare, 'busybox', 'sleep', '600']);
  await eventually('the command runs', () => processesCalled('sleep').length === 1);
  killAll('skiff-monitor');
  const { status, stderr } = await started.end;
  assert.is(status, 137);
  assert.match(stderr, /^(skiff: .*\n)?$/);
});

test('without its command a container goes on under its monitor', async () => {
  const started = start(['run', '--rm', '--network', 'none', '--name', 'orphan', 'busybox', 'sleep', '600']);
  await eventually('the command runs', () => processesCalled('sleep').length === 1);
  killNow(started.child.pid ?? 0);
  await started.end;
  assert.match(output(['ps', '--format', '{{.Names}} {{.Status}}']), /^orphan Up /);
  assert.is(output(['exec', 'orphan', 'echo', 'alive']), 'alive\n');
  output(['rm', '-f', 'orphan']);
});

test('without the keeper running containers go on, new ones start, and all of them end as usual', async () => {
  const id = sleeper();
  killAll('skiff-keeper');
  assert.is(output(['exec', id, 'echo', 'alive']), 'alive\n');
  assert.is(output([...bare, 'busybox', 'echo', 'new']), 'new\n');
  const second = sleeper();
  output(['rm', '-f', id]);
  assert.is(output(['exec', second, 'echo', 'alive']), 'alive\n');
  output(['rm', '-f', second]);
});

test('a killed command of a container is its exit code', async () => {
  const started = start([...bare, 'busybox', 'sleep', '600']);
  await eventually('the command runs', () => processesCalled('sleep').length === 1);
  killAll('sleep');
  assert.equal(await started.end, { status: 137, signal: null, stdout: '', stderr: '' });
});

test('without slirp4netns a container goes on', async () => {
  const id = output(['run', '-d', '--network', 'slirp4netns', 'busybox', 'sleep', '600']).trim();
  killAll('slirp4netns');
  assert.is(output(['exec', id, 'echo', 'alive']), 'alive\n');
  output(['rm', '-f', id]);
});

/** Processes of all kinds that outlive their parents: daemons, other users, sessions of their own. */
const children = 'sleep 600 & setsid sleep 600 & (sleep 600 &) ; su -s /bin/sh www -c "sleep 600 & exec sleep 600" & (setsid sh -c "sleep 600 & sleep 600" &) ; ';
const family = `${children} exec sleep 600`;
const familySize = 8;
const grown = (): Promise<void> => eventually('all processes of the container run', () => processesCalled('sleep').length === familySize);

for (const pid of ['private', 'host', 'container:donor'] as const) {
  const flags = pid === 'private' ? [] : ['--pid', pid];

  /** Runs `body` beside the container whose pid namespace is used. */
  const withDonor = async (body: () => Promise<void>): Promise<void> => {
    if (pid === 'container:donor') detached('--name', 'donor', 'busybox', 'tail', '-f', '/dev/null');
    await body();
    if (pid === 'container:donor') output(['rm', '-f', 'donor']);
  };
  const monitorOf = (id: string): number => (JSON.parse(readFileSync(join(containerDirectories().find((path) => path.endsWith(id)) ?? '', 'state.json'), 'utf8')) as { monitorPid: number }).monitorPid;

  test(`nothing of a container outlives its killed monitor, whatever it has become (pid namespace: ${pid})`, () =>
    withDonor(async () => {
      const id = detached(...flags, 'busybox', 'sh', '-c', family);
      await grown();
      killNow(monitorOf(id));
      await eventually('all processes of the container end', () => processesCalled('sleep').length === 0);
      assert.match(statusOf(id), /^Exited \(137\) /);
      output(['rm', id]);
    }));

  test(`nothing of a container outlives its command (pid namespace: ${pid})`, () =>
    withDonor(async () => {
      const id = detached(...flags, 'busybox', 'sh', '-c', `${children} sleep 0.3; true`);
      await eventually('the container ends', () => statusOf(id).startsWith('Exited'));
      // On a busy machine one that was killed has left its namespaces, so that nobody finds it there, a moment before it is a zombie.
      await eventually('nothing of it is left', () => processesCalled('sleep').length === 0, 1000);
      assert.match(statusOf(id), /^Exited \(0\) /);
      output(['rm', id]);
    }));

  test(`nothing of exec outlives the container (pid namespace: ${pid})`, () =>
    withDonor(async () => {
      const id = sleeper(...flags);
      output(['exec', id, 'sh', '-c', 'setsid sleep 600 > /dev/null 2>&1 < /dev/null &']);
      await eventually('both run', () => processesCalled('sleep').length === 2);
      output(['rm', '-f', id]);
      await eventually('both end', () => processesCalled('sleep').length === 0, 2000);
    }));
}

test('a container without its guard is still ended by its monitor', async () => {
  const id = detached('--pid', 'host', 'busybox', 'sh', '-c', family);
  await grown();
  killAll('skiff-guard');
  assert.match(statusOf(id), /^Up /);
  output(['rm', '-f', id]);
  await eventually('all processes of the container end', () => processesCalled('sleep').length === 0);
});

test('a session of exec without its monitor is ended, and the container goes on', async () => {
  const id = sleeper();
  const session = start(['exec', id, 'sleep', '500']);
  await eventually('both run', () => processesCalled('sleep').length === 2);
  for (const { pid } of processesCalled('skiff-monitor').slice(-1)) killNow(pid);
  assert.is((await session.end).status, 137);
  await eventually('one is left', () => processesCalled('sleep').length === 1);
  assert.match(statusOf(id), /^Up /);
  output(['rm', '-f', id]);
});

test('exec and rm, at any moment', async () => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const id = sleeper();
    await strike(['exec', id, 'true'], moment(attempt, 40), oneOf);
    await strike(['rm', '-f', id], moment(attempt, 60), oneOf);
    skiff(['rm', '-f', id]);
    await healed(`attempt ${attempt}`);
  }
});

/** Appends numbers to two files, one of them kept open, and prints each number once both writes have returned. */
const writer = 'exec 3>>/open; i=0; while :; do i=$((i+1)); echo $i >> /log; echo $i >&3; echo $i; done';
const lastNumber = (text: string): number => Number(text.trimEnd().split('\n').filter((line) => line !== '').at(-1) ?? 0);

for (const victim of ['skiff-monitor', 'fuse-overlayfs', 'sh', 'skiff-keeper']) {
  test(`no finished write is lost with ${victim}`, async () => {
    if (victim === 'fuse-overlayfs' && process.env['SKIFF_STORAGE_DRIVER'] !== victim) return;
    for (let attempt = 0; attempt < tries(4, 30); attempt++) {
      const started = start(['run', '--network', 'none', '--name', 'writer', 'busybox', 'sh', '-c', writer]);
      let printed = '';
      started.child.stdout?.on('data', (chunk: Buffer) => void (printed += chunk.toString()));
      await eventually('it writes', () => lastNumber(printed) > 20);
      await pause(attempt * 5);
      if (victim === 'sh') killNow(processesCalled('sh').at(-1)?.pid ?? 0);
      else killAll(victim);
      const seen = lastNumber(printed.slice(0, printed.lastIndexOf('\n') + 1));
      skiff(['rm', '--help']);
      const upper = join(containerDirectories()[0] ?? '', 'upper');
      for (const name of ['log', 'open']) assert.ok(lastNumber(readFileSync(join(upper, name), 'utf8')) >= seen, `${name} has the ${seen} that was printed`);
      output(['rm', '-f', 'writer']);
      await started.end;
    }
  });
}

const store = join(process.env['HOME'] ?? '', '.local/share/skiff');
const unfinished = (): readonly string[] => ['layers', 'images'].flatMap((name) => readdirSync(join(store, name)).filter((entry) => entry.startsWith('.tmp')));

test('import, at any moment: no process goes on, and the next import clears up', async () => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    await strike(['import', join(testImages, 'busybox.tar'), `trial-${attempt % 3}`], moment(attempt, 120), oneOf);
    await quiet(1000);
    importBusybox();
    assert.equal(unfinished(), []);
    assert.is(output([...bare, 'busybox', 'echo', 'whole']), 'whole\n');
  }
});

test('a large import ends with its command', async () => {
  const started = start(['import', join(testImages, 'debian.tar'), 'large']);
  await eventually('it unpacks', () => processesCalled('skiff-tree').length > 0);
  await pause(200);
  killNow(started.child.pid ?? 0);
  // Until its parent has taken note of it, a killed process still counts as one.
  await started.end;
  await quiet(1000);
  importBusybox();
  assert.equal(unfinished(), []);
});

test('an import whose skiff-tree is killed says so in one line and leaves nothing', async () => {
  const started = start(['import', join(testImages, 'debian.tar'), 'large']);
  await eventually('it unpacks', () => processesCalled('skiff-tree').length > 0);
  await pause(100);
  killAll('skiff-tree');
  const { status, stdout, stderr } = await started.end;
  assert.equal([status, stdout], [1, '']);
  assert.match(stderr, /^skiff: cannot unpack [^\n]*\n$/);
  assert.equal(unfinished(), []);
  assert.not.match(output(['images']), /large/);
  assert.ok(existsSync(join(store, 'images/index.json')));
});

plainTest.run();
