/**
 * Published ports as `ps`, `port` and `inspect` show them, and what cannot be published: conflicts with the name of whoever has the port, low ports with the
 * setting that opens them, other networks.
 * @one-driver
 */
import { createServer } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerDirectories, importBusybox, leftovers, loadImage, output, removeAll, skiff } from './skiff.ts';
import { fate, freePort } from './sockets.ts';
import { readFileSync } from 'node:fs';

test.before(() => {
  importBusybox();
  loadImage('exposing', { Cmd: ['sleep', '1000'], ExposedPorts: { '80/tcp': {}, '53/udp': {}, '8000/tcp': {} } });
  output(['network', 'create', '--subnet', '10.85.0.0/24', 'front']);
});
test.after.each(removeAll);
test.after(() => void skiff(['network', 'rm', 'front']));

const run = (name: string, ...flags: readonly string[]): void => void output(['run', '-d', '--name', name, '--network', 'front', ...flags, 'busybox', 'sleep', '1000']);
const portsOf = (name: string): string => output(['ps', '--filter', `name=${name}`, '--format', '{{.Ports}}']).trim();
const inspected = (name: string, template: string): string => output(['inspect', '--format', template, name]).trim();

/** So many free ports beside each other, of TCP. */
const freeRange = async (length: number): Promise<number> => {
  for (let tries = 0; tries < 50; tries++) {
    const first = 20000 + Math.floor(Math.random() * 10000);
    const states = await Promise.all(Array.from({ length }, (_, offset) => fate({ host: '127.0.0.1', port: first + offset })));
    if (states.every((state) => state === 'ECONNREFUSED')) return first;
  }
  throw new Error('there are no free ports');
};

test('a chosen port, in all places that show it', async () => {
  const port = await freePort();
  run('web', '-p', `${port}:80`, '--expose', '443');
  assert.is(portsOf('web'), `443/tcp, 0.0.0.0:${port}->80/tcp, [::]:${port}->80/tcp`);
  assert.is(output(['port', 'web']), `80/tcp -> 0.0.0.0:${port}\n80/tcp -> [::]:${port}\n`);
  assert.is(output(['port', 'web', '80']), `0.0.0.0:${port}\n[::]:${port}\n`);
  assert.is(output(['container', 'port', 'web', '80/tcp']), `0.0.0.0:${port}\n[::]:${port}\n`);
  assert.equal([skiff(['port', 'web', '80/udp']).stderr, skiff(['port', 'web', '443']).status], ["skiff: no public port '80/udp' published for web\n", 1]);
  assert.is(inspected('web', '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}'), `${port}`);
  assert.is(inspected('web', '{{json .NetworkSettings.Ports}}'), `{"443/tcp":null,"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"${port}"},{"HostIp":"::","HostPort":"${port}"}]}`);
  assert.is(inspected('web', '{{json .HostConfig.PortBindings}} {{.HostConfig.PublishAllPorts}} {{json .Config.ExposedPorts}}'), `{"80/tcp":[{"HostIp":"","HostPort":"${port}"}]} false {"443/tcp":{},"80/tcp":{}}`);
  output(['stop', '-t', '0', 'web']);
  assert.equal([output(['ps', '-a', '--format', '{{.Ports}}']), inspected('web', '{{json .NetworkSettings.Ports}}'), output(['port', 'web'])], ['\n', '{}', '']);
  assert.is(inspected('web', '{{json .HostConfig.PortBindings}}'), `{"80/tcp":[{"HostIp":"","HostPort":"${port}"}]}`);
});

