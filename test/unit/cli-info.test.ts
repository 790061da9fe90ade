import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { renderMachine } from '../../src/cli/info-lines.ts';
import { dockerFacts } from '../../src/runtime/machine-docker.ts';
import { defaultSettings } from '../../src/system/settings.ts';
import { resolvePaths } from '../../src/system/paths.ts';
import type { Machine } from '../../src/runtime/machine.ts';

const paths = resolvePaths({ HOME: '/home/ann', XDG_RUNTIME_DIR: '/run/x' });
const docker = dockerFacts(paths, { HTTP_PROXY: 'http://ann:secret@proxy:3128', NO_PROXY: 'localhost' }, defaultSettings, ['local'], { name: '', version: '' });

const machine: Machine = {
  ...docker,
  Containers: 4, ContainersRunning: 1, ContainersPaused: 1, ContainersStopped: 2, Images: 4,
  Driver: 'overlay', DriverReason: 'it was asked for',
  DockerRootDir: '/r', NodeDir: '/r/hosts/x', RuntimeDir: '/run/skiff', CacheDir: '/c', StartedBy: '',
  IdMap: {
    Mode: 'ranges', Reason: '',
    Uids: [{ containerId: 0, hostId: 1000, size: 1 }, { containerId: 1, hostId: 100000, size: 65536 }],
    Gids: [{ containerId: 0, hostId: 100, size: 1 }],
  },
  Name: 'box', KernelVersion: '6.1.0', OperatingSystem: 'Debian', OSType: 'linux', Architecture: 'x86_64', NCPU: 2, MemTotal: 2 ** 31,
  CgroupVersion: '2', CgroupDriver: 'systemd', CgroupControllers: ['memory', 'pids'], MemoryLimit: true, SwapLimit: true, CpuCfsPeriod: false, CpuCfsQuota: false, CPUShares: false, CPUSet: false, PidsLimit: true,
  SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless'], DriverStatus: [['Backing Filesystem', 'extfs']],
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
      const [, name = '', value = ''] = /^ *(.*?):(?: (.*))?$/.exec(line) ?? [];
      return [name, value] as const;
    }),
  );

test('Docker\'s lines, as scripts look for them', () => {
  const text = renderMachine(machine);
  assert.match(text, /^Client:\n Version: \S+\n Context: default\n Debug Mode: false\n\nServer:\n Containers: 4\n {2}Running: 1\n {2}Paused: 1\n {2}Stopped: 2\n Images: 4\n Server Version: /);
  assert.match(text, /\n Storage Driver: overlay\n {2}Backing Filesystem: extfs\n {2}Chosen Because: it was asked for\n Logging Driver: json-file\n Cgroup Driver: systemd\n Cgroup Version: 2\n/);
  assert.match(text, /\n Plugins:\n {2}Volume: local\n {2}Network: bridge host ipvlan macvlan null\n {2}Log: .*json-file.*\n Swarm: inactive\n/);
  assert.match(text, /\n Security Options:\n {2}seccomp\n {3}Profile: builtin\n {2}rootless\n Kernel Version: 6\.1\.0\n Operating System: Debian\n OSType: linux\n Architecture: x86_64\n CPUs: 2\n Total Memory: 2GiB\n Name: box\n ID: /);
  assert.match(text, /\n Insecure Registries:\n {2}::1\/128\n {2}127\.0\.0\.0\/8\n/);
  assert.match(text, /\n HTTP Proxy: http:\/\/xxxxx:xxxxx@proxy:3128\n No Proxy: localhost\n/);
});

test('what Docker has no line for', () => {
  const shown = facts({});
  assert.is(shown.get('User Ids'), '0 is 1000, 1-65536 is 100000-165535');
  assert.is(shown.get('At Boot'), "nothing starts; see 'skiff system install'");
  assert.is(facts({ StartedBy: 'cron' }).get('At Boot'), 'containers start by cron');
  assert.is(shown.get('Cgroup Limits'), 'by memory pids');
});

test('what is missing says what needs it', () => {
  const shown = facts({ Driver: '', DriverReason: 'nothing works', CgroupVersion: '' });
  assert.is(shown.get('slirp4netns'), '1.2.0, /usr/bin/slirp4netns');
  assert.is(shown.get('fuse-overlayfs'), 'missing (package fuse-overlayfs); needed for storage');
  assert.is(shown.get('/dev/fuse'), 'usable');
  assert.is(shown.get('/dev/net/tun'), 'permission denied; needed for networks');
  assert.is(shown.get('Storage Driver'), 'none');
  assert.is(shown.get('Chosen Because'), 'nothing works');
  assert.is(shown.get('Cgroup Limits'), 'none mounted, so no limits');
});

test('one id alone has its reason', () => {
  const alone = [{ containerId: 0, hostId: 7, size: 1 }];
  const shown = facts({ IdMap: { Mode: 'single', Uids: alone, Gids: alone, Reason: '/etc/subuid has no line for x' } });
  assert.is(shown.get('ID Map'), 'one id only: /etc/subuid has no line for x');
  assert.is(shown.get('User Ids'), '0 is 7');
});

test('the id is a UUID of its own for each user and machine, and stays', () => {
  const idOf = (home: string): string => dockerFacts(resolvePaths({ HOME: home }), {}, defaultSettings, [], { name: '', version: '' }).ID;
  assert.match(docker.ID, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.is(idOf('/home/ann'), docker.ID);
  assert.is.not(idOf('/home/bob'), docker.ID);
});

test('registries of the settings, as Docker has them', () => {
  const registries = { 'docker.io': { mirrors: ['https://mirror.example'], insecure: false }, 'old.example:5000': { mirrors: [], insecure: true } };
  const { RegistryConfig } = dockerFacts(paths, {}, { ...defaultSettings, registries }, [], { name: '', version: '' });
  assert.equal(RegistryConfig.IndexConfigs, {
    'docker.io': { Name: 'docker.io', Mirrors: ['https://mirror.example'], Secure: true, Official: true },
    'old.example:5000': { Name: 'old.example:5000', Mirrors: [], Secure: false, Official: false },
  });
  const text = renderMachine({ ...machine, RegistryConfig });
  assert.match(text, /\n Insecure Registries:\n {2}old\.example:5000\n {2}::1\/128\n {2}127\.0\.0\.0\/8\n Registry Mirrors:\n {2}https:\/\/mirror\.example\n/);
});

test('control characters are shown, not sent', () => {
  assert.not.match(renderMachine({ ...machine, OperatingSystem: 'a\u001b[2J\nb' }), /\u001b|\nb/);
});

test.run();
