/** `skiff doctor` apart from looking: each finding provoked by one changed fact. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { renderFindings } from '../../src/cli/doctor.ts';
import type { Facts, PlaceFacts } from '../../src/runtime/doctor/facts.ts';
import { troubleOf } from '../../src/runtime/doctor/finding.ts';
import type { Finding } from '../../src/runtime/doctor/finding.ts';
import { isWell, judge } from '../../src/runtime/doctor/judge.ts';
import { parseKernel, parseTrials } from '../../src/runtime/doctor/look-kernel.ts';
import { mountOf, mountsIn } from '../../src/system/mounts.ts';

const features = ['user-namespace', 'mount-namespace', 'pid-namespace', 'ipc-namespace', 'uts-namespace', 'cgroup-namespace', 'network-namespace', 'bridge', 'veth', 'nftables', 'tun', 'macvlan', 'ipvlan', 'seccomp', 'openat2', 'pidfd', 'privileges'];
const allWork = new Map<string, string | undefined>(features.map((name) => [name, undefined]));
const without = (name: string, why: string) => new Map([...allWork, [name, why]]);

const place = (what: PlaceFacts['what'], changes: Partial<PlaceFacts> = {}): PlaceFacts => ({ what, path: `/p/${what}`, type: 'ext4', options: ['rw'], free: 2 ** 40, freeFiles: 10 ** 6, ...changes });
const places = (what: PlaceFacts['what'], changes: Partial<PlaceFacts>): readonly PlaceFacts[] => [place('data'), place('cache'), place('runtime')].map((each) => (each.what === what ? { ...each, ...changes } : each));

const ids: Facts['ids'] = {
  user: 'ann', uid: 1000,
  subuid: 'ann:100000:65536\nbob:165536:65536\n', subgid: 'ann:100000:65536\n',
  passwd: 'root:x:0:0::/:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n', group: 'root:x:0:\nann:x:1000:\n',
  newuidmap: '/usr/bin/newuidmap', newgidmap: '/usr/bin/newgidmap', failure: undefined, grant: '',
};

const kernel: Facts['kernel'] = { trials: allWork, programs: new Map([['/usr/bin/newuidmap', 'setuid'], ['/usr/bin/newgidmap', 'capability']]), quota: undefined };
const slirp = { Name: 'slirp4netns', Path: '/usr/bin/slirp4netns', Version: '1.2.0', Package: 'slirp4netns', NeededFor: 'networks' };
const fuse = { Name: 'fuse-overlayfs', Path: '/usr/bin/fuse-overlayfs', Version: '1.10', Package: 'fuse-overlayfs', NeededFor: 'the driver' };
const device = (Path: string) => ({ Path, Usable: true, Reason: '', NeededFor: 'things', mode: '0666' });

const healthy: Facts = {
  ids, kernel, sysctls: {}, cgroups: { failure: undefined, controllers: ['cpu', 'io', 'memory', 'pids'] }, programs: [slirp, fuse], devices: [device('/dev/fuse'), device('/dev/net/tun')],
  driver: { name: 'overlay', why: 'it is fast' }, places: places('data', {}), keeps: new Map(['owner', 'attribute', 'capability', 'lock', 'link', 'socket', 'execute'].map((name) => [name, undefined])),
  runtimeVariable: '/run/user/1000', settings: { path: '/home/ann/.config/skiff/config.yaml', there: true, failure: undefined }, directories: undefined, leftovers: [], repaired: [], damaged: [],
};

const troubles = (changes: Partial<Facts>): readonly Finding[] => judge({ ...healthy, ...changes }).filter(({ level }) => level !== 'ok');

/** The one finding that these changes make, as its level and text; it must have a remedy. */
const only = (changes: Partial<Facts>): string => {
  const found = troubles(changes);
  assert.is(found.length, 1, JSON.stringify(found));
  assert.ok(found[0]?.remedy !== '', found[0]?.text);
  return `${found[0]?.level}: ${found[0]?.text}; ${found[0]?.remedy}`;
};

test('a machine that has everything has no findings but good ones', () => {
  assert.equal(troubles({}), []);
  const findings = judge(healthy);
  assert.ok(isWell(findings) && findings.length >= 12);
  assert.equal(new Set(findings.map(({ check }) => check)), new Set(['ids', 'kernel', 'programs', 'devices', 'storage', 'cgroups', 'settings', 'data', 'space', 'runtime', 'leftovers']));
});

