/** Networks, as far as they can be decided without a kernel: ranges, pools, options, records. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { contains, encloses, formatAddress, formatCidr, networkOf, overlaps, parseAddress, parseCidr } from '../../src/network/cidr.ts';
import { makeNetwork } from '../../src/network/create.ts';
import { decodeNetwork, encodeNetwork } from '../../src/network/codec.ts';
import { endpointRecords } from '../../src/network/endpoints.ts';
import { chosenAddress, lowestFree } from '../../src/network/free.ts';
import { inspectedNetwork } from '../../src/network/inspect.ts';
import { chooseNetworks } from '../../src/network/list.ts';
import { defaultBridge, predefined } from '../../src/network/predefined.ts';
import type { Cidr } from '../../src/network/cidr.ts';
import type { NetworkRequest } from '../../src/network/create.ts';
import type { Endpoint, Network, Pool } from '../../src/network/types.ts';

const plain: NetworkRequest = {
  name: 'shop', driver: 'bridge', options: [], labels: {}, internal: false, attachable: false, ipv4: true, ipv6: undefined, configOnly: false, configFrom: '', subnet: [], ipRange: [], gateway: [], auxAddress: [],
};
const facts = { devices: () => ['lo', 'enp3s0'], hasDevice: () => true };
const make = (request: Partial<NetworkRequest>, others: readonly Network[] = predefined, routes: readonly string[] = [], view: object = {}): Network =>
  makeNetwork({ ...plain, ...request }, { others, facts, routes, seed: '0123456789', sources: [], id: 'ab'.repeat(32), created: '2026-11-27T12:00:00.000Z', ...view });
const refusal = (request: Partial<NetworkRequest>, others?: readonly Network[]): string => {
  try {
    make(request, others);
  } catch (error) {
    return (error as Error).message;
  }
  return 'it was made';
};
const there = <A>(value: A | undefined, text: string): A => {
  if (value === undefined) throw new Error(`${text} is not read`);
  return value;
};
const cidr = (text: string): Cidr => there(parseCidr(text), text);
const canonical = (text: string): string => formatAddress(there(parseAddress(text), text));

test('addresses of both families, there and back, in canonical form', () => {
  for (const [text, wanted] of [
    ['10.0.0.1', '10.0.0.1'], ['255.255.255.255', '255.255.255.255'], ['::', '::'], ['::1', '::1'], ['1::', '1::'], ['FD00:0:0:1:0:0:0:2', 'fd00:0:0:1::2'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], ['::ffff:1.2.3.4', '::ffff:102:304'],
  ] as const) assert.is(canonical(text), wanted, text);
  for (const text of ['', '1.2.3', '01.2.3.4', '256.0.0.1', ':::', '1:2:3', 'fe80::1%eth0', '10.0.0.0/8']) assert.is(parseAddress(text), undefined, text);
  for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/08', 'fd00::/129', '/8', '10.0.0.0/8/8', '10.0.0.0/-1']) assert.is(parseCidr(text), undefined, text);
});

test('ranges', () => {
  assert.is(formatCidr(networkOf(cidr('10.1.2.3/12'))), '10.0.0.0/12');
  assert.is(formatCidr(networkOf(cidr('fd00::1:2:3:4/64'))), 'fd00::/64');
  assert.ok(contains(cidr('10.0.0.0/8'), cidr('10.255.255.255/32')));
  assert.not.ok(contains(cidr('10.0.0.0/8'), cidr('11.0.0.0/32')));
  assert.not.ok(contains(cidr('0.0.0.0/0'), cidr('::1/128')));
  assert.ok(encloses(cidr('10.0.0.0/8'), cidr('10.4.0.0/16')));
  assert.not.ok(encloses(cidr('10.4.0.0/16'), cidr('10.0.0.0/8')));
  assert.ok(overlaps(cidr('10.4.0.0/16'), cidr('10.0.0.0/8')) && overlaps(cidr('10.0.0.0/8'), cidr('10.4.0.0/16')));
  assert.not.ok(overlaps(cidr('10.4.0.0/16'), cidr('10.5.0.0/16')));
});

const pool = (more: Partial<Pool> = {}): Pool => ({ family: 4, subnet: '10.5.0.0/29', gateway: '10.5.0.1', auxiliary: {}, ...more });

test('the lowest free address, never the network, the gateway, an auxiliary or the broadcast address', () => {
  assert.is(lowestFree(pool(), new Set()), '10.5.0.2');
  assert.is(lowestFree(pool({ auxiliary: { router: '10.5.0.2' } }), new Set(['10.5.0.3'])), '10.5.0.4');
  assert.is(lowestFree(pool(), new Set(['10.5.0.2', '10.5.0.3', '10.5.0.4', '10.5.0.5'])), '10.5.0.6');
  assert.is(lowestFree(pool(), new Set(['10.5.0.2', '10.5.0.3', '10.5.0.4', '10.5.0.5', '10.5.0.6'])), undefined);
  assert.is(lowestFree(pool({ range: '10.5.0.4/30' }), new Set()), '10.5.0.4');
  assert.is(lowestFree(pool({ subnet: '10.5.0.0/31', gateway: '10.5.0.0' }), new Set()), '10.5.0.1');
  assert.is(lowestFree({ family: 6, subnet: 'fd00:5::/64', gateway: 'fd00:5::1', auxiliary: {} }, new Set(['fd00:5::2'])), 'fd00:5::3');
});

test('a chosen address is one of the subnet and nobody else\'s', () => {
  assert.is(chosenAddress(pool(), '10.5.0.6', 'shop'), '10.5.0.6');
  assert.is(chosenAddress({ family: 6, subnet: 'fd00:5::/64', auxiliary: {} }, 'FD00:5:0::00ff', 'shop'), 'fd00:5::ff');
  assert.throws(() => chosenAddress(pool(), '10.6.0.2', 'shop'), /invalid address 10\.6\.0\.2: it does not belong to any of this network's subnets; choose one of 10\.5\.0\.0\/29/);
  for (const address of ['10.5.0.0', '10.5.0.1', '10.5.0.7']) assert.throws(() => chosenAddress(pool(), address, 'shop'), /network shop's own/, address);
});

test('pools: the first that neither a network nor a route of the host has', () => {
  const first = make({});
  assert.equal(first.pools, [{ family: 4, subnet: '172.18.0.0/16', auxiliary: {}, gateway: '172.18.0.1' }]);
  assert.is(make({}, [...predefined, first], ['172.19.0.0/24', '172.20.0.0/14']).pools[0]?.subnet, '172.24.0.0/16');
  const full = ['172.16.0.0/12', '192.168.0.0/17', '192.168.128.0/20'];
  assert.is(make({}, predefined, full).pools[0]?.subnet, '192.168.144.0/20');
  assert.throws(() => make({}, predefined, ['172.16.0.0/12', '192.168.0.0/16']), /all predefined IPv4 address pools have been fully subnetted/);
});

test('pools of the settings: in their order, each family by itself', () => {
  const sources = [{ base: '10.20.0.0/23', size: 24 }, { base: 'fd77::/48', size: 64 }, { base: '10.30.5.9/26', size: 28 }];
  const from = (others: readonly Network[], routes: readonly string[] = []): readonly string[] => make({ ipv6: true }, others, routes, { sources }).pools.map(({ subnet, gateway }) => `${subnet} ${gateway}`);
  const first = make({ ipv6: true }, predefined, [], { sources });
  assert.equal(from(predefined), ['10.20.0.0/24 10.20.0.1', 'fd77::/64 fd77::1']);
  assert.equal(from([...predefined, first]), ['10.20.1.0/24 10.20.1.1', 'fd77:0:0:1::/64 fd77:0:0:1::1']);
  assert.equal(from(predefined, ['10.20.0.0/16'])[0], '10.30.5.0/28 10.30.5.1');
  assert.throws(() => make({}, predefined, ['10.0.0.0/8'], { sources }), /all predefined IPv4 address pools have been fully subnetted/);
  assert.is(make({ subnet: ['192.0.2.0/24'] }, predefined, [], { sources }).pools[0]?.subnet, '192.0.2.0/24');
  assert.is(make({ ipv6: true }, predefined, [], { sources: sources.slice(0, 1) }).pools[1]?.subnet, 'fd01:2345:6789::/64');
});

test('IPv6: of a range of the user\'s own, or as asked', () => {
  const both = make({ ipv6: true });
  assert.equal(both.pools.map(({ subnet, gateway }) => [subnet, gateway]), [['172.18.0.0/16', '172.18.0.1'], ['fd01:2345:6789::/64', 'fd01:2345:6789::1']]);
  assert.is(make({ ipv6: true }, [...predefined, both]).pools[1]?.subnet, 'fd01:2345:6789:1::/64');
  const asked = make({ subnet: ['fd00:5::/64', '10.5.0.0/24'] });
  assert.ok(asked.enableIPv6);
  assert.equal(asked.pools.map(({ subnet }) => subnet), ['10.5.0.0/24', 'fd00:5::/64']);
  assert.equal(make({ ipv4: false, ipv6: true }).pools.map(({ family }) => family), [6]);
  assert.match(refusal({ ipv4: false }), /IPv4 or IPv6 must be enabled/);
  assert.match(refusal({ ipv4: false, ipv6: true, subnet: ['10.5.0.0/24'] }), /IPv4 is not enabled/);
});

test('what is asked for of addresses is what one gets, or is wrong in Docker\'s words', () => {
  const { pools } = make({ subnet: ['10.5.7.9/24'], ipRange: ['10.5.7.128/25'], gateway: ['10.5.7.254'], auxAddress: ['a=10.5.7.200', 'b=10.5.7.201'] });
  assert.equal(pools, [{ family: 4, subnet: '10.5.7.0/24', range: '10.5.7.128/25', gateway: '10.5.7.254', auxiliary: { a: '10.5.7.200', b: '10.5.7.201' } }]);
  assert.is(make({ subnet: ['10.5.0.0/16'], ipRange: ['10.5.3.0/24'] }).pools[0]?.gateway, '10.5.3.0');
  for (const [request, words] of [
    [{ gateway: ['10.5.0.1'] }, /every ip-range or gateway must have a corresponding subnet/],
    [{ subnet: ['10.5.0.0/24'], gateway: ['10.6.0.1'] }, /no matching subnet for gateway 10\.6\.0\.1/],
    [{ subnet: ['10.5.0.0/24'], ipRange: ['10.5.0.0/16'] }, /no matching subnet for range 10\.5\.0\.0\/16/],
    [{ subnet: ['10.5.0.0/24'], auxAddress: ['a=10.6.0.1'] }, /no matching subnet for aux-address 10\.6\.0\.1/],
    [{ subnet: ['10.5.0.0/24'], auxAddress: ['10.5.0.9'] }, /invalid --aux-address '10\.5\.0\.9'/],
    [{ subnet: ['10.5.0.0/24'], gateway: ['10.5.0.1', '10.5.0.2'] }, /cannot configure multiple gateways/],
    [{ subnet: ['10.5.0.0/24', '10.5.0.0/25'] }, /multiple overlapping subnet configuration is not supported/],
    [{ subnet: ['10.5.0.0/24', '10.6.0.0/24'] }, /a network has one IPv4 subnet/],
    [{ subnet: ['10.5.0.0'] }, /invalid --subnet '10\.5\.0\.0'/],
    [{ subnet: ['127.1.0.0/16'] }, /for the loopback/],
    [{ subnet: ['fe80::/64'] }, /for the loopback, one link or groups only/],
    [{ subnet: ['172.17.4.0/24'] }, /pool overlaps with other one on this address space: 172\.17\.4\.0\/24 and network bridge/],
    [{ subnet: ['198.19.0.0/16'] }, /198\.19\.255\.0\/24 is what networks reach the world by/],
    [{ subnet: ['fd00::/48'] }, /fd00::\/64 is what networks reach the world by/],
  ] as const) assert.match(refusal(request), words);
});

test('names', () => {
  for (const name of ['', '-x', 'a/b', '..', 'a b', 'x'.repeat(129)]) assert.match(refusal({ name }), /invalid network name/, name);
  for (const name of ['bridge', 'host', 'none']) assert.match(refusal({ name }), /operation is not permitted on predefined/);
  assert.match(refusal({ name: 'default' }), /means something else/);
});

test('options of drivers are understood or refused, never ignored', () => {
  const option = (text: string, driver = 'bridge'): string => refusal({ driver, options: [text] });
  assert.match(option('com.docker.network.driver.mtuu=9000'), /no such option; did you mean com\.docker\.network\.driver\.mtu\?/);
  for (const mtu of ['', '67', '65536', 'x', '1e3']) assert.match(option(`com.docker.network.driver.mtu=${mtu}`), /invalid --opt/, mtu);
  assert.match(refusal({ ipv6: true, options: ['com.docker.network.driver.mtu=1000'] }), /from 1280/);
  assert.match(option('com.docker.network.bridge.enable_icc=false'), /make a network for each of them/);
  assert.is(option('com.docker.network.bridge.enable_icc=1'), 'it was made');
  assert.match(option('com.docker.network.bridge.enable_icc=maybe'), /use true or false/);
  assert.match(option('com.docker.network.bridge.enable_ip_masquerade=false'), /slirp4netns/);
  assert.match(option('com.docker.network.bridge.gateway_mode_ipv4=routed'), /without root/);
  assert.match(option('com.docker.network.bridge.host_binding_ipv4=127.0.0.1'), /publish with -p 127\.0\.0\.1:PORT:PORT/);
  assert.match(option('com.docker.network.bridge.name=a/b'), /invalid --opt/);
  assert.match(option('com.docker.network.bridge.name=docker0'), /network bridge has a bridge called docker0/);
  assert.match(option('parent=enp3s0.20', 'macvlan'), /is a device of the host, and only root/);
  assert.match(option('macvlan_mode=loud', 'macvlan'), /use one of bridge, private, vepa, passthru/);
  assert.match(option('ipvlan_flag=private', 'ipvlan'), /make a network for each of them/);
  assert.match(refusal({ driver: 'overlay' }), /need a swarm/);
  assert.match(refusal({ driver: 'host' }), /only one instance of "host" network is allowed/);
  assert.match(refusal({ driver: 'brigde' }), /did you mean bridge\?/);
  assert.throws(() => make({ driver: 'macvlan' }, predefined, [], { facts: { ...facts, hasDevice: () => false } }), /this kernel has no macvlan devices/);
  const taken = make({ driver: 'macvlan', options: ['parent=lab0'] });
  assert.match(refusal({ driver: 'ipvlan', options: ['parent=lab0'] }, [...predefined, taken]), /network shop is already using parent interface lab0/);
});

test('a config-only network lends all, or nothing', () => {
  const config = make({ name: 'config', configOnly: true, subnet: ['10.5.0.0/24'], options: ['com.docker.network.driver.mtu=1400'], labels: { a: 'b' } });
  assert.is(config.driver, 'null');
  const others = [...predefined, config];
  const made = make({ configFrom: 'config' }, others);
  assert.equal([made.pools[0]?.subnet, made.options, made.labels, made.configFrom], ['10.5.0.0/24', config.options, { a: 'b' }, 'config']);
  assert.match(refusal({ configFrom: 'config', subnet: ['10.6.0.0/24'] }, others), /user supplied configurations are not supported/);
  assert.match(refusal({ configFrom: 'bridge' }, others), /network bridge is not a configuration network/);
  assert.match(refusal({ configFrom: 'nobody' }, others), /no such network: nobody/);
  assert.match(refusal({ configFrom: 'config', configOnly: true }, others), /cannot depend on another/);
});

const endpoint: Endpoint = {
  networkId: 'ab'.repeat(32), networkName: 'shop', endpointId: 'cd'.repeat(32), interface: 'eth0', mac: '02:42:0a:05:00:02', ipv4: { address: '10.5.0.2', prefix: 24, gateway: '10.5.0.1' },
  aliases: [], dnsNames: ['web'], leases: [{ path: '/leases/10.5.0.2', up: '/leases/up/10.5.0.2' }],
};

test('records of an endpoint, by driver', () => {
  const rest = [['address', '10.5.0.2/24'], ['lease', '/leases/10.5.0.2', '/leases/up/10.5.0.2']];
  const ids = ['cd'.repeat(32), 'ab'.repeat(32)];
  assert.equal(endpointRecords(make({ subnet: ['10.5.0.0/24'] }), endpoint), [
    ['bridge', 'br-abababababab', '1', '65520', '10.5.0.1/24'],
    ['endpoint', ...ids, 'veth', 'vethcdcdcdcdcdc', 'br-abababababab', '', 'eth0', endpoint.mac, '65520'],
    ...rest,
  ]);
  assert.equal(endpointRecords(make({ internal: true, options: ['com.docker.network.bridge.name=shop0', 'com.docker.network.driver.mtu=1400'] }), endpoint)[0], ['bridge', 'shop0', '2', '1400', '172.18.0.1/16']);
  assert.equal(endpointRecords(make({ driver: 'macvlan', options: ['macvlan_mode=vepa'] }), endpoint).slice(0, 2), [
    ['dummy', 'dm-abababababab', '65520'],
    ['endpoint', ...ids, 'macvlan', '', 'dm-abababababab', 'vepa', 'eth0', endpoint.mac, '65520'],
  ]);
  assert.equal(make({ driver: 'ipvlan', options: ['ipvlan_mode=l3'] }).pools[0]?.gateway, undefined);
});

test('a record reads back as it was; a damaged one is told by its path', () => {
  const network = make({ ipv6: true, labels: { a: 'b' }, auxAddress: ['r=10.5.0.9'], subnet: ['10.5.0.0/24'] });
  assert.equal(decodeNetwork(encodeNetwork(network), '/n/shop.json', 'shop'), network);
  const damaged = (text: string): string => {
    try {
      decodeNetwork(text, '/n/shop.json', 'shop');
    } catch (error) {
      return (error as Error).message;
    }
    return 'it was read';
  };
  assert.match(damaged('{'), /^\/n\/shop\.json is damaged: it is not JSON/);
  assert.match(damaged(encodeNetwork(network).replace('"10.5.0.1"', '"10.6.0.1"')), /^\/n\/shop\.json is damaged: the value of pools does not fit/);
  assert.match(damaged(encodeNetwork({ ...network, name: 'other' })), /it is the record of network other/);
});

test('filters of ls', () => {
  const shop = make({ labels: { tier: 'web' } });
  const all = [...predefined, shop];
  const names = (...filters: readonly (readonly [string, string])[]): readonly string[] => chooseNetworks(all, filters.map(([key, value]) => ({ key, value })), ({ name }) => name === 'shop').map(({ name }) => name);
  assert.equal(names(), ['bridge', 'host', 'none', 'shop']);
  assert.equal(names(['driver', 'bridge']), ['bridge', 'shop']);
  assert.equal(names(['driver', 'bridge'], ['driver', 'null']), ['bridge', 'none', 'shop']);
  assert.equal(names(['type', 'custom']), ['shop']);
  assert.equal(names(['type', 'builtin']), ['bridge', 'host', 'none']);
  assert.equal(names(['name', 'o']), ['host', 'none', 'shop']);
  assert.equal(names(['id', shop.id.slice(0, 12)]), ['shop']);
  assert.equal(names(['label', 'tier=web'], ['label', 'tier']), ['shop']);
  assert.equal(names(['label', 'tier=web'], ['label', 'own']), []);
  assert.equal(names(['scope', 'swarm']), []);
  assert.equal(names(['dangling', 'false']), ['shop']);
  assert.equal(names(['dangling', 'true']), []);
  for (const [key, value] of [['colour', 'x'], ['type', 'x'], ['scope', 'x'], ['dangling', 'x'], ['name', '[']] as const) assert.throws(() => names([key, value]), /invalid filter/, key);
});

test('inspect has Docker\'s members in Docker\'s order', () => {
  const attached = [{ containerId: 'ef'.repeat(32), containerName: 'web', endpointId: endpoint.endpointId, mac: endpoint.mac, ipv4: '172.18.0.2/16' }];
  const view = inspectedNetwork(make({}), attached) as Readonly<Record<string, unknown>>;
  assert.equal(Object.keys(view), ['Name', 'Id', 'Created', 'Scope', 'Driver', 'EnableIPv4', 'EnableIPv6', 'IPAM', 'Internal', 'Attachable', 'Ingress', 'ConfigFrom', 'ConfigOnly', 'Containers', 'Options', 'Labels']);
  assert.equal([...(view['Containers'] as Map<string, object>)], [['ef'.repeat(32), { Name: 'web', EndpointID: endpoint.endpointId, MacAddress: endpoint.mac, IPv4Address: '172.18.0.2/16', IPv6Address: '' }]]);
  assert.is((inspectedNetwork(defaultBridge, []) as { readonly Options: Map<string, string> }).Options.get('com.docker.network.bridge.name'), 'docker0');
});

test.run();
