/** How a container comes by a cgroup, on machines that are made up here; and what a cgroup says of its use. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { renderError } from '../../src/core/errors.ts';
import { attempt } from '../../src/core/invalid.ts';
import { chooseCgroupWay } from '../../src/runtime/cgroup-way.ts';
import { statsRow } from '../../src/runtime/stats.ts';
import { usageIn } from '../../src/runtime/stats-cgroup.ts';
import { left } from '../harness.ts';
import type { CgroupWay, Wanted } from '../../src/runtime/cgroup-way.ts';
import type { Watched } from '../../src/runtime/stats.ts';
import type { Cgroups } from '../../src/system/cgroups.ts';

const manager = '/user.slice/user-7.slice/user@7.service';
const bus = '/run/user/7/bus';
const memory: Wanted = { controller: 'memory', flag: '--memory' };
const processors: Wanted = { controller: 'cpu', flag: '--cpus' };

interface Machine extends Partial<Omit<Cgroups, 'controllers' | 'isOurs' | 'hasProcesses'>> {
  readonly controllers?: Readonly<Record<string, readonly string[]>>;
  readonly ours?: readonly string[];
  readonly populated?: readonly string[];
}

const machine = ({ controllers = {}, ours = [], populated = [], ...facts }: Machine): Cgroups => ({
  version: '2',
  own: '/user.slice/user-7.slice/session-1.scope',
  uid: 7,
  enabled: () => [],
  managers: [],
  ...facts,
  controllers: (path) => controllers[path] ?? [],
  isOurs: (path) => ours.includes(path),
  hasProcesses: (path) => populated.includes(path),
});
const way = (facts: Machine, wanted: readonly Wanted[] = [memory], parent = ''): CgroupWay => chooseCgroupWay(machine(facts), wanted, parent);
const refusal = (facts: Machine, wanted: readonly Wanted[] = [memory], parent = ''): string => renderError(left(attempt(() => way(facts, wanted, parent))));

test('version 1, alone or beside version 2, is refused with the reason', () => {
  assert.match(refusal({ version: '1' }), /^--memory needs cgroups of version 2 alone: this machine gives it version 1, which only root may use; boot it with .*--ulimit/);
  assert.match(refusal({ version: 'none' }), /this machine has none at \/sys\/fs\/cgroup/);
  assert.match(refusal({ version: '1' }, [], 'x.slice'), /^--cgroup-parent needs cgroups/);
});

test('a login session asks the user manager', () => {
  const facts = { managers: [bus], controllers: { [manager]: ['cpu', 'memory'] } };
  assert.equal(way(facts), { kind: 'systemd', socket: bus, slice: 'app.slice' });
  assert.equal(way(facts, [memory], 'batch.slice'), { kind: 'systemd', socket: bus, slice: 'batch.slice' });
  assert.match(refusal(facts, [memory], 'batch'), /invalid --cgroup-parent 'batch'; with systemd it is the name of a slice/);
  assert.match(refusal(facts, [memory], '../x.slice'), /invalid --cgroup-parent/);
});

test('inside the user manager it is asked too, though the tree could be written to', () => {
  const own = `${manager}/app.slice/run-1.service`;
  assert.equal(way({ own, ours: [manager, `${manager}/app.slice`], managers: [bus], controllers: { [manager]: ['memory'] } }).kind, 'systemd');
});

test('a controller that is not delegated is named, with what an administrator has to do', () => {
  const facts = { managers: [bus], controllers: { [manager]: ['memory', 'pids'] } };
  assert.match(refusal(facts, [memory, processors]), /^--cpus needs the cgroup controller cpu, which is not delegated to you; ask an administrator .*Delegate=cpu.*delegate\.conf.*you have memory, pids$/);
});

test('without a manager and without a cgroup of ours there is none', () => {
  assert.match(refusal({}), /^--memory needs a cgroup: there is no systemd user manager for you.*loginctl enable-linger/);
});

test('the nearest cgroup of ours without processes is taken, but never our own', () => {
  const facts = { own: '/a/b/c/d', ours: ['/a', '/a/b', '/a/b/c', '/a/b/c/d'], populated: ['/a/b/c', '/a/b/c/d'], controllers: { '/a/b': ['memory'] }, managers: [bus] };
  assert.equal(way(facts), { kind: 'direct', parent: '/a/b' });
  assert.equal(way({ own: '/init', ours: ['/'], controllers: { '/': ['memory'] } }), { kind: 'direct', parent: '/' });
  assert.match(refusal({ own: '/', ours: ['/'], populated: ['/'] }), /no cgroup has been delegated/);
  assert.match(refusal({ ...facts, controllers: {} }), /needs the cgroup controller memory.*whoever made \/a\/b/);
});

test('a parent of one\'s own must be a cgroup that is ours', () => {
  const facts = { own: '/a/init', ours: ['/a', '/a/jobs', '/z'], controllers: { '/a/jobs': ['memory'], '/z': ['memory'] } };
  assert.equal(way(facts, [memory], 'jobs'), { kind: 'direct', parent: '/a/jobs' });
  assert.equal(way(facts, [memory], '/z'), { kind: 'direct', parent: '/z' });
  for (const parent of ['nowhere', '../a', '/root.slice']) assert.match(refusal(facts, [memory], parent), /is not a cgroup in which you may make others/);
});

const files: Readonly<Record<string, string>> = {
  'memory.current': '50000\n',
  'memory.stat': 'anon 20000\nfile 25000\ninactive_file 15000\nactive_file 10000\n',
  'memory.max': '100000\n',
  'cpu.stat': 'usage_usec 2500000\nuser_usec 1\nsystem_usec 2\n',
  'io.stat': '254:0 rbytes=100 wbytes=20 rios=3 wios=4 dbytes=0 dios=0\n8:0 rbytes=1 wbytes=2 rios=3 wios=4\n',
  'pids.current': '7\n',
};

test('use is what the cgroup counts, in the members of a sample', () => {
  assert.equal(usageIn((file) => files[file] ?? ''), { processor: 2500, memory: 35000, limit: 100000, read: 101, written: 22, tasks: 7 });
});

test('what a cgroup does not count is left to others', () => {
  assert.equal(usageIn(() => ''), {});
  assert.equal(usageIn((file) => ({ 'memory.max': 'max\n', 'memory.current': '5\n' })[file] ?? ''), { memory: 5 });
  assert.equal(usageIn((file) => ({ 'io.max': '8:0 rbps=1\n' })[file] ?? ''), { read: 0, written: 0 });
});

test('a share of memory is one of the limit, or of the machine where that is less', () => {
  const watched = { word: 'web', container: { id: 'f'.repeat(64), spec: { name: 'web' } } } as unknown as Watched;
  const sample = { at: 1, processor: 0, memory: 50, received: 0, sent: 0, read: 0, written: 0, tasks: 1 };
  assert.is(statsRow(watched, sample, { ...sample, limit: 200 }, 1000, false)['MemPerc'], '25.00%');
  assert.is(statsRow(watched, sample, { ...sample, limit: 5000 }, 1000, false)['MemPerc'], '5.00%');
  assert.is(statsRow(watched, sample, sample, 1000, false)['MemUsage'], '50B / 1000B');
});

test.run();
