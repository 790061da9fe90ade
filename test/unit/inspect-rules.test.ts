/** What `inspect`, `top` and `stats` say, of records and of texts from /proc that are made here. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseTemplate } from '../../src/core/go-template.ts';
import { toJson } from '../../src/core/go-template-functions.ts';
import { askedOf } from '../../src/runtime/asked.ts';
import { membersOf, parseStat } from '../../src/runtime/container-processes.ts';
import type { Census } from '../../src/runtime/container-processes.ts';
import { inspectedContainerConfig } from '../../src/runtime/inspect-config.ts';
import { inspectedHostConfig } from '../../src/runtime/inspect-host-config.ts';
import { inspectedMounts } from '../../src/runtime/inspect-mounts.ts';
import { inspectedNetwork } from '../../src/runtime/inspect-network.ts';
import { createdState } from '../../src/runtime/container-state.ts';
import { statsRow } from '../../src/runtime/stats.ts';
import { networkBytes } from '../../src/runtime/stats-sample.ts';
import type { Sample } from '../../src/runtime/stats-sample.ts';
import { selectRows, startText, terminalText, timeText } from '../../src/runtime/top.ts';
import { right } from '../harness.ts';
import { decodeOciSpec, decodeSkiffSpec } from '../../src/runtime/spec-codec.ts';
import { encodeOciSpec } from '../../src/core/oci-runtime.ts';
import type { RunFlags } from '../../src/runtime/run-flags.ts';
import type { ContainerSpec, ImageConfig } from '../../src/runtime/spec-types.ts';
import { fakeHost, fakeImage, id, run } from '../spec-host.ts';

/** A specification as it is read back from the disk. */
const stored = (flags: Partial<RunFlags>, config: ImageConfig = { Cmd: ['sh'] }): Pick<ContainerSpec, 'oci' | 'skiff'> => {
  const { oci, skiff } = run(flags, fakeHost(), fakeImage(config));
  return { oci: right(decodeOciSpec(encodeOciSpec(oci), 'config.json')), skiff: right(decodeSkiffSpec(JSON.stringify(skiff), 'spec.json')) };
};

const json = (value: unknown): any => JSON.parse(toJson(value));
const hostConfig = (flags: Partial<RunFlags>): any => {
  const { oci, skiff } = stored(flags);
  return json(inspectedHostConfig(skiff, oci));
};

test('only flags that were given are kept', () => {
  assert.equal(askedOf({ command: [], volume: [], userns: '', capAdd: ['all'], uts: 'host', dns: ['192.0.2.1'] }), { capAdd: ['all'], uts: ['host'], dns: ['192.0.2.1'] });
});

test('the host configuration tells what was asked for', () => {
  const one = hostConfig({ volume: ['./src:/x', '/data:/y/../z/:ro,z'], capAdd: ['all', 'Net_Admin'], capDrop: ['CAP_CHOWN'], device: ['/dev/fuse:/dev/f'], dns: ['192.0.2.1'], dnsSearch: ['a.example'], dnsOption: ['ndots:1'], groupAdd: ['audio', '5'], uts: 'host', oomScoreAdj: '7', ulimit: ['core=5:6'], init: true, privileged: true, rm: true });
  assert.equal(one.Binds, ['/home/ann/src:/x', '/data:/z:ro,z']);
  assert.equal([one.CapAdd, one.CapDrop], [['ALL', 'CAP_NET_ADMIN'], ['CAP_CHOWN']]);
  assert.equal(one.Devices, [{ PathOnHost: '/dev/fuse', PathInContainer: '/dev/f', CgroupPermissions: 'rwm' }]);
  assert.equal([one.Dns, one.DnsSearch, one.DnsOptions, one.GroupAdd], [['192.0.2.1'], ['a.example'], ['ndots:1'], ['audio', '5']]);
  assert.equal([one.UTSMode, one.OomScoreAdj, one.Init, one.Privileged, one.AutoRemove, one.MaskedPaths], ['host', 7, true, true, true, []]);
  assert.equal(one.Ulimits, [{ Name: 'core', Hard: 6, Soft: 5 }]);
});