test('ids: programs, their privileges, the trial', () => {
  assert.match(only({ ids: { ...ids, newuidmap: undefined } }), /^warning: newuidmap is not installed: .*apt-get install uidmap$/);
  assert.match(only({ kernel: { ...kernel, programs: new Map([...kernel.programs, ['/usr/bin/newgidmap', 'plain' as const]]) } }), /^error: \/usr\/bin\/newgidmap has neither its set-user-id bit nor a file capability.*--reinstall uidmap$/);
  assert.match(only({ kernel: { ...kernel, programs: new Map([...kernel.programs, ['/usr/bin/newuidmap', 'nosuid' as const]]) } }), /^error: \/usr\/bin\/newuidmap is on a file system that is mounted with nosuid/);
  assert.match(only({ kernel: { ...kernel, trials: without('privileges', 'no_new_privs') } }), /^error: newuidmap cannot work: no_new_privs; start skiff from a login/);
  assert.match(only({ ids: { ...ids, failure: 'newuidmap: write failed' } }), /^error: newuidmap: write failed; /);
});

test('ids: ranges that are missing, few, shared, or somebody else\'s', () => {
  const grant = 'usermod --add-subuids 165536-231071 ann';
  assert.match(only({ ids: { ...ids, subuid: 'bob:100000:65536\n', grant } }), /^warning: \/etc\/subuid has no ids for ann: containers have one user, you; ask an administrator to run: usermod --add-subuids 165536-231071 ann$/);
  assert.match(only({ ids: { ...ids, subgid: 'ann:100000:1000\n' } }), /^warning: 1000 subordinate group ids are few/);
  assert.match(only({ ids: { ...ids, subuid: 'ann:100000:65536\nbob:120000:10\n' } }), /^warning: subordinate user ids of yours \(100000-165535\) are also given to bob/);
  assert.match(only({ ids: { ...ids, subgid: 'ann:100000:65536\n7:165535:1\n' } }), /are also given to 7/);
  assert.match(only({ ids: { ...ids, passwd: `${ids.passwd}ldap:x:100500:1::/:/bin/sh\n` } }), /^warning: the subordinate ids in \/etc\/subuid contain the user ldap \(100500\)/);
  // By number instead of by name, in two pieces: fine.
  assert.equal(troubles({ ids: { ...ids, subuid: '1000:100000:65535\nann:300000:1\nbob:165535:10\n' } }), []);
});

