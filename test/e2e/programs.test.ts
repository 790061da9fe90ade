/**
 * Programs that people run, through what people do with them: redis, nginx, postgres and Debian itself. Their data outlive a stop, a start and
 * a restart, they end by themselves when asked to, and what was changed in them becomes an image.
 * @one-driver
 * @image programs
 * @time-limit 600
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, output, removeAll, scratch, skiff, testImages } from './skiff.ts';

test.before(() => void output(['import', join(testImages, 'programs.tar'), 'programs']));
test.after.each(removeAll);

const state = (name: string): string => output(['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', name]).trim();

/** Waits until a command in the container succeeds, as an orchestrator's probe would. */
const ready = (name: string, ...probe: readonly string[]): Promise<void> => eventually(`${name} answers`, () => skiff(['exec', name, ...probe]).status === 0, 60000);

const isUp = (name: string): boolean => output(['ps', '--format', '{{.Names}}']).split('\n').includes(name);

test('redis: pings, keeps what was appended over a stop and a restart, saves when it is stopped', async () => {
  output(['run', '-d', '--network', 'none', '--name', 'redis', 'programs', 'redis-server', '--dir', '/var/lib/redis', '--appendonly', 'yes']);
  const cli = (...words: readonly string[]): string => output(['exec', 'redis', 'redis-cli', ...words]);
  await ready('redis', 'redis-cli', 'ping');
  assert.is(cli('ping'), 'PONG\n');
  assert.is(cli('set', 'colour', 'red'), 'OK\n');
  assert.match(output(['logs', 'redis']), /Ready to accept connections/);
  assert.match(output(['top', 'redis', '-eo', 'pid,args']), /redis-server \*:6379/);
  assert.match(output(['stats', '--no-stream', '--format', '{{.Name}} {{.PIDs}} {{.MemUsage}}', 'redis']), /^redis [1-9]\d* [1-9][\d.]*MiB \/ /);
  output(['stop', 'redis']);
  assert.is(state('redis'), 'exited 0');
  assert.match(output(['logs', '--tail', '5', 'redis']), /bye bye/);
  output(['start', 'redis']);
  await ready('redis', 'redis-cli', 'ping');
  assert.is(cli('get', 'colour'), 'red\n');
  cli('set', 'colour', 'blue');
  output(['restart', 'redis']);
  await ready('redis', 'redis-cli', 'ping');
  assert.is(cli('get', 'colour'), 'blue\n');
  output(['pause', 'redis']);
  assert.match(output(['ps', '--format', '{{.Status}}']), /\(Paused\)$/m);
  output(['unpause', 'redis']);
  assert.is(cli('ping'), 'PONG\n');
});

test('nginx: serves a site that was copied in, takes a new configuration by a signal, and is committed with it', async () => {
  output(['run', '-d', '--network', 'none', '--name', 'web', 'programs', 'nginx', '-g', 'daemon off;']);
  const get = (path: string, port = 80): string => output(['exec', 'web', 'busybox', 'wget', '-qO-', `http://127.0.0.1:${port}${path}`]);
  await ready('web', 'busybox', 'wget', '-qO', '/dev/null', 'http://127.0.0.1/');
  assert.match(skiff(['exec', 'web', 'nginx', '-t']).stderr, /test is successful/);
  assert.match(get('/'), /Welcome to nginx/);
  const place = scratch();
  writeFileSync(join(place, 'page.html'), '<p>copied in</p>\n', { mode: 0o644 });
  writeFileSync(join(place, 'second.conf'), 'server { listen 8080; location / { return 200 "second\\n"; } }\n', { mode: 0o644 });
  output(['cp', join(place, 'page.html'), 'web:/var/www/html/page.html']);
  output(['cp', join(place, 'second.conf'), 'web:/etc/nginx/conf.d/']);
  assert.is(get('/page.html'), '<p>copied in</p>\n');
  output(['kill', '-s', 'HUP', 'web']);
  await ready('web', 'busybox', 'wget', '-qO', '/dev/null', 'http://127.0.0.1:8080/');
  assert.is(get('/', 8080), 'second\n');
  const changes = output(['diff', 'web']).split('\n');
  for (const line of ['A /var/www/html/page.html', 'A /etc/nginx/conf.d/second.conf', 'C /etc/nginx', 'A /run/nginx.pid']) assert.ok(changes.includes(line), line);
  output(['commit', '-c', 'CMD ["nginx", "-g", "daemon off;"]', '-c', 'EXPOSE 80', 'web', 'site']);
  output(['stop', 'web']);
  assert.is(state('web'), 'exited 0');
  output(['run', '-d', '--network', 'none', '--name', 'copy', 'site']);
  await ready('copy', 'busybox', 'wget', '-qO', '/dev/null', 'http://127.0.0.1:8080/');
  assert.is(output(['exec', 'copy', 'busybox', 'wget', '-qO-', 'http://127.0.0.1/page.html']), '<p>copied in</p>\n');
  output(['cp', 'copy:/var/log/nginx/access.log', join(place, 'log')]);
  assert.is(output(['exec', '-u', 'www-data', 'copy', 'id', '-un']), 'www-data\n');
});

