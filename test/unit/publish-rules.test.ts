/** Published ports: how they are typed, what the helpers are told of them, and how `ps` and `inspect` show them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attempt } from '../../src/core/invalid.ts';
import { portsText } from '../../src/core/ports-column.ts';
import { portNames } from '../../src/core/ports.ts';
import { portMapOf, readBound } from '../../src/core/published-ports.ts';
import { allWanted, askedBindings, parsePublish, wantedPorts } from '../../src/core/publish.ts';
import { networkRecords } from '../../src/runtime/network-file.ts';
import { decodeSkiffSpec } from '../../src/runtime/spec-codec.ts';
import { defaultBridge } from '../../src/network/predefined.ts';
import { assertProblem, run, tryRun, value } from '../spec-host.ts';
import type { PortSpan } from '../../src/core/publish.ts';
import type { Endpoint, Network } from '../../src/network/types.ts';
import type { Attachment } from '../../src/runtime/network-file.ts';

const span = (first: number, last = first): PortSpan => ({ first, last });
const tcp = (container: PortSpan, more: object = {}) => ({ protocol: 'tcp', container, ...more });

test('-p in all its forms', () => {
  const forms: Readonly<Record<string, object>> = {
    '80': tcp(span(80)),
    '080': tcp(span(80)),
    '80/': tcp(span(80)),
    '80/TCP': tcp(span(80)),
    '53/udp': { protocol: 'udp', container: span(53) },
    '8080:80': tcp(span(80), { host: span(8080) }),
    ':80': tcp(span(80)),
    '0:80': tcp(span(80), { host: span(0) }),
    '127.0.0.1:8080:80': tcp(span(80), { address: '127.0.0.1', host: span(8080) }),
    '127.0.0.1::80': tcp(span(80), { address: '127.0.0.1' }),
    '[::1]:8080:80/udp': { protocol: 'udp', address: '::1', host: span(8080), container: span(80) },
    '::1:8080:80': tcp(span(80), { address: '::1', host: span(8080) }),
    '[::]::80': tcp(span(80), { address: '::' }),
    '8000-8010:80-90': tcp(span(80, 90), { host: span(8000, 8010) }),
    '8000-8010:80': tcp(span(80), { host: span(8000, 8010) }),
    '8000-8010:80-80': tcp(span(80), { host: span(8000, 8010) }),
    '8000-8010': tcp(span(8000, 8010)),
    'published=8080,target=80': tcp(span(80), { host: span(8080) }),
    'target=53,protocol=udp,mode=host': { protocol: 'udp', container: span(53) },
    'published=127.0.0.1:8080,target=80,mode=ingress': tcp(span(80), { address: '127.0.0.1', host: span(8080) }),
  };
  for (const [text, wanted] of Object.entries(forms)) assert.equal(parsePublish(text), wanted, text);
});

/** As Docker 28.2 answers to `docker run -p`, where it does. */
test('what is no port is answered in Docker\'s words', () => {
  const words: Readonly<Record<string, string>> = {
    '': 'no port specified: <empty>',
    '/tcp': 'no port specified: /tcp<empty>',
    '8000-8010:': 'no port specified: 8000-8010:<empty>',
    'published=8080': 'no port specified: 8080:/tcp<empty>',
    abc: 'invalid containerPort: abc',
    '70000': 'invalid containerPort: 70000',
    '80:70000': 'invalid containerPort: 70000',
    '+80': 'invalid containerPort: +80',
    ' 80': 'invalid containerPort:  80',
    '8080:80 ': 'invalid containerPort: 80 ',
    '80-': 'invalid containerPort: 80-',
    '-80': 'invalid containerPort: -80',
    '90-80': 'invalid containerPort: 90-80',
    '0x50': 'invalid containerPort: 0x50',
    '80:0': 'invalid containerPort: 0',
    '70000:80': 'invalid hostPort: 70000',
    '80-70:80': 'invalid hostPort: 80-70',
    '0-5:80': 'invalid hostPort: 0-5',
    '127.0.0.1:80': 'invalid hostPort: 127.0.0.1',
    '1.2.3:80:80': 'invalid IP address: 1.2.3',
    'localhost:80:80': 'invalid IP address: localhost',
    '1.2.3.4:80:80:80': 'invalid IP address: 1.2.3.4:80',
    '[::1]:80': 'invalid IP address: [:',
    '[fe80::1%eth0]:80:80': 'invalid IP address: [fe80::1%eth0]',
    '80/xyz': 'invalid proto: xyz',
    '80/tcp/udp': 'invalid proto: tcp/udp',
    'published=1,target=80,protocol=zz': 'invalid proto: zz',
    '8000-8010:80-85': 'invalid ranges specified for container and host Ports: 80-85 and 8000-8010',
    '8000:80-85': 'invalid ranges specified for container and host Ports: 80-85 and 8000',
    'target=80,published': "invalid publish opts format (should be name=value but got 'published')",
    '=3': "invalid publish opts format (should be name=value but got '=3')",
    'target=80,publisched=81': "unknown key 'publisched'",
    'target=80,mode=both': "unknown mode 'both'",
  };
  for (const [text, sentence] of Object.entries(words)) assertProblem(attempt(() => parsePublish(text)), 'Usage', sentence);
  assertProblem(attempt(() => parsePublish('8080:80/sctp')), 'Refused', 'sctp ports cannot be published');
});