test('kernel: each feature, and what forbids user namespaces', () => {
  for (const name of features.filter((feature) => feature !== 'user-namespace' && feature !== 'privileges')) {
    const text = only({ kernel: { ...kernel, trials: without(name, 'Function not implemented') } });
    assert.match(text, /^(warning|error): .+: Function not implemented; .+; .+/, name);
    assert.is(text.startsWith('error'), !['cgroup-namespace', 'macvlan', 'ipvlan', 'openat2'].includes(name), name);
  }
  const forbidden = { kernel: { ...kernel, trials: new Map([['user-namespace', 'No space left on device']]) } };
  assert.match(only(forbidden), /^error: no user namespace can be made: No space left on device; /);
  assert.match(only({ ...forbidden, sysctls: { 'user/max_user_namespaces': '0' } }), /^error: user namespaces are off; .*sysctl -w user\.max_user_namespaces=\d+$/);
  assert.match(only({ ...forbidden, sysctls: { 'kernel/unprivileged_userns_clone': '0' } }), /^error: user namespaces are for root only; .*unprivileged_userns_clone=1$/);
  const restricted = { 'kernel/apparmor_restrict_unprivileged_userns': '1', 'user/max_user_namespaces': '15000' };
  assert.match(only({ sysctls: restricted }), /^warning: AppArmor restricts user namespaces; .*=0 \(or add an AppArmor profile/);
  assert.equal(troubles({ sysctls: restricted, kernel: { ...kernel, trials: without('mount-namespace', 'Permission denied') } }).map(({ level }) => level), ['error', 'error']);
});

test('programs and devices: an error where an ordinary run needs them', () => {
  assert.match(only({ programs: [{ ...slirp, Path: '', Version: '' }, fuse] }), /^error: slirp4netns is not installed; it is needed for networks; .*apt-get install slirp4netns$/);
  const noFuse = { programs: [slirp, { ...fuse, Path: '', Version: '' }] };
  assert.match(only(noFuse), /^warning: fuse-overlayfs is not installed/);
  assert.match(only({ ...noFuse, driver: { name: 'fuse-overlayfs', why: 'x' } }), /^error: fuse-overlayfs is not installed/);
  const closed = { ...device('/dev/fuse'), Usable: false, Reason: 'permission denied', mode: '0600' };
  assert.match(only({ devices: [closed] }), /^warning: \/dev\/fuse cannot be opened: permission denied \(mode 0600\); it is needed for things; .*chmod 666 \/dev\/fuse$/);
  assert.match(only({ devices: [closed], driver: { name: 'fuse-overlayfs', why: 'x' } }), /^error: /);
  assert.match(only({ devices: [{ ...device('/dev/net/tun'), Usable: false, Reason: 'it does not exist', mode: '' }] }), /^error: \/dev\/net\/tun cannot be opened: it does not exist; .*modprobe tun$/);
  assert.match(only({ driver: { text: 'nothing joins layers', remedy: 'do this' } }), /^error: nothing joins layers; do this$/);
});

test('control groups and settings', () => {
  assert.match(only({ cgroups: { failure: { text: 'limits need a cgroup', remedy: 'log in' }, controllers: [] } }), /^warning: limits need a cgroup; log in$/);
  assert.match(only({ cgroups: { failure: undefined, controllers: ['memory', 'pids'] } }), /^warning: no limits of cpu: this controller is not delegated to you; .*Delegate=/);
  assert.match(only({ settings: { ...healthy.settings, failure: { text: 'config.yaml: colour is unknown', remedy: '' } } }), /^error: config\.yaml: colour is unknown; correct the file/);
});

test('directories: kinds of file systems, and what they cannot keep', () => {
  const data = (name: string, grant = ''): string => only({ keeps: new Map([[name, 'Operation not supported']]), ids: { ...ids, grant } });
  assert.match(data('owner'), /^error: \/p\/data \(ext4\) cannot keep files of subordinate ids.*: Operation not supported; point SKIFF_ROOT/);
  assert.match(data('attribute'), /^warning: .*fuse-overlayfs is used/);
  assert.match(data('attribute', 'usermod'), /^warning: .*owners that images name are forgotten/);
  for (const name of ['lock', 'link']) assert.match(data(name), /^error: /);
  for (const name of ['capability', 'socket']) assert.match(data(name), /^warning: /);
  // Without subordinate ids nobody else's files are made.
  assert.equal(troubles({ keeps: new Map([['owner', 'no'], ['capability', 'no']]), ids: { ...ids, grant: 'usermod' } }), []);
  for (const type of ['nfs', 'nfs4', 'cifs', 'fuse.sshfs', 'lustre']) assert.match(only({ places: places('data', { type }) }), new RegExp(`^warning: /p/data is on a file system of another machine \\(${type}\\)`));
  assert.match(only({ places: places('runtime', { type: 'nfs4' }) }), /^warning: \/p\/runtime is on .*XDG_RUNTIME_DIR/);
  assert.match(only({ places: places('cache', { options: ['rw', 'noexec'] }) }), /^error: \/p\/cache .*noexec.*XDG_CACHE_HOME/);
  assert.match(only({ places: places('data', { options: ['noexec'] }) }), /^error: \/p\/data .*programs of images cannot run/);
  assert.match(only({ places: places('data', { options: ['ro'] }) }), /^error: \/p\/data .*read-only/);
  assert.match(only({ runtimeVariable: 'run' }), /^warning: XDG_RUNTIME_DIR is 'run', which is not absolute/);
  assert.match(only({ directories: { text: 'cannot make the directory /x', remedy: 'choose another' } }), /^error: cannot make the directory \/x; choose another$/);
});

test('room: bytes, files, quotas', () => {
  assert.match(only({ places: places('data', { free: 0 }) }), /^error: \/p\/data is full; see 'skiff system df'/);
  assert.match(only({ places: places('data', { free: 500 * 2 ** 20 }) }), /^warning: \/p\/data has only 500MiB left/);
  assert.match(only({ places: places('data', { freeFiles: 30 }) }), /^error: .*room for only 30 more files/);
  assert.match(only({ places: places('data', { freeFiles: 3000 }) }), /^warning: .*room for only 3000 more files/);
  assert.equal(troubles({ places: places('data', { freeFiles: undefined }) }), []);
  const quota = (used: number, limit: number, files = 0, fileLimit = 0): Partial<Facts> => ({ kernel: { ...kernel, quota: { used, limit, files, fileLimit } } });
  assert.match(only(quota(2 ** 32, 2 ** 32)), /^error: your disk quota is used up: 4GiB of 4GiB; .*raised$/);
  assert.match(only(quota(2 ** 32 - 1000, 2 ** 32)), /^warning: your disk quota is nearly used up/);
  assert.match(only(quota(1, 0, 100, 100)), /^error: you have 100 of the 100 files/);
  assert.match(only(quota(1, 0, 10, 100)), /^warning: you have 10 of the 100 files/);
  assert.equal(troubles(quota(5, 0)), []);
  assert.ok(judge({ ...healthy, ...quota(2 ** 30, 2 ** 40) }).some(({ check, text }) => check === 'quota' && text === '1GiB of 1TiB'));
});

test('leftovers and damage', () => {
  const left = { kind: 'markers', count: 2, words: (count: number) => `${count} markers`, example: 'abc', remedy: "run 'skiff doctor --repair'" };
  assert.is(only({ leftovers: [left] }), "warning: 2 markers (abc); run 'skiff doctor --repair'");
  assert.equal(troubles({ repaired: [left] }), []);
  assert.ok(judge({ ...healthy, repaired: [left] }).some(({ level, text }) => level === 'ok' && text === 'removed 2 markers'));
  assert.is(only({ damaged: [{ text: 'spec.json is damaged', remedy: 'remove it' }] }), 'warning: spec.json is damaged; remove it');
});

test('what the helper says is read; what it does not say in this way is not believed', () => {
  const text = 'program /a b/newuidmap setuid\nprogram /x nonsense\nquota 10 20 3 4\nopenat2 ok\nbridge no Not supported\nNonsense ok\nveth maybe\n';
  const facts = parseKernel(text);
  assert.equal([...facts.trials], [['openat2', undefined], ['bridge', 'Not supported']]);
  assert.equal([...facts.programs], [['/a b/newuidmap', 'setuid']]);
  assert.equal(facts.quota, { used: 10, limit: 20, files: 3, fileLimit: 4 });
  assert.is(parseKernel('quota 1 2 3').quota, undefined);
  assert.is(parseTrials('').size, 0);
});

test('the mount of a path is the nearest above it, the last of several', () => {
  const mounts = mountsIn(['1 0 8:1 / / rw,relatime - ext4 /dev/sda rw,errors=remount-ro', '2 1 0:5 / /home rw,nosuid shared:1 - nfs4 server:/home rw', '3 1 0:6 / /home/a\\040b rw - tmpfs none rw', '4 2 0:7 / /home ro - xfs /dev/b rw', 'damaged'].join('\n'));
  assert.is(mounts.length, 4);
  assert.is(mountOf(mounts, '/home/x')?.type, 'xfs');
  assert.ok(mountOf(mounts, '/home')?.options.includes('ro'));
  assert.is(mountOf(mounts, '/home/a b/c')?.type, 'tmpfs');
  assert.is(mountOf(mounts, '/homestead')?.type, 'ext4');
});

test('a line each, in columns, with nothing that a terminal would obey; errors of all kinds have their remedy apart', () => {
  const text = renderFindings([{ level: 'ok', check: 'ids', text: 'fine\u001b[2J', remedy: '' }, { level: 'warning', check: 'leftovers', text: 'left', remedy: 'clear up' }]);
  assert.is(text, 'ok       ids        fine\\x1b[2J\nwarning  leftovers  left; clear up\nno errors, 1 warning\n');
  assert.equal(troubleOf({ _tag: 'Missing', program: 'p', package: 'q', purpose: 'work' }), { text: 'p is needed to work', remedy: 'ask an administrator to run: apt-get install q' });
  assert.equal(troubleOf({ _tag: 'System', operation: 'make', subject: 'x', reason: 'full', hint: 'free some' }), { text: 'cannot make x: full', remedy: 'free some' });
  assert.equal(troubleOf({ _tag: 'Corrupt', subject: 'x', reason: 'no JSON' }), { text: 'x is damaged: no JSON', remedy: '' });
});

test.run();
