/** Limits: what the flags mean, what Docker refuses, what goes into the files of a cgroup and into config.json. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupWrites, controllersFor, cpuWeight, ioWeight, ociResources } from '../../src/core/cgroup-values.ts';
import { attempt } from '../../src/core/invalid.ts';
import { renderError } from '../../src/core/errors.ts';
import { changeLimits, checkLimits, completeLimits, parseLimits, withoutUnlimited } from '../../src/core/limits.ts';
import { inspectedLimits, inspectedMemory } from '../../src/runtime/inspect-limits.ts';
import { hasLimits } from '../../src/runtime/limit-flags.ts';
import { left } from '../harness.ts';
import type { LimitFlags, Limits } from '../../src/core/limits.ts';

const mega = 1 << 20;
const facts = { processors: '0-3', memoryNodes: '0' };
const refusal = (flags: LimitFlags): string => renderError(left(attempt(() => checkLimits(parseLimits(flags), facts))));
const accepts = (flags: LimitFlags): void => checkLimits(parseLimits(flags), facts);
const written = (limits: Limits): readonly string[] => cgroupWrites(limits, () => '8:16').map(({ choices }) => choices.map(([file, value]) => `${file}=${value}`).join(' or '));

test('sizes, counts and lists are read as Docker reads them', () => {
  assert.equal(parseLimits({ memory: '512m', memorySwap: '-1', memoryReservation: '6MB' }), { memory: 512 * mega, memorySwap: -1, memoryReservation: 6 * mega });
  assert.equal(parseLimits({ cpus: '1.5' }), { nanoCpus: 1.5e9 });
  assert.equal(parseLimits({ cpus: '.25' }), { nanoCpus: 25e7 });
  assert.equal(parseLimits({ pidsLimit: 0 }), { pidsLimit: -1 });
  assert.equal(parseLimits({ pidsLimit: -5 }), { pidsLimit: -1 });
  assert.equal(parseLimits({ deviceReadBps: ['/dev/sda:1mb', '/dev/x:y:2k'], blkioWeightDevice: ['/dev/sda:500'] }), {
    deviceReadBps: [{ path: '/dev/sda', value: mega }, { path: '/dev/x:y', value: 2048 }],
    blkioWeightDevice: [{ path: '/dev/sda', value: 500 }],
  });
});

test('what is 0 or empty is no limit', () => {
  assert.equal(parseLimits({ memory: '0', cpus: '0', cpuShares: 0, cpusetCpus: '', memorySwap: '', deviceReadBps: [], blkioWeight: 0 }), {});
});

test('a flag that is there asks for limits, whatever it says', () => {
  assert.not.ok(hasLimits({}));
  assert.not.ok(hasLimits({ deviceReadBps: [] }));
  assert.ok(hasLimits({ memory: '' }));
  assert.ok(hasLimits({ cgroupParent: 'x.slice' }));
});

test('values that are none are named', () => {
  assert.match(refusal({ memory: 'much' }), /invalid --memory 'much'; write a size such as 512m or 2g$/);
  assert.match(refusal({ memory: '-1' }), /invalid --memory '-1'/);
  assert.match(refusal({ memorySwap: 'x' }), /invalid --memory-swap 'x'; write a size such as 512m or 2g, or -1/);
  assert.match(refusal({ cpus: 'two' }), /invalid --cpus 'two'/);
  assert.match(refusal({ cpus: '.' }), /invalid --cpus '\.'/);
  assert.match(refusal({ cpus: '1.0000000001' }), /too precise/);
  assert.match(refusal({ deviceReadBps: ['/dev/sda'] }), /invalid --device-read-bps '\/dev\/sda'; write --device-read-bps \/dev\/NAME:VALUE/);
  assert.match(refusal({ deviceReadBps: ['sda:1mb'] }), /invalid --device-read-bps 'sda:1mb'/);
  assert.match(refusal({ deviceWriteIops: ['/dev/sda:1mb'] }), /a number of operations in a second/);
  assert.match(refusal({ blkioWeightDevice: ['/dev/sda:5'] }), /a weight from 10 to 1000/);
});

test("Docker's rules about what goes together", () => {
  assert.match(refusal({ memory: '5m' }), /the least memory limit allowed is 6MB/);
  assert.match(refusal({ memorySwap: '1g' }), /--memory-swap needs a limit of memory too/);
  assert.match(refusal({ memory: '1g', memorySwap: '512m' }), /--memory-swap must not be less than --memory/);
  assert.match(refusal({ memory: '1g', memoryReservation: '2g' }), /must not be less than --memory-reservation/);
  assert.match(refusal({ cpus: '5' }), /from 0\.01 to 4\.00, as there are only 4 processors/);
  assert.match(refusal({ cpus: '0.001' }), /from 0\.01/);
  assert.match(refusal({ cpus: '1', cpuPeriod: 1000 }), /--cpus and --cpu-period do not go together/);
  assert.match(refusal({ cpus: '1', cpuQuota: 1000 }), /--cpus and --cpu-quota do not go together/);
  assert.match(refusal({ cpuPeriod: 999 }), /--cpu-period must be from 1ms/);
  assert.match(refusal({ cpuQuota: 999 }), /--cpu-quota must not be less than 1ms/);
  assert.match(refusal({ cpusetCpus: '0,4' }), /requested processors are not available: --cpuset-cpus 0,4; there are 0-3/);
  assert.match(refusal({ cpusetCpus: '3-1' }), /invalid --cpuset-cpus '3-1'/);
  assert.match(refusal({ cpusetMems: '1' }), /requested memory nodes are not available/);
  assert.match(refusal({ blkioWeight: 9 }), /from 10 to 1000/);
  accepts({ memory: '6m', memorySwap: '-1', memoryReservation: '6m', cpus: '4', cpusetCpus: '0-1,3', cpusetMems: '0', blkioWeight: 10, pidsLimit: 1 });
});

test('without a limit of swap there is as much again', () => {
  assert.equal(completeLimits({ memory: 10 * mega }), { memory: 10 * mega, memorySwap: 20 * mega });
  assert.equal(completeLimits({ memory: 10 * mega, memorySwap: -1 }), { memory: 10 * mega, memorySwap: -1 });
  assert.equal(completeLimits({ pidsLimit: 3 }), { pidsLimit: 3 });
});

test('at the start, no limit is none', () => {
  assert.equal(withoutUnlimited({ pidsLimit: -1, cpuQuota: -1, memorySwap: -1 }), {});
  assert.equal(withoutUnlimited({ pidsLimit: 3, cpuQuota: 1000, memory: mega, memorySwap: -1 }), { pidsLimit: 3, cpuQuota: 1000, memory: mega, memorySwap: -1 });
});

test('weights are those of runc and crun', () => {
  assert.equal([1, 2, 3, 512, 1024, 2048, 262144, 300000].map(cpuWeight), [1, 1, 2, 59, 100, 174, 10000, 10000]);
  assert.equal([10, 300, 500, 1000].map(ioWeight), [1, 2930, 4950, 10000]);
});

test('limits become lines in the files of a cgroup', () => {
  assert.equal(written({ memory: 10 * mega, memorySwap: 15 * mega, memoryReservation: 7 * mega }), ['memory.max=10485760', 'memory.swap.max=5242880', 'memory.low=7340032']);
  assert.equal(written({ memory: 10 * mega, memorySwap: -1 }), ['memory.max=10485760', 'memory.swap.max=max']);
  assert.equal(written({ nanoCpus: 25e7 }), ['cpu.max=25000 100000']);
  assert.equal(written({ cpuPeriod: 50000 }), ['cpu.max=max 50000']);
  assert.equal(written({ cpuQuota: 2000, cpuPeriod: 50000, cpuShares: 1024 }), ['cpu.weight=100', 'cpu.max=2000 50000']);
  assert.equal(written({ cpuQuota: -1 }), ['cpu.max=max 100000']);
  assert.equal(written({ cpusetCpus: '0-1', cpusetMems: '0', pidsLimit: -1 }), ['cpuset.cpus=0-1', 'cpuset.mems=0', 'pids.max=max']);
  assert.equal(written({ blkioWeight: 300 }), ['io.bfq.weight=300 or io.weight=2930']);
  assert.equal(
    written({ blkioWeightDevice: [{ path: '/dev/a', value: 0 }], deviceReadBps: [{ path: '/dev/a', value: 5 }], deviceWriteIops: [{ path: '/dev/a', value: 6 }] }),
    ['io.bfq.weight=8:16 default or io.weight=8:16 default', 'io.max=8:16 rbps=5', 'io.max=8:16 wiops=6'],
  );
});

test('a kernel that does not count swap limits memory alone', () => {
  const optional = cgroupWrites({ memory: 10 * mega, memorySwap: 20 * mega }, () => '').filter(({ must }) => !must);
  assert.equal(optional.map(({ choices }) => choices[0]?.[0]), ['memory.swap.max']);
});

test('each controller is asked for once, by the first flag that needs it', () => {
  assert.equal(controllersFor({ memory: 1, memorySwap: 2, nanoCpus: 3, deviceReadBps: [], cgroupParent: 'x' }), [
    { controller: 'memory', flag: '--memory' },
    { controller: 'cpu', flag: '--cpus' },
    { controller: 'io', flag: '--device-read-bps' },
  ]);
});

test('config.json has what the specification calls them', () => {
  assert.equal(ociResources({ memory: 1, memorySwap: 2, nanoCpus: 5e8, pidsLimit: 9, cpusetCpus: '0', deviceWriteBps: [{ path: '/dev/a', value: 7 }] }, () => '8:16'), {
    memory: { limit: 1, swap: 2 },
    cpu: { quota: 50000, period: 100000, cpus: '0' },
    pids: { limit: 9 },
    blockIO: { throttleWriteBpsDevice: [{ major: 8, minor: 16, rate: 7 }] },
  });
  assert.equal(ociResources({ cgroupParent: 'x' }, () => ''), {});
});

test('an update changes what it names, and refuses what Docker refuses', () => {
  const before: Limits = { memory: 10 * mega, memorySwap: 20 * mega, nanoCpus: 1e9 };
  assert.equal(changeLimits(before, { memory: 15 * mega, pidsLimit: 5 }), { ...before, memory: 15 * mega, pidsLimit: 5 });
  const says = (given: Limits): string => renderError(left(attempt(() => changeLimits(before, given))));
  assert.match(says({ memory: 30 * mega }), /set --memory-swap at the same time/);
  assert.match(says({ cpuQuota: 1000 }), /the container has --cpus/);
  assert.match(renderError(left(attempt(() => changeLimits({ cpuPeriod: 1000 }, { nanoCpus: 1 })))), /has a --cpu-period or --cpu-quota/);
  assert.equal(changeLimits({}, { memory: 30 * mega }), { memory: 30 * mega });
});

test("inspect shows them in Docker's members, and Docker's values where there is none", () => {
  const limits: Limits = { memory: 1, nanoCpus: 2, blkioWeightDevice: [{ path: '/dev/a', value: 3 }], deviceReadIops: [{ path: '/dev/a', value: 4 }], pidsLimit: 5, memorySwap: -1 };
  const shown = { ...inspectedLimits(limits), ...inspectedMemory(limits) } as Record<string, unknown>;
  assert.equal([shown['Memory'], shown['NanoCpus'], shown['PidsLimit'], shown['MemorySwap'], shown['CpuShares']], [1, 2, 5, -1, 0]);
  assert.equal([shown['BlkioWeightDevice'], shown['BlkioDeviceReadIOps']], [[{ Path: '/dev/a', Weight: 3 }], [{ Path: '/dev/a', Rate: 4 }]]);
  assert.is((inspectedMemory() as Record<string, unknown>)['PidsLimit'], null);
});

test.run();