test('each port of a range has its own', () => {
  assert.equal(wantedPorts(parsePublish('8000-8002:80-82')), [80, 81, 82].map((port) => ({ protocol: 'tcp', port, host: span(port + 7920) })));
  assert.equal(wantedPorts(parsePublish('80-81/udp')), [80, 81].map((port) => ({ protocol: 'udp', port })));
  assert.equal(wantedPorts(parsePublish('0:80')), [{ protocol: 'tcp', port: 80 }]);
  assert.equal(wantedPorts(parsePublish('[::1]:8000-8010:80')), [{ protocol: 'tcp', address: '::1', port: 80, host: span(8000, 8010) }]);
});

test('-P adds what is exposed and not published, but for sctp', () => {
  const exposed = ['53/udp', '80/tcp', '132/sctp', '443/tcp'];
  assert.equal(allWanted([], exposed, false), []);
  assert.equal(allWanted([parsePublish('8080:80')], exposed, true), [{ protocol: 'tcp', port: 80, host: span(8080) }, { protocol: 'udp', port: 53 }, { protocol: 'tcp', port: 443 }]);
});

test('HostConfig.PortBindings is what was asked for', () => {
  const bindings = askedBindings(['8080:80', '127.0.0.1::80', '8000-8010:81', '90-91/udp', '7000-7001:70-71', '0:99'].map(parsePublish));
  assert.equal(bindings, {
    '80/tcp': [{ HostIp: '', HostPort: '8080' }, { HostIp: '127.0.0.1', HostPort: '' }],
    '81/tcp': [{ HostIp: '', HostPort: '8000-8010' }],
    '90/udp': [{ HostIp: '', HostPort: '' }],
    '91/udp': [{ HostIp: '', HostPort: '' }],
    '70/tcp': [{ HostIp: '', HostPort: '7000' }],
    '71/tcp': [{ HostIp: '', HostPort: '7001' }],
    '99/tcp': [{ HostIp: '', HostPort: '0' }],
  });
});

const shown = (exposed: readonly string[], ...lines: readonly string[]): string => portsText(portMapOf(exposed, readBound(lines)));

test('PORTS of ps, as Docker prints them', () => {
  const forms: readonly (readonly [text: string, exposed: readonly string[], ...lines: readonly string[]])[] = [
    ['', []],
    ['80/tcp', ['80/tcp']],
    ['53/tcp, 80-82/tcp, 90/tcp, 53/udp', ['53/tcp', '53/udp', '80/tcp', '81/tcp', '82/tcp', '90/tcp']],
    ['0.0.0.0:8080->80/tcp, [::]:8080->80/tcp', ['80/tcp'], 'tcp 0.0.0.0 8080 8080 80', 'tcp :: 8080 8080 80'],
    ['443/tcp, 0.0.0.0:8080->80/tcp', ['80/tcp', '443/tcp'], 'tcp 0.0.0.0 8080 8080 80'],
    ['0.0.0.0:80-82->80-82/tcp, [::]:80-82->80-82/tcp', [], 'tcp 0.0.0.0 80 82 80', 'tcp :: 80 82 80'],
    ['0.0.0.0:8000->80/tcp, 0.0.0.0:8001->81/tcp', [], 'tcp 0.0.0.0 8000 8001 80'],
    ['127.0.0.1:53->53/tcp, 127.0.0.1:53->53/udp, 9.0.0.1:8080->80/tcp, 10.0.0.1:8080->80/tcp', [], 'udp 127.0.0.1 53 53 53', 'tcp 127.0.0.1 53 53 53', 'tcp 10.0.0.1 8080 8080 80', 'tcp 9.0.0.1 8080 8080 80'],
    ['[::1]:81->80/tcp, [2001:db8::1]:81->80/tcp', [], 'tcp 2001:db8::1 81 81 80', 'tcp ::1 81 81 80'],
    ['0.0.0.0:8080->80/tcp, 0.0.0.0:10080->80/tcp', [], 'tcp 0.0.0.0 10080 10080 80', 'tcp 0.0.0.0 8080 8080 80'],
  ];
  for (const [text, exposed, ...lines] of forms) assert.is(shown(exposed, ...lines), text);
  assert.is(shown(portNames([{ first: 0, last: 65535, protocol: 'tcp' }])), '0-65535/tcp');
});