test('and Docker\'s defaults where nothing was', () => {
  const one = hostConfig({});
  assert.equal([one.Binds, one.CapAdd, one.ExtraHosts, one.SecurityOpt, one.Dns, one.PidMode, one.IpcMode, one.ShmSize], [null, null, null, null, [], '', 'private', 64 << 20]);
  assert.equal(['Tmpfs', 'Sysctls', 'Mounts', 'Init'].filter((name) => name in one), []);
  assert.is(parseTemplate('{{.Init}} {{.Memory}} {{json .LogConfig}}')(inspectedHostConfig(stored({}).skiff, stored({}).oci)), '<nil> 0 {"Type":"json-file","Config":{}}');
  assert.is(hostConfig({ ipc: 'none' }).ShmSize, 0);
  assert.is(hostConfig({ pid: 'container:web' }).PidMode, 'container:web');
});

test('a record of an older Skiff has no flags', () => {
  const { oci, skiff } = stored({ volume: ['/data:/x'] }, { Entrypoint: ['a'], Cmd: ['b'] });
  const { asked: _, entrypointLength: __, ...older } = skiff;
  const read = right(decodeSkiffSpec(JSON.stringify(older), 'spec.json'));
  assert.is(json(inspectedHostConfig(read, oci)).Binds, null);
  assert.equal([json(inspectedContainerConfig(read, oci)).Entrypoint, json(inspectedContainerConfig(read, oci)).Cmd], [null, ['a', 'b']]);
});

test('the configuration: entry point and command apart, without what every container has', () => {
  const { oci, skiff } = stored({ tty: true, interactive: true, env: ['X=1'], stopTimeout: 3 }, { Entrypoint: ['a', 'b'], Cmd: ['c'], Labels: { z: '1', y: '2' }, StopSignal: 'SIGQUIT' });
  const one = json(inspectedContainerConfig(skiff, oci));
  assert.equal([one.Entrypoint, one.Cmd, one.StopSignal, one.StopTimeout, one.Tty, one.AttachStdin], [['a', 'b'], ['c'], 'SIGQUIT', 3, true, true]);
  assert.equal(one.Env.map((line: string) => line.split('=')[0]).sort(), ['PATH', 'X']);
  assert.equal(Object.keys(one.Labels), ['y', 'z']);
  const cleared = stored({ entrypoint: '', command: ['d'] }, { Entrypoint: ['a'], Cmd: ['c'] });
  assert.equal([json(inspectedContainerConfig(cleared.skiff, cleared.oci)).Entrypoint, cleared.skiff.args], [null, ['d']]);
});

test('mounts: the user\'s, in the order of the flags', () => {
  const { skiff } = stored({ mount: ['type=bind,src=./src,dst=/a/b,ro,bind-propagation=rslave', 'type=tmpfs,dst=/m,ro'], volume: ['/data:/v'] });
  assert.equal(inspectedMounts(skiff.mountPoints), [
    { Type: 'bind', Source: '/data', Destination: '/v', Mode: '', RW: true, Propagation: 'rprivate' },
    { Type: 'bind', Source: '/home/ann/src', Destination: '/a/b', Mode: '', RW: false, Propagation: 'rslave' },
    { Type: 'tmpfs', Source: '', Destination: '/m', Mode: '', RW: false, Propagation: '' },
  ]);
});

test('a network has addresses while it exists', () => {
  const { skiff } = stored({ network: 'slirp4netns:cidr=10.9.0.0/16' });
  const template = parseTemplate('{{.IPAddress}} {{.IPPrefixLen}} {{.Gateway}} {{range $k, $v := .Networks}}{{$k}}={{$v.IPAddress}}{{end}} {{.SandboxKey}}');
  assert.is(template(inspectedNetwork(skiff, { pid: 42, status: 'running' }, [])), '10.9.0.100 16 10.9.0.2 slirp4netns=10.9.0.100 /proc/42/ns/net');
  assert.is(template(inspectedNetwork(skiff, { pid: 0, status: 'exited' }, [])), ' 0  slirp4netns= ');
});

const statLine = (pid: number, parent: number, start: string, name = 'sh'): string => `${pid} (${name}) S ${parent} 1 1 34816 1 0 0 0 0 0 10 20 3 4 20 0 5 0 ${start} 0 0\n`;

test('a line of /proc/PID/stat, whatever the program is called', () => {
  assert.equal(parseStat(statLine(7, 3, '99', 'a) R 1 (b')), { pid: 7, command: 'a) R 1 (b', state: 'S', parent: 3, terminal: 34816, ownTicks: 30, childTicks: 7, threads: 5, start: '99' });
  for (const text of ['', '7 (sh', '7 (sh) S 1 2']) assert.is(parseStat(text), undefined);
});

