/**
 * `inspect` of a container has every member of Docker's answer and no other, in the same order: the Go structs of moby's
 * api/types/container (version 28). A star marks what Docker leaves out of JSON while it is empty (`omitempty`).
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toJson } from '../../src/core/go-template-functions.ts';
import { parseTemplate } from '../../src/core/go-template.ts';
import { inspected } from '../../src/runtime/inspect.ts';
import { createdState } from '../../src/runtime/container-state.ts';
import type { State } from '../../src/runtime/container-state.ts';
import type { RunFlags } from '../../src/runtime/run-flags.ts';
import { fakeHost, fakeImage, id, run } from '../spec-host.ts';

const structs: Readonly<Record<string, string>> = {
  '': 'Id Created Path Args State Image ResolvConfPath HostnamePath HostsPath LogPath Name RestartCount Driver Platform MountLabel ProcessLabel AppArmorProfile ExecIDs HostConfig GraphDriver SizeRw* SizeRootFs* Mounts Config NetworkSettings',
  State: 'Status Running Paused Restarting OOMKilled Dead Pid ExitCode Error StartedAt FinishedAt Health*',
  HostConfig:
    'Binds ContainerIDFile LogConfig NetworkMode PortBindings RestartPolicy AutoRemove VolumeDriver VolumesFrom ConsoleSize Annotations* ' +
    'CapAdd CapDrop CgroupnsMode Dns DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links OomScoreAdj PidMode Privileged PublishAllPorts ReadonlyRootfs SecurityOpt StorageOpt* Tmpfs* ' +
    'UTSMode UsernsMode ShmSize Sysctls* Runtime Isolation ' +
    'CpuShares Memory NanoCpus CgroupParent BlkioWeight BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps BlkioDeviceWriteIOps CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime CpusetCpus CpusetMems ' +
    'Devices DeviceCgroupRules DeviceRequests MemoryReservation MemorySwap MemorySwappiness OomKillDisable PidsLimit Ulimits CpuCount CpuPercent IOMaximumIOps IOMaximumBandwidth ' +
    'Mounts* MaskedPaths ReadonlyPaths Init*',
  'HostConfig.LogConfig': 'Type Config',
  'HostConfig.RestartPolicy': 'Name MaximumRetryCount',
  GraphDriver: 'Data Name',
  'Mounts.0': 'Type Name* Source Destination Driver* Mode RW Propagation',
  Config:
    'Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts* Tty OpenStdin StdinOnce Env Cmd Healthcheck* ArgsEscaped* Image Volumes WorkingDir Entrypoint OnBuild Labels StopSignal* StopTimeout* Shell*',
  NetworkSettings:
    'Bridge SandboxID SandboxKey Ports HairpinMode LinkLocalIPv6Address LinkLocalIPv6PrefixLen SecondaryIPAddresses SecondaryIPv6Addresses ' +
    'EndpointID Gateway GlobalIPv6Address GlobalIPv6PrefixLen IPAddress IPPrefixLen IPv6Gateway MacAddress Networks',
};
const endpoint = 'IPAMConfig Links Aliases MacAddress DriverOpts GwPriority NetworkID EndpointID Gateway IPAddress IPPrefixLen IPv6Gateway GlobalIPv6Address GlobalIPv6PrefixLen DNSNames';

const container = (flags: Partial<RunFlags>, state: Partial<State> = {}): any => {
  const { oci, skiff } = run({ volume: ['/data:/v'], ...flags }, fakeHost(), fakeImage({ Cmd: ['sh'] }));
  return inspected({ id, directory: '/c', spec: skiff, state: { ...createdState({ pid: 1, start: '1' }), ...state } }, oci, { SizeRw: null, SizeRootFs: null });
};

const at = (value: any, path: string): any => path.split('.').filter((key) => key !== '').reduce((inner, key) => inner[key], value);

for (const [path, text] of Object.entries(structs)) {
  test(`the members of ${path === '' ? 'the whole' : path}, and what is left out of JSON`, () => {
    const words = text.split(' ');
    const value = at(container({}), path);
    assert.equal(Object.getOwnPropertyNames(value), words.map((word) => word.replace('*', '')));
    // StopSignal is never empty: there is always one.
    const shown = words.filter((word) => !word.endsWith('*') || word === 'StopSignal*').map((word) => word.replace('*', ''));
    assert.equal(Object.keys(JSON.parse(toJson(value))), shown);
  });
}

test('an endpoint of a network', () => {
  assert.equal(Object.getOwnPropertyNames(container({ network: 'none' }).NetworkSettings.Networks.get('none')), endpoint.split(' '));
});

test('every member can be named in a template', () => {
  const data = container({});
  for (const [path, text] of Object.entries(structs).filter(([name]) => name !== 'Mounts.0')) {
    for (const word of text.split(' ')) parseTemplate(`{{.${path === '' ? '' : `${path}.`}${word.replace('*', '')}}}`)(data);
  }
  assert.is(parseTemplate('{{range .Mounts}}{{.Name}}{{.Destination}}{{end}} {{.State.Health}} {{.HostConfig.StorageOpt}}')(data), '/v <nil> <nil>');
});

test('what a flag or a state says is there', () => {
  const json = (flags: Partial<RunFlags>, state: Partial<State> = {}): any => JSON.parse(toJson(container(flags, state)));
  const host = json({ mount: ['type=bind,src=/data,dst=/d,readonly,bind-propagation=rslave,bind-recursive=writable', 'type=tmpfs,dst=/m,tmpfs-size=1m,tmpfs-mode=1770'], annotation: ['a=b'], tmpfs: ['/t'], sysctl: ['net.ipv4.ip_forward=1'], init: true }).HostConfig;
  assert.equal(host.Mounts, [
    { Type: 'bind', Source: '/data', Target: '/d', ReadOnly: true, BindOptions: { Propagation: 'rslave', ReadOnlyNonRecursive: true } },
    { Type: 'tmpfs', Target: '/m', TmpfsOptions: { SizeBytes: 1 << 20, Mode: 0o1770 } },
  ]);
  assert.equal([host.Annotations, host.Tmpfs, host.Sysctls, host.Init], [{ a: 'b' }, { '/t': '' }, { 'net.ipv4.ip_forward': '1' }, true]);
  const paused = json({}, { status: 'running', pid: 7, pidStart: '1', paused: true, oomKilled: true, error: 'no' }).State;
  assert.equal([paused.Status, paused.Running, paused.Paused, paused.Pid, paused.OOMKilled, paused.Error], ['paused', true, true, 7, true, 'no']);
  assert.equal(json({ expose: ['80'] }).Config.ExposedPorts, { '80/tcp': {} });
});

test.run();
