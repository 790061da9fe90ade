/**
 * macvlan and ipvlan on a kernel that has them: on parents of our own, in their modes; the host's are refused.
 * @as user
 * @time-limit 400
 */
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execute, importBusybox, output, removeAll, skiff } from '../../e2e/skiff.ts';

test.before(() => importBusybox());
test.after(removeAll);

/** The network is there, and removed again with its containers, whatever happens. */
const withNetwork = (flags: readonly string[], body: () => void): void => {
  output(['network', 'create', ...flags, 'lan']);
  try {
    body();
  } finally {
    removeAll();
    output(['network', 'rm', 'lan']);
  }
};

const start = (name: string, ...flags: readonly string[]): void => void output(['run', '-d', '--name', name, '--network', 'lan', ...flags, 'busybox', 'sleep', '100000']);

/** Whether `from` gets answers from all of `to`, addresses or names. */
const hears = (from: string, ...to: readonly string[]): boolean => skiff(['exec', from, 'sh', '-c', 'for to; do ping -c 1 -W 3 $to || exit 1; done', 'sh', ...to]).status === 0;

const macs = (...names: readonly string[]): readonly string[] => names.map((name) => output(['exec', name, 'cat', '/sys/class/net/eth0/address']).trim());

const subnet = ['--subnet', '10.66.0.0/24'];

test('macvlan: addresses, MAC addresses and names of their own on a parent that is ours', () => {
  withNetwork(['-d', 'macvlan', ...subnet, '--gateway', '10.66.0.1', '--ipv6', '--subnet', 'fd66::/64', '-o', 'parent=wire0'], () => {
    start('one');
    start('two', '--ip', '10.66.0.50', '--ip6', 'fd66::50', '--mac-address', '02:42:00:00:66:50');
    const [one, two] = macs('one', 'two');
    assert.is(two, '02:42:00:00:66:50');
    assert.is.not(one, two);
    assert.ok(hears('one', '10.66.0.50', 'fd66::50', 'two', 'two.lan') && hears('two', '10.66.0.2', 'one'));
    assert.is(output(['network', 'inspect', '--format', '{{.Driver}} {{.Options.parent}} {{(index .IPAM.Config 0).Gateway}} {{len .Containers}}', 'lan']), 'macvlan wire0 10.66.0.1 2\n');
    assert.match(skiff(['network', 'create', '-d', 'ipvlan', '-o', 'parent=wire0', 'other']).stderr, /network lan is already using parent interface wire0/);
    output(['network', 'disconnect', 'lan', 'two']);
    assert.not(hears('one', '10.66.0.50'));
    output(['network', 'connect', '--ip', '10.66.0.51', 'lan', 'two']);
    assert.ok(hears('one', '10.66.0.51'));
    output(['restart', '-t', '0', 'two']);
    assert.ok(hears('one', 'two'));
  });
});

test('macvlan in modes private and passthru: nobody reaches anybody; one container has the parent', () => {
  withNetwork(['-d', 'macvlan', ...subnet, '-o', 'macvlan_mode=private'], () => {
    start('one');
    start('two');
    assert.not(hears('one', '10.66.0.3'));
  });
  withNetwork(['-d', 'macvlan', ...subnet, '-o', 'macvlan_mode=passthru'], () => {
    start('one');
    const { status, stderr } = skiff(['run', '--rm', '--network', 'lan', 'busybox', 'true']);
    assert.is(status, 125);
    assert.match(stderr, /cannot make device eth0: /);
  });
});

for (const mode of ['l2', 'l3']) {
  test(`ipvlan in mode ${mode}: addresses and names, one MAC address`, () => {
    withNetwork(['-d', 'ipvlan', ...subnet, '-o', `ipvlan_mode=${mode}`, '-o', 'parent=wire0'], () => {
      start('one', '--ip', '10.66.0.20');
      start('two', '--ip', '10.66.0.21');
      const [one, two] = macs('one', 'two');
      assert.is(one, two);
      assert.ok(hears('one', '10.66.0.21', 'two'));
    });
  });
}

/** What the host hears first at the published port. */
const heardAtPort = (): string =>
  execute(['bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/18080; printf "GET /busybox HTTP/1.0\\r\\n\\r\\n" >&3; head -c 12 <&3']).stdout;

test('an internal network leads nowhere, and no published port to it, which is said; a bridge beside it leads on', () => {
  withNetwork(['-d', 'macvlan', ...subnet, '--internal'], () => {
    output(['run', '-d', '--name', 'far', 'busybox', 'sleep', '100000']);
    const { status, stderr } = skiff(['run', '-d', '--name', 'web', '-p', '18080:80', '--network', 'lan', 'busybox', 'httpd', '-f', '-h', '/bin']);
    assert.equal([status, stderr], [0, "skiff: warning: no published port leads to this container: network lan (internal) can be reached from no host; add a bridge with 'skiff network connect bridge web'\n"]);
    assert.is(heardAtPort(), '');
    assert.not(hears('web', '172.17.0.2'));
    output(['network', 'connect', 'bridge', 'web']);
    assert.ok(hears('web', '172.17.0.2'));
    assert.match(heardAtPort(), /^HTTP\/1\.[01] 200$/);
  });
});

test("the host's network comes with its devices and the container's own cgroups", () => {
  const script = 'ls /sys/class/net; mount | grep "on /sys/fs/cgroup" | tail -n 1';
  const text = output(['run', '--rm', '--network', 'host', 'busybox', 'sh', '-c', script]);
  for (const device of readdirSync('/sys/class/net')) assert.match(text, new RegExp(`^${device}$`, 'm'));
  assert.match(text, / type cgroup2 \(ro/);
});

test('a device of the host is refused as a parent, with the reason', () => {
  const [device = ''] = readdirSync('/sys/class/net').filter((name) => name !== 'lo');
  for (const [driver, parent] of [['macvlan', device], ['ipvlan', `${device}.50`]] as const) {
    const { status, stderr } = skiff(['network', 'create', '-d', driver, ...subnet, '-o', `parent=${parent}`, 'lan']);
    assert.is(status, 1);
    assert.match(stderr, new RegExp(`parent=${parent}: .* is a device of the host, and only root may put others on it`));
  }
});

test('the kernel has loaded what was needed', () => {
  const modules = readFileSync('/proc/modules', 'utf8');
  for (const name of ['macvlan', 'ipvlan', 'dummy', 'bridge', 'veth', 'nf_tables']) assert.match(modules, new RegExp(`^${name} `, 'm'));
});

test.run();