test('ranges, one port of a range, protocols, the long form', async () => {
  const first = await freeRange(8);
  run('many', '-p', `${first}-${first + 2}:80-82`, '-p', `127.0.0.1:${first + 3}:53/udp`, '-p', `published=127.0.0.1:${first + 3},target=53,protocol=tcp`, '-p', `127.0.0.1:${first + 4}-${first + 7}:99`);
  assert.is(
    portsOf('many'),
    [`127.0.0.1:${first + 3}->53/tcp`, `127.0.0.1:${first + 3}->53/udp`, ...[80, 81, 82].flatMap((port) => [`0.0.0.0:${first + port - 80}->${port}/tcp`, `[::]:${first + port - 80}->${port}/tcp`]), `127.0.0.1:${first + 4}->99/tcp`].join(', '),
  );
  run('next', '-p', `127.0.0.1:${first + 4}-${first + 7}:99`);
  assert.is(output(['port', 'next', '99']), `127.0.0.1:${first + 5}\n`, 'the first of the range is taken');
  assert.match(readFileSync(`${containerDirectories().find((path) => readFileSync(`${path}/spec.json`, 'utf8').includes('"name":"many"'))}/state.json`, 'utf8'), new RegExp(`"tcp 0\\.0\\.0\\.0 ${first} ${first + 2} 80","tcp :: ${first} ${first + 2} 80"`));
});

const chosen = (name: string, port: string): number => Number(/:(\d+)\n/.exec(output(['port', name, port]))?.[1]);

test('random ports, from 32768 up, for -p without one and -P; the same for both families, and others after a start if they are taken', () => {
  run('any', '-p', '80', '-p', '127.0.0.1::81');
  const port = chosen('any', '80');
  assert.ok(port >= 32768, `${port}`);
  assert.is(output(['port', 'any', '80']), `0.0.0.0:${port}\n[::]:${port}\n`);
  assert.is.not(chosen('any', '81'), port);
  output(['run', '-d', '--name', 'all', '--network', 'front', '-P', '--expose', '9000-9001', 'exposing']);
  assert.match(portsOf('all'), /^0\.0\.0\.0:(\d+)->53\/udp, \[::\]:\1->53\/udp, 0\.0\.0\.0:(\d+)->80\/tcp, .*->8000\/tcp, .*->9000\/tcp, .*->9001\/tcp$/);
  assert.is(inspected('all', '{{.HostConfig.PublishAllPorts}} {{json .HostConfig.PortBindings}}'), 'true {}');
  assert.is(new Set([80, 8000, 9000, 9001].map((inner) => chosen('all', `${inner}`))).size, 4);
  output(['create', '--name', 'none', '--network', 'front', 'exposing']);
  output(['start', 'none']);
  assert.is(portsOf('none'), '80/tcp, 53/udp, 8000/tcp');
});

test('ps --filter publish is for ports of the host, expose for those of the container, as in Docker', async () => {
  const first = await freeRange(3);
  run('one', '-p', '80', '-p', `${first}-${first + 2}:8080-8082`);
  run('two', '-p', '53/udp', '--expose', '80');
  output(['create', '--name', 'three', '--network', 'front', '-p', '80', 'busybox', 'true']);
  const names = (...filters: readonly string[]): readonly string[] => output(['ps', '-a', '--format', '{{.Names}}', ...filters.flatMap((filter) => ['-f', filter])]).split('\n').slice(0, -1).sort();
  assert.equal([names('publish=80'), names(`publish=${first}/udp`), names(`publish=${first + 2}`), names(`publish=${first - 9}-${first}`), names(`publish=${chosen('two', '53/udp')}/udp`)], [[], [], ['one'], ['one'], ['two']]);
  assert.equal([names('expose=80'), names('expose=8081'), names('expose=53/udp'), names(`publish=${first}`, 'expose=53/udp')], [['one', 'two'], ['one'], ['two'], ['one', 'two']]);
});

/** The one line that the failure says; nothing of the container is left, and no port of it is open. */
const refusal = (code: number, ...flags: readonly string[]): string => {
  const before = leftovers().length;
  const { status, stdout, stderr } = skiff(['run', '-d', '--network', 'front', ...flags, 'busybox', 'sleep', '1000']);
  assert.equal([status, stdout], [code, ''], stderr);
  assert.match(stderr, /^skiff: [^\n]+\n$/);
  assert.is(leftovers().length, before);
  return stderr;
};