test('what the monitor wrote is a range each, and nothing else', () => {
  assert.equal(readBound(['tcp :: 8000 8001 80', 'nonsense', 'tcp 0.0.0.0 9 8 1', 'sctp :: 1 1 1']), [
    { protocol: 'tcp', address: '::', hostPort: 8000, port: 80 },
    { protocol: 'tcp', address: '::', hostPort: 8001, port: 81 },
  ]);
  assert.equal([...portMapOf(['443/tcp', '80/tcp'], readBound(['udp 0.0.0.0 5 5 53']))], [['443/tcp', null], ['53/udp', [{ HostIp: '0.0.0.0', HostPort: '5' }]], ['80/tcp', null]]);
});

test('the specification keeps them, and what goes with no network of one\'s own is told', () => {
  const { skiff } = run({ network: 'bridge', publish: ['127.0.0.1:8080:80', '53/udp'], publishAll: true, expose: ['443'] });
  assert.equal([skiff.exposed, skiff.publishAll], [['53/udp', '80/tcp', '443/tcp'], true]);
  assert.equal(skiff.published, [tcp(span(80), { address: '127.0.0.1', host: span(8080) }), { protocol: 'udp', container: span(53) }]);
  assert.equal(value(decodeSkiffSpec(JSON.stringify(skiff), 'spec.json')), skiff);
  assert.equal(['published', 'publishAll'].filter((member) => member in run({ network: 'bridge', publish: [], publishAll: false }).skiff), []);
  assert.equal(run({ network: 'host', publish: ['80'] }).warnings, ['Published ports are discarded when using host network mode']);
  assert.equal(run({ network: 'none', publishAll: true }).warnings, ['Published ports are discarded when using none network mode']);
  assert.match(run({ network: 'bridge', publishAll: true, expose: ['132/sctp'] }).warnings.join(), /^port 132\/sctp is not published/);
  assert.equal(run({ network: 'host', publishAll: false, publish: [] }).warnings, []);
  for (const flags of [{ publish: ['80'] }, { publishAll: true }]) {
    assertProblem(tryRun({ network: 'container:web', ...flags }), 'Usage', 'conflicting options: port publishing and the container type network mode');
    assertProblem(tryRun({ network: 'slirp4netns', ...flags }), 'Refused', '--network bridge');
  }
});

const network = (name: string, changes: Partial<Network> = {}): Network => ({ ...defaultBridge, name, id: name.slice(0, 1).repeat(64), options: {}, ...changes });
const at = (of: Network, changes: Partial<Endpoint> = {}): Attachment => ({
  network: of,
  wish: { name: of.name, aliases: [], linkLocal: [], links: [], driverOpts: {}, gwPriority: 0 },
  endpoint: { networkId: of.id, networkName: of.name, endpointId: 'e'.repeat(64), interface: 'eth0', mac: '02:42:0a:05:00:02', ipv4: { address: '10.5.0.2', prefix: 24, gateway: '10.5.0.1' }, aliases: [], dnsNames: [], leases: [], ...changes },
});
const recordsFor = (typed: readonly string[], ...attachments: readonly Attachment[]): readonly string[] => {
  const publishing = { ports: allWanted(typed.map(parsePublish), [], false), holders: '/run/ports', container: { id: 'c1', name: 'web' }, free: () => span(32768, 60999) };
  return networkRecords(publishing, attachments, { servers: [], from: 'host', ndots: false }, () => '/up').map((record) => record.join(' ')).filter((line) => /^(publish|port-)/.test(line));
};

test('the helpers are told first what has no choice, and where it leads to', () => {
  const pool = (subnet: string, family: 4 | 6) => ({ family, subnet, auxiliary: {} });
  const front = network('front', { pools: [pool('10.5.0.0/24', 4), pool('fd05::/64', 6)] });
  const back = network('back', { internal: true, pools: [pool('10.6.0.0/24', 4)] });
  assert.equal(recordsFor([], at(front)), []);
  assert.equal(recordsFor(['80', '8000-8010:81', '[::1]:8080:82/udp', '9000:83'], at(back), at(front, { ipv6: { address: 'fd05::2', prefix: 64, gateway: 'fd05::1' } })), [
    'publish udp 8080 8080 82 ::1',
    'publish tcp 9000 9000 83 0.0.0.0 ?::',
    'publish tcp 32768 60999 80 0.0.0.0 ?::',
    'publish tcp 8000 8010 81 0.0.0.0 ?::',
    'port-target 10.5.0.2 10.5.0.1 10.6.0.0/24 10.5.0.0/24',
    'port-target fd05::2 fd05::1 fd05::/64',
    'port-holders /run/ports c1 web',
  ]);
  assert.equal(recordsFor(['9000:83'], at(back)), ['publish tcp 9000 9000 83 0.0.0.0 ?::', 'port-holders /run/ports c1 web'], 'nothing leads into an internal network');
});

test.run();
