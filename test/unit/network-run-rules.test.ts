import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseAttachment } from '../../src/core/network-attachment.ts';
import { attempt } from '../../src/core/invalid.ts';
import { forwardersOf, resolverFileOf, withAddresses } from '../../src/runtime/etc-networks.ts';
import { inspectedNetwork, networkNames } from '../../src/runtime/inspect-network.ts';
import { gatewayOf, networkRecords } from '../../src/runtime/network-file.ts';
import { decodeSkiffSpec } from '../../src/runtime/spec-codec.ts';
import { defaultBridge } from '../../src/network/predefined.ts';
import { assertProblem, fakeHost, run, tryRun, value } from '../spec-host.ts';
import type { Attachment, Publishing } from '../../src/runtime/network-file.ts';
import type { Endpoint, Network } from '../../src/network/types.ts';
import type { NetworkWish } from '../../src/runtime/spec-types.ts';
import type { RunFlags } from '../../src/runtime/run-flags.ts';

const attachment = (text: string) => attempt(() => parseAttachment(text));
const plain = { aliases: [], linkLocal: [], driverOpts: {}, gwPriority: 0 };

test('--network in its long form', () => {
  assert.equal(value(attachment('shop')), { name: 'shop', ...plain });
  assert.equal(value(attachment('slirp4netns:mtu=1500')).name, 'slirp4netns:mtu=1500');
  assert.equal(value(attachment('name=shop,alias=db,"alias=a,b",ip=10.5.0.7,ip6=fd00:5::7,mac-address=02-42-AC-00-00-01,link-local-ip=169.254.1.2,driver-opt=a=b=c,gw-priority=-5')), {
    name: 'shop', aliases: ['db', 'a,b'], ipv4: '10.5.0.7', ipv6: 'fd00:5::7', mac: '02:42:ac:00:00:01', linkLocal: ['169.254.1.2'], driverOpts: { a: 'b=c' }, gwPriority: -5,
  });
  const wrong = [
    ['alias=x', 'network name/id is not specified'], ['name=a,naem=b', "unknown key 'naem'"], ['name=a,ip=10.5.0', "'10.5.0'"], ['name=a,ip6=10.5.0.1', 'IPv6'],
    ['name=a,mac-address=01:00:5e:00:00:01', 'MAC'], ['name=a,link-local-ip=10.0.0.1', 'link-local'], ['name=a,driver-opt=x', 'driver-opt'], ['name=a,gw-priority=high', "'high'"], ['name=a,"b', 'quotation mark'], ['name=a,b', "'b'"],
  ] as const;
  for (const [text, words] of wrong) assertProblem(attachment(text), 'Usage', words);
});

test('single flags are wishes for the first network', () => {
  const { skiff } = run({ network: 'shop', moreNetworks: ['name=back,alias=b'], ip: '10.5.0.7', ip6: 'fd00::7', macAddress: '02:42:00:00:00:01', networkAlias: ['x'], link: ['web:w', 'db'], linkLocalIp: ['169.254.9.9'] });
  assert.equal(skiff.network, { mode: 'networks' });
  assert.equal(skiff.networks, [
    {
      ...plain, name: 'shop', aliases: ['x'], ipv4: '10.5.0.7', ipv6: 'fd00::7', mac: '02:42:00:00:00:01', linkLocal: ['169.254.9.9'],
      links: [{ target: 'aa'.repeat(6), alias: 'w' }, { target: 'bb'.repeat(6), alias: 'db' }],
    },
    { ...plain, name: 'back', aliases: ['b'], links: [] },
  ]);
  assert.match(run({ network: 'shop', link: ['web'] }).warnings.join(), /--link is deprecated/);
  assert.equal(value(decodeSkiffSpec(JSON.stringify(skiff), 'spec.json')), skiff);
  assert.ok(run({ network: 'shop' }).oci.linux.namespaces.some(({ type, path }) => type === 'network' && path === undefined));
});

