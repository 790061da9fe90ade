import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { linkEnvironment } from '../../src/core/link-environment.ts';
import { assertProblem, fakeHost, run, tryRun } from '../spec-host.ts';

const lines = (ports: readonly string[], environment: readonly string[] = [], link = '/web/db') => linkEnvironment({ link, address: '172.17.0.5', ports, environment });

test('a link tells of each port, and of the first one', () => {
  assert.equal(lines(['5432/tcp']), [
    'DB_PORT=tcp://172.17.0.5:5432',
    'DB_PORT_5432_TCP=tcp://172.17.0.5:5432',
    'DB_PORT_5432_TCP_ADDR=172.17.0.5',
    'DB_PORT_5432_TCP_PORT=5432',
    'DB_PORT_5432_TCP_PROTO=tcp',
    'DB_NAME=/web/db',
  ]);
  assert.equal(lines([], [], '/web/my-data-base'), ['MY_DATA_BASE_NAME=/web/my-data-base']);
});

test('TCP comes first, whatever the numbers', () => {
  const names = lines(['53/udp', '80/tcp', '9/sctp']).filter((line) => /_PROTO=/.test(line));
  assert.equal(names, ['DB_PORT_80_TCP_PROTO=tcp', 'DB_PORT_9_SCTP_PROTO=sctp', 'DB_PORT_53_UDP_PROTO=udp']);
  assert.is(lines(['53/udp', '80/tcp'])[0], 'DB_PORT=tcp://172.17.0.5:80');
});

test('ports that follow each other are a range besides', () => {
  const ranges = lines(['8000/tcp', '8001/tcp', '8002/udp', '90/tcp', '91/tcp']).filter((line) => /_(START|END)=/.test(line));
  assert.equal(ranges, [
    'DB_PORT_90_TCP_START=tcp://172.17.0.5:90', 'DB_PORT_90_TCP_PORT_START=90', 'DB_PORT_90_TCP_END=tcp://172.17.0.5:91', 'DB_PORT_90_TCP_PORT_END=91',
    'DB_PORT_8000_TCP_START=tcp://172.17.0.5:8000', 'DB_PORT_8000_TCP_PORT_START=8000', 'DB_PORT_8000_TCP_END=tcp://172.17.0.5:8001', 'DB_PORT_8000_TCP_PORT_END=8001',
  ]);
});

test('its environment is told but for what every container has', () => {
  assert.equal(lines([], ['PATH=/bin', 'HOME=/root', 'A=b=c', 'EMPTY=', 'odd']), ['DB_NAME=/web/db', 'DB_ENV_A=b=c', 'DB_ENV_EMPTY=']);
});

test('a link is a wish for the first network, the default one as well', () => {
  const web = fakeHost().findContainer('web');
  if (web === undefined) throw new Error('the fake host has no container web');
  const host = fakeHost({ findContainer: (name) => (name === 'web' ? web : { ...web, name, networkOwner: 'c'.repeat(64) }) });
  const { skiff, warnings } = run({ link: ['web:shop', '/db'] }, host);
  assert.equal(skiff.networks?.[0]?.links, [{ target: 'a'.repeat(12), alias: 'shop' }, { target: 'c'.repeat(12), alias: 'db' }], 'of one that shares a network, whose it is');
  assert.ok(warnings.some((line) => line.startsWith('--link is deprecated')));
  assertProblem(tryRun({ link: ['db'] }), 'Usage', "host type networking can't be used with links");
  assertProblem(tryRun({ link: ['nobody'] }), 'NotFound', 'nobody');
  assertProblem(tryRun({ link: [':x'] }), 'Usage', 'bad format for links');
});

test.run();