test('a port that is taken: by which container, whatever address it has it on, or by another program', async () => {
  const port = await freePort();
  run('holder', '-p', `${port}:80`);
  const taken = `is in use by container holder; choose another one, or stop that`;
  assert.is(refusal(125, '-p', `${port}:81`), `skiff: cannot publish port 0.0.0.0:${port}/tcp: it ${taken}\n`);
  assert.is(refusal(125, '-p', `127.0.0.1:${port}:81`), `skiff: cannot publish port 127.0.0.1:${port}/tcp: it ${taken}\n`);
  assert.is(refusal(125, '-p', `[::1]:${port}:81`), `skiff: cannot publish port [::1]:${port}/tcp: it ${taken}\n`);
  output(['rename', 'holder', 'owner']);
  assert.match(refusal(125, '-p', `${port}:81`), /in use by container owner;/);
  run('udp', '-p', `${port}:80/udp`);
  output(['rm', '-f', 'owner']);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  assert.match(refusal(125, '-p', `127.0.0.1:${port}:81`), /it is in use by another program;/);
  await new Promise((resolve) => server.close(resolve));
  const twice = await freePort();
  assert.match(refusal(125, '-p', `${twice}:80`, '-p', `${twice}:81`), new RegExp(`cannot publish port 0\\.0\\.0\\.0:${twice}/tcp: `));
  run('free', '-p', `${port}:80`, '-p', `${twice}:81`);
});

test('a container that was there before is told in the same words, and stays', async () => {
  const port = await freePort();
  output(['create', '--name', 'second', '--network', 'front', '-p', `${port}:80`, 'busybox', 'sleep', '1000']);
  run('first', '-p', `${port}:80`);
  const { status, stderr } = skiff(['start', 'second']);
  assert.equal([status, stderr.replace(`${port}`, 'N')], [1, 'skiff: cannot publish port 0.0.0.0:N/tcp: it is in use by container first; choose another one, or stop that\n']);
  assert.match(inspected('second', '{{.State.Status}} {{.State.Error}}'), /^created cannot publish port/);
  output(['rm', '-f', 'first']);
  output(['start', 'second']);
  assert.is(output(['port', 'second', '80']), `0.0.0.0:${port}\n[::]:${port}\n`);
});

test('what cannot be published says why', () => {
  const allowed = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  if (allowed > 79) assert.match(refusal(125, '-p', '79:79'), /^skiff: cannot publish port 79: ports below 1024 are root's; .* sysctl net\.ipv4\.ip_unprivileged_port_start=79\n$/);
  else run('low', '-p', '79:79');
  assert.match(refusal(125, '-p', '198.51.100.7:8080:80'), /cannot publish port 8080 on 198\.51\.100\.7: this machine does not have that address/);
  assert.match(refusal(125, '-p', '8080:80/sctp'), /sctp ports cannot be published: .*--network host/);
  assert.match(refusal(125, '-p', 'http'), /invalid containerPort: http/);
});

test('other networks: the host\'s needs no publishing, one that is shared has its owner\'s, a stack of slirp4netns\' has none', () => {
  const other = (network: string): readonly [number, string] => {
    const { status, stderr } = skiff(['run', '--rm', '--network', network, '-p', '8080:80', 'busybox', 'true']);
    return [status, stderr];
  };
  assert.equal(other('host'), [0, 'skiff: warning: Published ports are discarded when using host network mode\n']);
  assert.equal(other('none'), [0, 'skiff: warning: Published ports are discarded when using none network mode\n']);
  run('web');
  assert.match(other('container:web')[1], /conflicting options: port publishing and the container type network mode/);
  assert.match(other('slirp4netns').join(' '), /^125 skiff: .*use --network bridge/);
});

test.run();
