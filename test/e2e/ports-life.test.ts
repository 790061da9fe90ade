/**
 * Published ports through the life of a container: stop, start, pause, restarts by policy, other networks while it runs, a carrier that is killed, twenty
 * at once; and free again at once when it goes.
 * @one-driver
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerDirectories, eventually, importBusybox, output, removeAll, skiff, skiffCommand } from './skiff.ts';
import { fate, freePort, page } from './sockets.ts';
import { killNow, processesCalled } from './traces.ts';

test.before(() => {
  importBusybox();
  for (const [name, subnet, ...flags] of [['front', '10.86.0.0/24'], ['back', '10.87.0.0/24'], ['closed', '10.88.0.0/24', '--internal']] as const) output(['network', 'create', '--subnet', subnet, ...flags, name]);
});
test.after.each(removeAll);
test.after(() => void skiff(['network', 'rm', 'front', 'back', 'closed']));

const site = 'mkdir -p /www; hostname > /www/index.html; exec httpd -f -p 80 -h /www';
const run = (name: string, port: number | string, network = 'front', ...flags: readonly string[]): void =>
  void output(['run', '-d', '--name', name, '--hostname', name, '--network', network, '-p', `${port}:80`, ...flags, 'busybox', 'sh', '-c', site]);
const reach = (port: number): Promise<string> => fate({ host: '127.0.0.1', port, say: 'GET / HTTP/1.0\r\n\r\n' });

/** Waits until the container that is called so answers at the port. */
const serves = async (port: number, name: string): Promise<void> => {
  for (const end = Date.now() + 20000; ; ) {
    const text = await page({ host: '127.0.0.1', port }).catch(String);
    if (text.endsWith(`\n${name}\n`)) return;
    if (Date.now() > end) throw new Error(`port ${port} does not lead to ${name}: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const shown = (name: string): string => output(['ps', '-a', '--filter', `name=${name}`, '--format', '{{.Ports}}']).trim();
const both = (port: number): string => `0.0.0.0:${port}->80/tcp, [::]:${port}->80/tcp`;
/** Names of containers of which a file says that they have ports; the directory goes with the last. */
const notes = (): readonly string[] => {
  const place = join(process.env['XDG_RUNTIME_DIR'] ?? '', 'skiff/ports');
  return existsSync(place) ? readdirSync(place).map((id) => readFileSync(join(place, id), 'utf8').split('\n')[0] ?? '').sort() : [];
};

test('stop closes the port, start opens it again, and rm leaves it free at once', async () => {
  const port = await freePort();
  run('web', port);
  await serves(port, 'web');
  assert.equal(notes(), ['web']);
  output(['stop', '-t', '0', 'web']);
  assert.equal([await reach(port), notes()], ['ECONNREFUSED', []]);
  output(['start', 'web']);
  await serves(port, 'web');
  output(['restart', '-t', '0', 'web']);
  await serves(port, 'web');
  for (let time = 0; time < 5; time++) {
    output(['rm', '-f', 'web']);
    assert.is(await reach(port), 'ECONNREFUSED');
    run('web', port);
  }
  await serves(port, 'web');
});

test('a paused container does not answer, and does as soon as it goes on', async () => {
  const port = await freePort();
  run('web', port);
  await serves(port, 'web');
  output(['pause', 'web']);
  const waiting = page({ host: '127.0.0.1', port });
  assert.is(shown('web'), both(port));
  output(['unpause', 'web']);
  assert.match(await waiting, /\nweb\n$/);
});

const mortal = 'mkdir -p /www; hostname > /www/index.html; httpd -p 80 -h /www; until rm /die; do sleep 0.05; done 2>/dev/null; exit 1';

test('a restart policy: the port is there with each run', async () => {
  const port = await freePort();
  output(['run', '-d', '--name', 'again', '--hostname', 'again', '--network', 'front', '-p', `${port}:80`, '--restart', 'always', 'busybox', 'sh', '-c', mortal]);
  await serves(port, 'again');
  for (let time = 1; time <= 3; time++) {
    output(['exec', 'again', 'touch', '/die']);
    await eventually('it has run again', () => output(['inspect', '--format', '{{.RestartCount}} {{.State.Running}} {{.State.Restarting}}', 'again']) === `${time} true false\n`);
    await serves(port, 'again');
    assert.is(shown('again'), both(port));
  }
});

const carriers = () => processesCalled('skiff-port');

test('a carrier that is killed comes back with the same ports, eight times in a row', async () => {
  run('web', '', 'front', '-p', '81/udp');
  const ports = output(['port', 'web']);
  const port = Number(/80\/tcp -> 0\.0\.0\.0:(\d+)/.exec(ports)?.[1]);
  await serves(port, 'web');
  for (let time = 0; time < 8; time++) {
    const [before, ...more] = carriers();
    assert.ok(before !== undefined && more.length === 0);
    killNow(before.pid);
    await eventually('there is another one', () => carriers().some(({ pid }) => pid !== before.pid));
    await serves(port, 'web');
    assert.is(output(['port', 'web']), ports);
  }
  output(['rm', '-f', 'web']);
  assert.equal([carriers(), notes(), await reach(port)], [[], [], 'ECONNREFUSED']);
});

test('one that is killed again and again while it begins is given up, and nothing is said to be open', async () => {
  const port = await freePort();
  run('web', port);
  await serves(port, 'web');
  await eventually('it is given up', () => {
    for (const { pid } of carriers()) killNow(pid);
    return shown('web') === '80/tcp';
  }, 60000);
  assert.equal([await reach(port), output(['inspect', '--format', '{{.State.Running}} {{json .NetworkSettings.Ports}}', 'web'])], ['ECONNREFUSED', 'true {"80/tcp":null}\n']);
  output(['restart', '-t', '0', 'web']);
  await serves(port, 'web');
  assert.is(shown('web'), both(port));
});

test('a monitor that is killed takes the ports along, and the next command clears up', async () => {
  const port = await freePort();
  run('web', port);
  await serves(port, 'web');
  killNow(Number((JSON.parse(readFileSync(join(containerDirectories()[0] ?? '', 'state.json'), 'utf8')) as { readonly monitorPid: number }).monitorPid));
  await eventually('it is gone', () => output(['ps', '-a', '--format', '{{.State}}{{.Ports}}']) === 'exited\n');
  assert.equal([await reach(port), notes(), carriers()], ['ECONNREFUSED', [], []]);
  output(['start', 'web']);
  await serves(port, 'web');
});

test('a port leads to another network as soon as the container is there only, and nowhere without one', async () => {
  const port = await freePort();
  run('web', port);
  await serves(port, 'web');
  output(['network', 'connect', 'back', 'web']);
  await serves(port, 'web');
  output(['network', 'disconnect', 'front', 'web']);
  await serves(port, 'web');
  output(['network', 'disconnect', 'back', 'web']);
  assert.equal([await reach(port), shown('web'), notes()], ['ECONNREFUSED', '80/tcp', []]);
  output(['network', 'connect', 'closed', 'web']);
  assert.equal([await reach(port), shown('web')], ['ECONNREFUSED', '80/tcp'], 'nobody is led into an internal network');
  output(['network', 'connect', 'front', 'web']);
  await serves(port, 'web');
  assert.is(shown('web'), both(port));
  output(['restart', '-t', '0', 'web']);
  await serves(port, 'web');
});

test('a network that would bring a port that is taken is not joined', async () => {
  const port = await freePort();
  const begun = skiff(['run', '-d', '--name', 'inner', '--hostname', 'inner', '--network', 'closed', '-p', `${port}:80`, 'busybox', 'sh', '-c', site]);
  assert.equal([begun.stdout.length, begun.stderr], [65, "skiff: warning: no published port leads to this container: network closed (internal) can be reached from no host; add a bridge with 'skiff network connect bridge inner'\n"]);
  assert.is(shown('inner'), '80/tcp');
  run('outer', port);
  await serves(port, 'outer');
  const { status, stderr } = skiff(['network', 'connect', 'front', 'inner']);
  assert.is(status, 1, stderr);
  assert.match(stderr, new RegExp(`^skiff: .*cannot publish port 0\\.0\\.0\\.0:${port}/tcp: it is in use by container outer;[^\\n]*\\n$`));
  assert.is(output(['inspect', '--format', '{{range $name, $at := .NetworkSettings.Networks}}{{$name}} {{end}}', 'inner']), 'closed \n');
  output(['rm', '-f', 'outer']);
  output(['network', 'connect', 'front', 'inner']);
  await serves(port, 'inner');
});

test('twenty at once with -P have forty ports of their own', async () => {
  const start = (number: number): Promise<number | null> =>
    new Promise((resolve) => {
      const [program, ...words] = [...skiffCommand, 'run', '-d', '--name', `c${number}`, '--hostname', `c${number}`, '--network', 'front', '-P', '--expose', '80', '--expose', '53/udp', 'busybox', 'sh', '-c', site] as const;
      spawn(program, words, { stdio: ['ignore', 'ignore', 'inherit'] }).on('close', resolve);
    });
  const numbers = Array.from({ length: 20 }, (_, number) => number);
  assert.equal(await Promise.all(numbers.map(start)), numbers.map(() => 0));
  const taken = numbers.map((number) => output(['port', `c${number}`, '80']).split('\n'));
  assert.is(new Set(taken.map(([first]) => first)).size, 20);
  assert.is(new Set(numbers.map((number) => output(['port', `c${number}`, '53/udp']).split('\n')[0])).size, 20);
  for (const number of numbers) await serves(Number(taken[number]?.[0]?.split(':')[1]), `c${number}`);
  removeAll();
  assert.equal([carriers(), notes()], [[], []]);
});

test.run();