test('the processes of a container: of its mount namespace, and who descends from them', () => {
  const own = process.pid;
  const namespace = 'mnt:[none of ours]';
  const stats = [statLine(own, 1, '50'), statLine(own + 1, own, '60'), statLine(own + 2, own + 1, '70'), statLine(own + 3, 1, '80')].flatMap((line) => parseStat(line) ?? []);
  const byParent = new Map([[1, [own, own + 3]], [own, [own + 1]], [own + 1, [own + 2]]]);
  const census: Census = { processes: new Map(stats.map((stat) => [stat.pid, stat])), byNamespace: new Map([[namespace, [own + 3]]]), byParent };
  const state = { ...createdState({ pid: 1, start: '1' }), status: 'running' as const, pid: own, pidStart: '50' };
  assert.equal(membersOf(census, state).map(({ pid }) => pid - own), [0, 1, 2]);
  assert.equal(membersOf(census, { ...state, pidStart: '51' }), [], 'a pid that somebody else has now');
  assert.equal(membersOf(census, { ...state, pid: 0 }), []);
});

test('times and terminals as ps(1) has them', () => {
  assert.is(timeText(0), '00:00:00');
  assert.is(timeText(100 * (86400 * 2 + 3600 * 3 + 60 * 4 + 5) + 99), '2-03:04:05');
  const now = new Date(2026, 10, 20, 12, 0).getTime() / 1000;
  assert.is(startText(new Date(2026, 10, 20, 1, 2).getTime() / 1000, now), '01:02');
  assert.is(startText(new Date(2026, 2, 3, 1, 2).getTime() / 1000, now), 'Mar03');
  assert.is(startText(new Date(2025, 11, 31, 1, 2).getTime() / 1000, now), '2025');
  assert.equal([0, 34816, 34817 | (1 << 20), 35072 + 5, 1025, 1088].map(terminalText), ['?', 'pts/0', 'pts/257', 'pts/261', 'tty1', '?']);
});

test('lines of ps are chosen by their pids, wherever that column is', () => {
  const text = 'USER   PID COMMAND\nann  12 sleep 1   2\nann  13 PID 12\n\nann  112 x\n';
  assert.equal(selectRows(text, new Set([12, 112])), { titles: ['USER', 'PID', 'COMMAND'], rows: [['ann', '12', 'sleep 1 2'], ['ann', '112', 'x']] });
  assert.throws(() => selectRows('PPID COMMAND\n12 x\n', new Set([12])), /no column PID/);
});

test('bytes of a network: of all interfaces but the loopback one', () => {
  const head = 'Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n';
  assert.equal(networkBytes(`${head}    lo: 99 1 0 0 0 0 0 0 99 1 0 0 0 0 0 0\n  tap0:1000 1 0 0 0 0 0 0 2000 1 0 0 0 0 0 0\n  eth1: 5 1 0 0 0 0 0 0 6 1 0 0 0 0 0 0\n`), { received: 1005, sent: 2006 });
  assert.equal(networkBytes(''), { received: 0, sent: 0 });
});

const sample = (changes: Partial<Sample>): Sample => ({ at: 0, processor: 0, memory: 0, received: 0, sent: 0, read: 0, written: 0, tasks: 1, ...changes });

test('a row of stats: shares of what was between two looks', () => {
  const watched = { word: 'web', container: { id, directory: '/c', spec: stored({ name: 'web' }).skiff, state: createdState({ pid: 1, start: '1' }) } };
  const row = (before: Sample | undefined, now: Sample | undefined) => statsRow(watched, before, now, 4096 * 1024, false);
  assert.equal(row(sample({ at: 1000, processor: 500 }), sample({ at: 2000, processor: 2000, memory: 1024 * 1024, received: 1500, sent: 20, read: 4096, written: 1e6, tasks: 3 })), {
    BlockIO: '4.1kB / 1MB', CPUPerc: '150.00%', Container: 'web', ID: id.slice(0, 12), MemPerc: '25.00%', MemUsage: '1MiB / 4MiB', Name: 'web', NetIO: '1.5kB / 20B', PIDs: '3',
  });
  assert.is(row(sample({ at: 1000, processor: 500 }), sample({ at: 2000, processor: 100 }))['CPUPerc'], '0.00%');
  assert.is(row(undefined, sample({ at: 2000, processor: 100 }))['CPUPerc'], '0.00%');
  assert.equal([row(undefined, undefined)['MemUsage'], row(undefined, undefined)['MemPerc'], row(undefined, undefined)['PIDs']], ['0B / 0B', '0.00%', '0']);
});

test.run();
