/**
 * Many containers, one after the other and at once: every one does its work, and nothing of them is left.
 * `npm run soak -- e2e/concurrency` for the full numbers.
 * @time-limit 1800
 */
import { test as plainTest } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, importBusybox, output, skiff } from './skiff.ts';
import { crowd, pause, nothingLeft, processesCalled, quiet, start, tries } from './traces.ts';

const networks = ['none', 'none', 'none', 'slirp4netns'] as const;

const runOne = async (index: number): Promise<void> => {
  const network = networks[index % networks.length] ?? 'none';
  const { status, stdout, stderr } = await start(['run', '--rm', '--network', network, 'busybox', 'sh', '-c', `echo ${index}; exit ${index % 7}`]).end;
  assert.equal({ status, stdout, stderr }, { status: index % 7, stdout: `${index}\n`, stderr: '' }, `run ${index} on ${network}`);
};

/** A test after which nothing is left. */
const test = (name: string, body: () => Promise<void>): void =>
  plainTest(name, async () => {
    await body();
    await nothingLeft('afterwards');
  });

plainTest.before(() => importBusybox());

test('one after the other', async () => {
  await crowd(tries(40, 200), 1, runOne);
});

test('20 at a time', async () => {
  await crowd(tries(60, 200), 20, runOne);
});

test('the keeper is started by 20 at the same moment, and by nobody twice', async () => {
  for (let round = 0; round < tries(2, 20); round++) {
    const containers = Array.from({ length: 20 }, (_, index) => start(['run', '-d', '--network', 'none', '--name', `at-once-${index}`, 'busybox', 'sleep', '600']));
    const ends = await Promise.all(containers.map(({ end }) => end));
    assert.equal(ends.map(({ status, stderr }) => `${status} ${stderr}`), ends.map(() => '0 '));
    assert.is(processesCalled('skiff-keeper').length, 1);
    output(['rm', '-f', ...ends.map(({ stdout }) => stdout.trim())]);
    await quiet();
  }
});

test('a run that starts while the keeper is just ending', async () => {
  // Three loops without a pause and one whose pauses sweep over the moment at which the keeper sees that nobody is left.
  await crowd(tries(60, 600), 3, async (index) => {
    await pause((index * 7) % 40);
    const { status, stderr } = await start([...bare, 'busybox', 'true']).end;
    assert.equal({ status, stderr }, { status: 0, stderr: '' });
  });
});

test('one name for 20 runs: one has it, the others are told so', async () => {
  const runs = await Promise.all(Array.from({ length: 20 }, () => start(['run', '-d', '--network', 'none', '--name', 'wanted', 'busybox', 'sleep', '600']).end));
  const losers = runs.filter(({ status }) => status !== 0);
  assert.is(losers.length, 19);
  for (const { status, stderr } of losers) assert.equal([status, /^skiff: the container name "wanted" is already in use by container [0-9a-f]{12}; .*\n$/.test(stderr)], [125, true], stderr);
  output(['rm', '-f', 'wanted']);
});

test('lists, removals and runs at once do not get in each other\'s way', async () => {
  await crowd(tries(40, 200), 8, async (index) => {
    const words = index % 2 === 0 ? ['ps', '-a'] : ['run', '-d', '--network', 'none', '--name', `busy-${index}`, 'busybox', 'true'];
    const { status, stderr } = await start(words).end;
    assert.equal({ status, stderr }, { status: 0, stderr: '' }, words.join(' '));
    if (index % 2 === 1) assert.equal((await start(['rm', '-f', `busy-${index}`]).end).stderr, '');
  });
});

test('20 sessions of exec at once in one container', async () => {
  const id = output(['run', '-d', '--network', 'none', 'busybox', 'sleep', '600']).trim();
  await crowd(tries(40, 200), 20, async (index) => {
    const { status, stdout, stderr } = await start(['exec', id, 'sh', '-c', `echo ${index}; exit 3`]).end;
    assert.equal({ status, stdout, stderr }, { status: 3, stdout: `${index}\n`, stderr: '' });
  });
  output(['rm', '-f', id]);
});

test('20 removals of one container at once', async () => {
  const id = output(['run', '-d', '--network', 'none', 'busybox', 'sleep', '600']).trim();
  const ends = await Promise.all(Array.from({ length: 20 }, () => start(['rm', '-f', id]).end));
  assert.ok(ends.some(({ status }) => status === 0));
  for (const { stderr } of ends) assert.match(stderr, /^(skiff: no such container: [0-9a-f]+\n)?$/);
  assert.is(skiff(['ps', '-aq']).stdout, '');
});

plainTest.run();