test('what does not go together is refused in Docker\'s words', () => {
  const cases: readonly (readonly [Partial<RunFlags>, string])[] = [
    [{ network: 'a', moreNetworks: ['host'] }, 'cannot attach both user-defined and non-user-defined network-modes'],
    [{ network: 'bridge', moreNetworks: ['a'] }, 'cannot attach both user-defined and non-user-defined network-modes'],
    [{ network: 'a', moreNetworks: ['a'] }, 'network "a" is specified multiple times'],
    [{ network: 'name=a,alias=x', networkAlias: ['y'] }, 'cannot specify both --network-alias and per-network alias'],
    [{ network: 'name=a,ip=10.0.0.2', ip: '10.0.0.3' }, 'cannot specify both --ip and per-network IPv4 address'],
    [{ network: 'name=a,ip6=::2', ip6: '::3' }, 'cannot specify both --ip6 and per-network IPv6 address'],
    [{ network: 'name=a,mac-address=02:42:00:00:00:01', macAddress: '02:42:00:00:00:02' }, 'cannot specify both --mac-address'],
    [{ network: 'name=a,link-local-ip=169.254.1.1', linkLocalIp: ['169.254.1.2'] }, 'cannot specify both --link-local-ip'],
    [{ networkAlias: ['x'] }, 'network-scoped aliases are only supported for user-defined networks'],
    [{ network: 'bridge', networkAlias: ['x'] }, 'network-scoped aliases are only supported for user-defined networks'],
    [{ ip: '10.0.0.2' }, 'user specified IP address is supported on user defined networks only'],
    [{ network: 'host', ip6: '::2' }, 'user specified IP address is supported on user defined networks only'],
    [{ network: 'container:web', macAddress: '02:42:00:00:00:01' }, 'mac-address and the network mode'],
    [{ network: 'container:web', link: ['web'] }, "container type network can't be used with links"],
    [{ network: 'host', link: ['web'] }, "host type networking can't be used with links"],
    [{ network: 'a', link: [':x'] }, 'bad format for links: :x'],
    [{ network: 'name=a,driver-opt=speed=1' }, "'speed'"],
    [{ network: 'name=a,driver-opt=com.docker.network.endpoint.ifname=lo' }, 'name of a device'],
  ];
  for (const [flags, words] of cases) assertProblem(tryRun(flags), 'Usage', words);
  assertProblem(tryRun({ network: 'a', link: ['none'] }), 'NotFound', 'no such container: none');
});

const network = (name: string, changes: Partial<Network> = {}): Network => ({ ...defaultBridge, name, id: name.slice(0, 1).repeat(64), options: {}, ...changes });
const wish = (name: string, changes: Partial<NetworkWish> = {}): NetworkWish => ({ ...plain, name, links: [], ...changes });
const place = (of: Network, changes: Partial<Endpoint> = {}): Endpoint => ({
  networkId: of.id, networkName: of.name, endpointId: 'e'.repeat(64), interface: 'eth0', mac: '02:42:0a:05:00:02', ipv4: { address: '10.5.0.2', prefix: 24, gateway: '10.5.0.1' },
  aliases: [], dnsNames: ['web'], leases: [{ path: '/l/10.5.0.2', up: '/l/up/10.5.0.2' }], ...changes,
});
const at = (name: string, more: { readonly network?: Partial<Network>; readonly wish?: Partial<NetworkWish>; readonly endpoint?: Partial<Endpoint> } = {}): Attachment => {
  const of = network(name, more.network);
  return { network: of, wish: wish(name, more.wish), endpoint: place(of, more.endpoint) };
};

test('the gateway is that of the highest priority, then of the first name, and never of an internal network', () => {
  const chosen = (...attachments: readonly Attachment[]): string | undefined => gatewayOf(attachments, 'ipv4')?.network.name;
  assert.is(chosen(at('b'), at('a')), 'a');
  assert.is(chosen(at('b', { wish: { gwPriority: 1 } }), at('a')), 'b');
  assert.is(chosen(at('b', { wish: { gwPriority: 1 }, network: { internal: true } }), at('a')), 'a');
  assert.is(chosen(at('a', { network: { internal: true } })), undefined);
  assert.is(chosen(at('a', { network: { driver: 'macvlan' } })), undefined);
  assert.is(gatewayOf([at('a')], 'ipv6'), undefined);
});

const of = (id: string): Publishing => ({ ports: [], holders: '/ports', container: { id, name: 'web' }, free: () => ({ first: 40000, last: 50000 }) });

