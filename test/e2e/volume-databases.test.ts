/**
 * redis and postgres with their data in named volumes: killed with -9 while they write, round after round, each by another way, they come back with every
 * write that they had acknowledged. `npm run soak -- e2e/volume-databases` for 20 rounds.
 * @one-driver
 * @image programs
 * @time-limit 1200
 */
import { join } from 'node:path';
import { randomInt } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, output, removeAll, skiff, testImages } from './skiff.ts';
import { killNow, ourProcesses, pause, processesCalled, quiet, start, tries } from './traces.ts';

const rounds = tries(3, 20);

test.before(() => void output(['import', join(testImages, 'programs.tar'), 'programs']));
test.after.each(() => {
  removeAll();
  skiff(['volume', 'prune', '-af']);
});

const ready = (name: string, ...probe: readonly string[]): Promise<void> => eventually(`${name} answers`, () => skiff(['exec', name, ...probe]).status === 0, 60000);

/** The ways in which a database dies, by turns: by `kill`, with its monitor, with everything of ours at once. */
const blows: readonly ((name: string) => void)[] = [
  (name) => void output(['kill', '-s', 'KILL', name]),
  () => {
    for (const { pid } of processesCalled('skiff-monitor')) killNow(pid);
  },
  () => {
    for (const { pid } of ourProcesses()) killNow(pid);
  },
];

interface Database {
  readonly name: string;
  /** `run` without `-d` and `--name`. */
  readonly run: readonly string[];
  readonly probe: readonly string[];
  /** A shell script that writes the numbers from $1 up, for ever, and prints each once it has been acknowledged. */
  readonly write: string;
  /** How many of the numbers from 0 up to the given one are there. */
  readonly present: (upTo: number) => number;
}

const survives = async ({ name, run, probe, write, present }: Database): Promise<void> => {
  let next = 0;
  for (let round = 0; round < rounds; round += 1) {
    // The same container again, or another one with the same volume.
    if (round % 2 === 1) output(['start', name]);
    else {
      skiff(['rm', '-f', name]);
      output(['run', '-d', '--name', name, ...run]);
    }
    await ready(name, ...probe);
    assert.is(present(next), next, `round ${round}: every acknowledged write is there`);
    const writer = start(['exec', name, 'sh', '-c', write, 'sh', String(next)]);
    let said = '';
    writer.child.stdout?.on('data', (chunk: Buffer) => void (said += chunk.toString()));
    await eventually('something was written', () => said.split('\n').length > 5, 60000);
    await pause(randomInt(700));
    blows[round % blows.length]?.(name);
    const { stdout } = await writer.end;
    await quiet();
    // A line without its end was cut off; each of the others stands for a write that was acknowledged.
    const acknowledged = stdout.split('\n').slice(0, -1).filter((line) => /^\d+$/.test(line)).map(Number);
    assert.equal(acknowledged, acknowledged.map((_, at) => next + at), 'in order, none left out');
    next += acknowledged.length;
  }
  output(['start', name]);
  await ready(name, ...probe);
  assert.is(present(next), next, 'in the end, too');
  assert.ok(next > 5 * rounds);
  output(['stop', name]);
};

test('redis', () =>
  survives({
    name: 'redis',
    run: ['--network', 'none', '-v', 'redis-data:/data', 'programs', 'redis-server', '--dir', '/data', '--appendonly', 'yes', '--appendfsync', 'always', '--save', ''],
    probe: ['sh', '-c', '[ "$(redis-cli ping)" = PONG ]'],
    // What was written and not acknowledged may be there as well: it is written again.
    write: 'i=$1; while [ "$(redis-cli set "key:$i" "$i")" = OK ]; do echo $i; i=$((i + 1)); done',
    present: (upTo) => {
      if (upTo === 0) return 0;
      const script = `local n = 0; for i = 0, ${upTo - 1} do if redis.call('get', 'key:' .. i) == tostring(i) then n = n + 1 end end; return n`;
      return Number(output(['exec', 'redis', 'redis-cli', 'eval', script, '0']).trim());
    },
  }));

const postgres = 'PATH=$PATH:/usr/lib/postgresql/15/bin; test -s "$PGDATA/PG_VERSION" || initdb --auth=trust > /dev/null || exit 1; exec postgres -k /tmp -c listen_addresses= -c max_connections=10';
const sql = (text: string): string => output(['exec', 'db', 'psql', '-h', '/tmp', '-Atc', text, 'postgres']);

test('postgres, as its own user, in a volume that took owner and mode from the image', () =>
  survives({
    name: 'db',
    run: ['--network', 'none', '--user', 'postgres', '--shm-size', '128m', '-e', 'PGDATA=/var/lib/postgresql/data', '-v', 'db-data:/var/lib/postgresql', 'programs', 'sh', '-c', postgres],
    probe: ['psql', '-h', '/tmp', '-c', 'create table if not exists acks (n integer primary key)', 'postgres'],
    write: 'i=$1; while psql -h /tmp -qc "insert into acks values ($i) on conflict do nothing" postgres; do echo $i; i=$((i + 1)); done',
    present: (upTo) => Number(sql(`select count(*) from acks where n between 0 and ${upTo - 1}`).trim()),
  }));

test.run();