const postgres = 'PATH=$PATH:/usr/lib/postgresql/15/bin; test -s "$PGDATA/PG_VERSION" || initdb --auth=trust --no-sync > /dev/null || exit 1; exec postgres -k /tmp -c listen_addresses= -c max_connections=10';

test('postgres: as its own user, a clean shutdown, and its tables afterwards', async () => {
  output(['run', '-d', '--network', 'none', '--name', 'db', '--user', 'postgres', '--shm-size', '128m', '-e', 'PGDATA=/var/lib/postgresql/data', 'programs', 'sh', '-c', postgres]);
  const sql = (text: string): string => output(['exec', 'db', 'psql', '-h', '/tmp', '-Atc', text, 'postgres']);
  await ready('db', 'psql', '-h', '/tmp', '-c', 'select 1', 'postgres');
  sql('create table numbers as select generate_series(1, 1000) as n');
  assert.is(sql('select sum(n) from numbers'), '500500\n');
  assert.is(output(['exec', 'db', 'id', '-un']), 'postgres\n');
  assert.ok(output(['top', 'db', '-eo', 'pid,args']).split('\n').filter((line) => line.includes('postgres')).length >= 5);
  output(['stop', 'db']);
  assert.is(state('db'), 'exited 0');
  assert.match(skiff(['logs', '--tail', '3', 'db']).stderr, /database system is shut down/);
  output(['start', 'db']);
  await ready('db', 'psql', '-h', '/tmp', '-c', 'select 1', 'postgres');
  assert.is(sql('select sum(n) from numbers'), '500500\n');
  // Without a shutdown it must recover from what it had written.
  sql('insert into numbers values (1001)');
  output(['kill', 'db']);
  assert.is(state('db'), 'exited 137');
  output(['start', 'db']);
  await ready('db', 'psql', '-h', '/tmp', '-c', 'select 1', 'postgres');
  assert.is(sql('select max(n) from numbers'), '1001\n');
  assert.match(skiff(['logs', 'db']).stderr, /automatic recovery in progress/);
  assert.ok(isUp('db'));
});

test('Debian: several users, a package, a script that was copied in, and an archive of the result', () => {
  output(['run', '-d', '--network', 'none', '--name', 'box', 'programs', 'sleep', 'infinity']);
  output(['exec', 'box', 'useradd', '-m', 'somebody']);
  output(['cp', '-', 'box:/home/somebody'], { input: skiff(['cp', 'box:/usr/lib/os-release', '-']).bytes });
  assert.match(output(['exec', '-u', 'somebody', '-w', '/home/somebody', 'box', 'cat', 'os-release']), /^PRETTY_NAME="Debian GNU\/Linux 12/);
  output(['exec', 'box', 'dpkg', '--remove', '--force-all', 'nginx-light']);
  const changes = output(['diff', 'box']).split('\n');
  for (const line of ['A /home/somebody', 'C /etc/passwd', 'C /var/lib/dpkg']) assert.ok(changes.includes(line), line);
  output(['stop', '-t', '0', 'box']);
  output(['start', 'box']);
  assert.is(output(['exec', 'box', 'su', '-', 'somebody', '-c', 'id -un']), 'somebody\n');
  output(['commit', 'box', 'changed']);
  assert.is(output(['run', '--rm', '--network', 'none', '-u', 'somebody', 'changed', 'sh', '-c', 'echo $HOME']), '/home/somebody\n');
});

test.run();