test('the network file', () => {
  const forwarders = { servers: ['9.9.9.9'], from: 'host', ndots: false } as const;
  const records = networkRecords(of('c'.repeat(64)), [at('web', { wish: { links: [{ target: 'abc', alias: 'db' }], linkLocal: ['169.254.1.1'] } })], forwarders, (id) => `/l/${id.slice(0, 1)}/up`);
  assert.equal(records.map(([name]) => name), ['bridge', 'endpoint', 'address', 'lease', 'address', 'endpoint-event', 'default-route', 'dns-scope', 'dns-link', 'dns-server', 'dns-from']);
  assert.equal(records[4], ['address', '169.254.1.1/16']);
  assert.equal(JSON.parse(`{${records[5]?.[1]}}`), { container: 'c'.repeat(64), name: 'web', type: 'bridge' });
  assert.equal(records.slice(6), [['default-route', '10.5.0.1', 'eth0'], ['dns-scope', '/l/w/up', 'web'], ['dns-link', 'db', 'abc'], ['dns-server', '9.9.9.9'], ['dns-from', 'host']]);
  const inside = networkRecords(of('c'), [at('web', { network: { internal: true } })], { ...forwarders, ndots: true }, () => '/up').map(([name]) => name);
  assert.equal(inside.slice(-3), ['dns-scope', 'dns-from', 'dns-ndots'], 'nothing is asked outside, and there is no way there');
  assert.not.ok(networkRecords(of('c'), [at('bridge', { endpoint: { dnsNames: [] } })], forwarders, () => '/up').some(([name]) => name.startsWith('dns')));
});

test('what /etc says of networks', () => {
  const { skiff } = run({ network: 'shop', hostname: 'box', domainname: 'example.org', addHost: ['up:host-gateway'] });
  assert.match(skiff.etc.hosts, /^192\.0\.2\.50\tup$/m);
  const of = network('shop');
  const first = withAddresses(skiff.etc.hosts, skiff, [], [place(of)]);
  assert.match(first, /\n10\.5\.0\.2\tbox\.example\.org box\n$/);
  const other = place(of, { ipv4: { address: '10.6.0.2', prefix: 24 }, ipv6: { address: 'fd05::2', prefix: 64 } });
  const second = withAddresses(`${first}192.0.2.1\tmine\n`, skiff, [place(of)], [other]);
  assert.equal(second.split('\n').slice(-4), ['192.0.2.1\tmine', '10.6.0.2\tbox.example.org box', 'fd05::2\tbox.example.org box', '']);
  assert.is(withAddresses(second, skiff, [other], [other]), second);
  assert.is(skiff.etc.resolvConf, 'search example.org\nnameserver 127.0.0.11\noptions edns0 ndots:0\n');
  assert.is(run({ network: 'shop', dns: ['9.9.9.9'], dnsOption: ['ndots:2'] }).skiff.etc.resolvConf, 'search example.org\nnameserver 127.0.0.11\noptions ndots:2\n');
  assert.is(run({ network: 'bridge' }).skiff.etc.resolvConf, 'search example.org\nnameserver 198.19.255.3\nnameserver 192.0.2.1\noptions edns0\n', 'slirp4netns\' stands for the one on the loopback');
  assert.is(resolverFileOf(skiff, 'nameserver 192.0.2.1\n', false), 'nameserver 192.0.2.1\n');
  assert.equal(forwardersOf(skiff, fakeHost().resolvConf()), { servers: ['127.0.0.53', '192.0.2.1'], from: 'host', ndots: false });
  assert.equal(forwardersOf(run({ network: 'shop', dns: ['9.9.9.9'], dnsOption: ['ndots:2'] }).skiff, ''), { servers: ['9.9.9.9'], from: 'container', ndots: true });
});

test('inspect shows the places that it has, and what it wished for when it has none', () => {
  const { skiff } = run({ network: 'name=shop,ip=10.5.0.2,alias=x', moreNetworks: ['back'] });
  const places = [place(network('shop'), { aliases: ['x'] })];
  const of = (pid: number) => (inspectedNetwork(skiff, { pid, status: pid > 0 ? 'running' : 'exited' }, places) as { readonly Networks: ReadonlyMap<string, Record<string, unknown>> }).Networks.get('shop');
  assert.equal(of(7)?.['IPAMConfig'], { IPv4Address: '10.5.0.2' });
  assert.equal([of(7)?.['IPAddress'], of(7)?.['IPPrefixLen'], of(7)?.['Gateway'], of(7)?.['DNSNames'], of(7)?.['Aliases']], ['10.5.0.2', 24, '10.5.0.1', ['web'], ['x']]);
  assert.equal([of(0)?.['IPAddress'], of(0)?.['EndpointID'], of(0)?.['NetworkID']], ['', '', 's'.repeat(64)]);
  assert.equal(networkNames(skiff), ['back', 'shop']);
});

test.run();
