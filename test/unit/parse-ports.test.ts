/** Ports and streams as they are typed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { imagePorts, parseExpose, portNames, readPortRange } from '../../src/core/ports.ts';
import { parseStreams } from '../../src/core/streams.ts';
import { assertProblem, value } from '../spec-host.ts';

test('--expose: a port or a range, with a protocol in any case', () => {
  assert.equal(value(parseExpose('80')), { first: 80, last: 80, protocol: 'tcp' });
  assert.equal(value(parseExpose('53/UDP')), { first: 53, last: 53, protocol: 'udp' });
  assert.equal(value(parseExpose('8000-8010/sctp')), { first: 8000, last: 8010, protocol: 'sctp' });
  for (const text of ['', 'http', '80:80', '80/icmp', '9-8', '65536', '1-65536', '-1', '80/', '8 0', '123456']) assertProblem(parseExpose(text), 'Usage', `'${text}'`);
});

test('ports of image and flags are each there once, in order', () => {
  const ports = [...imagePorts({ '443/tcp': {}, '80': {}, 'x/tcp': {}, '80/tcp/udp': {}, '99999/tcp': {} }), value(parseExpose('79-81')), value(parseExpose('80/udp'))];
  assert.equal(portNames(ports), ['79/tcp', '80/tcp', '80/udp', '81/tcp', '443/tcp']);
  assert.is(readPortRange('80\n'), undefined);
});

const streams = (typed: readonly string[], interactive = false, detached = false): string =>
  Object.entries(value(parseStreams(typed, interactive, detached))).flatMap(([name, on]) => (on ? [name] : [])).join(' ');

test('--attach with -i and -d', () => {
  assert.is(streams([]), 'stdout stderr');
  assert.is(streams([], true), 'stdin stdout stderr');
  assert.is(streams(['STDERR']), 'stderr');
  assert.is(streams(['stdout'], true), 'stdin stdout');
  assert.is(streams(['stdin', 'stdout', 'stdin']), 'stdin stdout');
  assert.is(streams([], true, true), '');
  assertProblem(parseStreams(['stdout'], false, true), 'Usage', 'cannot specify both --attach and --detach');
  assertProblem(parseStreams(['stdout', 'output'], false, false), 'Usage', "'output'");
});

test.run();
