import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { renderMachine } from '../../src/cli/info.ts';
import type { Machine } from '../../src/runtime/machine.ts';

const machine: Machine = {
  Containers: 3, ContainersRunning: 1, ContainersStopped: 2, Images: 4,
  Driver: 'overlay', DriverReason: 'it was asked for',
  DockerRootDir: '/r', NodeDir: '/r/hosts/x', RuntimeDir: '/run/skiff', CacheDir: '/c', StartedBy: '',
  IdMap: {
    Mode: 'ranges', Reason: '',
    Uids: [{ containerId: 0, hostId: 1000, size: 1 }, { containerId: 1, hostId: 100000, size: 65536 }],
    Gids: [{ containerId: 0, hostId: 100, size: 1 }],
  },
  Name: 'box', KernelVersion: '6.1.0', OperatingSystem: 'Debian', OSType: 'linux', Architecture: 'x86_64', NCPU: 2, MemTotal: 2 ** 31,
  CgroupVersion: '2', CgroupDriver: 'systemd', CgroupControllers: ['memory', 'pids'], MemoryLimit: true, SwapLimit: true, CpuCfsPeriod: false, CpuCfsQuota: false, CPUShares: false, CPUSet: false, PidsLimit: true,
  SecurityOptions: ['name=rootless'], Plugins: { Log: ['gelf', 'local'] },
  Programs: [
    { Name: 'slirp4netns', Path: '/usr/bin/slirp4netns', Version: '1.2.0', Package: 'slirp4netns', NeededFor: 'networks' },
    { Name: 'fuse-overlayfs', Path: '', Version: '', Package: 'fuse-overlayfs', NeededFor: 'storage' },
  ],
  Devices: [{ Path: '/dev/fuse', Usable: true, Reason: '', NeededFor: 'x' }, { Path: '/dev/net/tun', Usable: false, Reason: 'permission denied', NeededFor: 'networks' }],
  Warnings: [],
};

const facts = (changes: Partial<Machine>): ReadonlyMap<string, string> =>
  new Map(
    renderMachine({ ...machine, ...changes }).trimEnd().split('\n').map((line) => {
      const [, name = '', value = ''] = /^(.*?): +(.*)$/.exec(line) ?? [];
      return [name, value] as const;
    }),
  );

test('one fact a line, values in one column', () => {
  const columns = renderMachine(machine).trimEnd().split('\n').map((line) => /^.*?: +/.exec(line)?.[0].length);
  assert.is(new Set(columns).size, 1);
  const shown = facts({});
  assert.is(shown.get('Containers'), '3 (1 running, 2 stopped)');
  assert.is(shown.get('Storage driver'), 'overlay: it was asked for');
  assert.is(shown.get('User ids'), '0 is 1000, 1-65536 is 100000-165535');
  assert.is(shown.get('At boot'), "nothing starts; see 'skiff system install'");
  assert.is(facts({ StartedBy: 'cron' }).get('At boot'), 'containers start by cron');
  assert.is(shown.get('System'), 'Debian, x86_64, 2 CPUs, 2GiB');
  assert.is(shown.get('Cgroups'), 'version 2, made by your systemd user manager, limits by memory pids');
});

test('what is missing says what needs it', () => {
  const shown = facts({ Driver: '', DriverReason: 'nothing works', CgroupVersion: '' });
  assert.is(shown.get('slirp4netns'), '1.2.0, /usr/bin/slirp4netns');
  assert.is(shown.get('fuse-overlayfs'), 'missing (package fuse-overlayfs); needed for storage');
  assert.is(shown.get('/dev/fuse'), 'usable');
  assert.is(shown.get('/dev/net/tun'), 'permission denied; needed for networks');
  assert.is(shown.get('Storage driver'), 'none: nothing works');
  assert.is(shown.get('Cgroups'), 'none mounted, so no limits');
});

test('one id alone has its reason', () => {
  const alone = [{ containerId: 0, hostId: 7, size: 1 }];
  const shown = facts({ IdMap: { Mode: 'single', Uids: alone, Gids: alone, Reason: '/etc/subuid has no line for x' } });
  assert.is(shown.get('ID map'), 'one id only: /etc/subuid has no line for x');
  assert.is(shown.get('User ids'), '0 is 7');
});

test('control characters are shown, not sent', () => {
  assert.not.match(renderMachine({ ...machine, OperatingSystem: 'a\u001b[2J\nb' }), /\u001b|\nb/);
});

test.run();
