/**
 * The two-tier exercise: a web application finds `redis` by name, its data survive in a volume, a second instance on a second network has its
 * own `redis` by alias and then shares the first one's data read-only.
 * @one-driver
 * @image programs
 * @time-limit 600
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, output, removeAll, scratch, skiff, testImages } from './skiff.ts';

/** The application: a page that counts its visitors in `redis`, and says what it was told when that is not possible. */
const page = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
case "$QUERY_STRING" in
  read) redis-cli -h redis get visitors 2>&1 ;;
  *) redis-cli -h redis incr visitors 2>&1 ;;
esac
`;

const site = scratch();

test.before(() => {
  mkdirSync(join(site, 'cgi-bin'), { mode: 0o755 });
  writeFileSync(join(site, 'cgi-bin/visit'), page, { mode: 0o755 });
  output(['import', join(testImages, 'programs.tar'), 'programs']);
});
test.after(() => {
  removeAll();
  skiff(['network', 'rm', 'tier-one', 'tier-two']);
  skiff(['volume', 'rm', 'redis-data', 'other-data']);
});

const redis = (name: string, network: string, flags: readonly string[], words: readonly string[] = []): void =>
  void output(['run', '-d', '--name', name, '--net', network, ...flags, 'programs', 'redis-server', '--dir', '/data', '--bind', '0.0.0.0', '--protected-mode', 'no', ...words]);

/** The application with a published port: its address from outside. */
const web = async (name: string, network: string): Promise<string> => {
  output(['run', '-d', '--name', name, '--network', network, '-p', '127.0.0.1::80', '-v', `${site}:/srv:ro`, 'programs', 'busybox', 'httpd', '-f', '-p', '80', '-h', '/srv']);
  const port = output(['inspect', '--format', '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', name]).trim();
  const outside = `http://127.0.0.1:${port}`;
  await eventually(`${name} answers`, async () => (await fetch(outside).catch(() => undefined)) !== undefined);
  return `${outside}/cgi-bin/visit`;
};

const get = async (address: string): Promise<string> => (await (await fetch(address)).text()).trim();

const answers = (name: string): Promise<void> => eventually(`${name} answers`, () => skiff(['exec', name, 'redis-cli', 'ping']).stdout === 'PONG\n', 60000);

let first = '';
let second = '';

test('the application finds redis by name, and is reached by a published port', async () => {
  output(['network', 'create', 'tier-one']);
  output(['volume', 'create', 'redis-data']);
  redis('redis', 'tier-one', ['-v', 'redis-data:/data']);
  await answers('redis');
  first = await web('web', 'tier-one');
  assert.is(await get(first), '1');
  assert.is(await get(first), '2');
  assert.match(output(['exec', 'web', 'busybox', 'nslookup', 'redis', '127.0.0.11']), /Server:\s+127\.0\.0\.11/);
});

test('the data survive in their volume when redis is removed and made anew', async () => {
  output(['stop', 'redis']);
  output(['rm', 'redis']);
  assert.match(await get(first), /Could not connect|Name or service not known|Temporary failure/);
  redis('redis', 'tier-one', ['-v', 'redis-data:/data']);
  await answers('redis');
  assert.is(await get(first), '3');
});

test('a second instance on a second network has its own redis by alias, sealed from the first', async () => {
  output(['network', 'create', 'tier-two']);
  redis('other-redis', 'tier-two', ['--network-alias', 'redis', '-v', 'other-data:/data']);
  await answers('other-redis');
  second = await web('other-web', 'tier-two');
  assert.is(await get(second), '1');
  assert.is(await get(first), '4');
  const address = output(['inspect', '--format', '{{(index .NetworkSettings.Networks "tier-one").IPAddress}}', 'redis']).trim();
  assert.is.not(skiff(['exec', 'other-web', 'timeout', '5', 'redis-cli', '-h', address, 'ping']).stdout, 'PONG\n');
});

test('then it shares the first one’s data, read-only', async () => {
  output(['exec', 'redis', 'redis-cli', 'save']);
  output(['rm', '-f', 'other-redis']);
  redis('reader', 'tier-two', ['--net-alias', 'redis', '--volumes-from', 'redis:ro'], ['--save', '']);
  await answers('reader');
  assert.is(await get(`${second}?read`), '4');
  assert.match(skiff(['exec', 'reader', 'sh', '-c', 'echo x > /data/mine']).stderr, /Read-only file system/);
  assert.is(await get(first), '5', 'the first one goes on writing');
});

test.run();
