/** What `skiff port` shows of a container's published ports. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allPorts, portAddresses } from '../../src/core/published-ports.ts';
import type { PortMap } from '../../src/core/published-ports.ts';

const at = (HostIp: string, HostPort: string) => ({ HostIp, HostPort });
const ports: PortMap = new Map([
  ['443/tcp', [at('0.0.0.0', '8443'), at('::', '8443')]],
  ['80/tcp', [at('127.0.0.1', '10080'), at('127.0.0.1', '9080'), at('2001:db8::1', '80')]],
  ['53/udp', [at('10.0.0.1', '53')]],
  ['9000/tcp', null],
  ['9001/tcp', []],
]);

test('all ports, by their numbers, with addresses of both kinds', () => {
  assert.equal(allPorts(ports), [
    '53/udp -> 10.0.0.1:53',
    '80/tcp -> 127.0.0.1:9080',
    '80/tcp -> 127.0.0.1:10080',
    '80/tcp -> [2001:db8::1]:80',
    '443/tcp -> 0.0.0.0:8443',
    '443/tcp -> [::]:8443',
  ]);
  assert.equal(allPorts(new Map()), []);
});

test('one port, with a protocol or without', () => {
  assert.equal(portAddresses(ports, '80', 'web'), ['127.0.0.1:9080', '127.0.0.1:10080', '[2001:db8::1]:80']);
  assert.equal(portAddresses(ports, '443/TCP', 'web'), ['0.0.0.0:8443', '[::]:8443']);
  assert.equal(portAddresses(ports, '53/udp', 'web'), ['10.0.0.1:53']);
});

test('a port that is not published, or only exposed, in Docker’s words', () => {
  for (const [word, port] of [['53', '53/tcp'], ['9000', '9000/tcp'], ['9001/tcp', '9001/tcp'], ['80/udp', '80/udp']] as const) {
    assert.throws(() => portAddresses(ports, word, 'web'), new RegExp(`^no public port '${port}' published for web$`), word);
  }
});

test('what is no port', () => {
  for (const word of ['http', '65536', '-1', '80/tcp/udp', '80/icmp', '', '8 0', '1e2']) assert.throws(() => portAddresses(ports, word, 'web'), /^invalid port/, word);
  assert.equal(portAddresses(ports, '80/', 'web').length, 3);
});

test.run();
