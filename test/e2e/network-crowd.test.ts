/**
 * Crowds on one bridge: each container has an address of its own, all reach each other, and when they have gone nothing of them is left: no address, no device, no rule, no note of a port.
 * `npm run soak -- e2e/network-crowd` for the full numbers.
 * @one-driver
 * @alone
 * @time-limit 1800
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, execute, importBusybox, output, removeAll, root, skiff } from './skiff.ts';
import { crowd, killNow, nothingLeft, processesCalled, start, tries } from './traces.ts';

const size = tries(60, 200);
const rounds = tries(100, 500);
const width = 20;
const runtime = join(process.env['XDG_RUNTIME_DIR'] ?? '', 'skiff');

test.before(() => {
  importBusybox();
  output(['network', 'create', '--subnet', '10.234.0.0/16', '--ipv6', '--subnet', 'fd34::/64', 'crowd']);
  output(['network', 'create', '--subnet', '10.235.0.0/16', 'beside']);
});
test.after(async () => {
  removeAll();
  output(['network', 'rm', 'crowd', 'beside']);
  await nothingLeft('afterwards');
});

/** Runs a program of the host as root of the user's network namespace. */
const inNamespace = (...command: readonly string[]): string => {
  const pid = readFileSync(join(runtime, 'network.pid'), 'utf8').split(' ')[0] ?? '';
  const { status, stdout, stderr } = execute(['nsenter', '-t', pid, '--user', '--net', '--preserve-credentials', ...command]);
  assert.equal({ status, stderr }, { status: 0, stderr: '' }, command.join(' '));
  return stdout;
};

/** Names of devices, with those of bridges that are there for good. */
const devices = (): readonly string[] => inNamespace('ip', '-o', 'link').split('\n').flatMap((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? []).sort();

/** Everything that the kernel and the runtime directory have for networks; addresses by file. */
const traces = () => ({
  devices: devices(),
  rules: inNamespace('/usr/sbin/nft', 'list', 'ruleset').split('\n').map((line) => line.trim()).sort(),
  policies: inNamespace('ip', 'rule').concat(inNamespace('ip', '-6', 'rule')),
  routes: inNamespace('ip', 'route').concat(inNamespace('ip', '-6', 'route')),
  neighbours: inNamespace('ip', 'neigh', 'show', 'nud', 'permanent'),
  ports: existsSync(join(runtime, 'ports')) ? readdirSync(join(runtime, 'ports')) : [],
  leases: leases(),
});

const leases = (): readonly string[] =>
  readdirSync(join(root, 'hosts')).flatMap((host) => {
    const directory = join(root, 'hosts', host, 'leases');
    return existsSync(directory) ? readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => /[.:]/.test(path.split('/').at(-1) ?? '')).sort() : [];
  });

/** One that stays, so that the namespace does, and both bridges are there. */
const anchor = (): ReturnType<typeof traces> => {
  output(['run', '-d', '--name', 'anchor', '--network', 'crowd', '--network', 'beside', 'busybox', 'sleep', '100000']);
  return traces();
};

/** All that came since is gone; the kernel takes namespaces down, and the holder sweeps, in their own time. */
const isAsBefore = async (before: ReturnType<typeof traces>): Promise<void> => {
  await eventually('devices and rules go', () => JSON.stringify(traces()) === JSON.stringify(before), 30000).catch(() => undefined);
  assert.equal(traces(), before);
};

const run = async (words: readonly string[]): Promise<string> => {
  const { status, stdout, stderr } = await start(['run', ...words]).end;
  assert.equal({ status, stderr }, { status: 0, stderr: '' }, words.join(' '));
  return stdout.trim();
};

/** Every fifth has a published port, every tenth a second network. */
const flagsOf = (index: number): readonly string[] => ['--network', 'crowd', ...(index % 5 === 0 ? ['-p', '80'] : []), ...(index % 10 === 0 ? ['--network', 'beside'] : [])];

test(`${size} containers on one bridge have addresses of their own, and leave nothing`, async () => {
  const before = anchor();
  const names = Array.from({ length: size }, (_, index) => `one-${index}`);
  await crowd(size, width, async (index) => void (await run(['-d', '--name', names[index] ?? '', ...flagsOf(index), 'busybox', 'httpd', '-f', '-p', '80'])));
  const full = traces();
  assert.ok(full.rules.join().length > before.rules.join().length, 'rules are seen');
  assert.ok(full.ports.length >= size / 5 && full.leases.length > 2 * size, 'ports and addresses are seen');
  const format = '{{with index .NetworkSettings.Networks "crowd"}}{{.IPAddress}} {{.GlobalIPv6Address}} {{.MacAddress}}{{end}}';
  const lines = output(['inspect', '--format', format, ...names]).trim().split('\n');
  for (const column of [0, 1, 2]) assert.is(new Set(lines.map((line) => line.split(' ')[column])).size, size, `column ${column}`);
  assert.is(devices().filter((name) => name.startsWith('veth')).length, size + Math.ceil(size / 10) + 2);
  assert.is(Object.keys((JSON.parse(output(['network', 'inspect', 'crowd'])) as readonly { Containers: Record<string, unknown> }[])[0]?.Containers ?? {}).length, size + 1);
  const script = names.map((name) => `nc -w 20 ${name} 80 </dev/null >/dev/null 2>&1 || echo ${name}`).join('\n');
  assert.is(output(['exec', 'anchor', 'sh', '-c', script], { timeout: 300000 }), '', 'each is reached by its name');
  await crowd(names.length, width, async (index) => {
    const { status, stderr } = await start(['rm', '-f', names[index] ?? '']).end;
    assert.equal({ status, stderr }, { status: 0, stderr: '' });
  });
  await isAsBefore(before);
  output(['rm', '-f', 'anchor']);
});

test(`${rounds} times created and removed, ${width} at once`, async () => {
  const before = anchor();
  await crowd(rounds, width, async (index) => {
    assert.match(await run(['--rm', ...flagsOf(index), 'busybox', 'ip', '-4', '-o', 'addr', 'show', 'eth0']), /inet 10\.234\.\d+\.\d+\/16/);
  });
  await isAsBefore(before);
  output(['rm', '-f', 'anchor']);
});

test('networks that come and go with their containers', async () => {
  const before = anchor();
  await crowd(tries(20, 100), 10, async (index) => {
    const network = `passing-${index}`;
    assert.is((await start(['network', 'create', network]).end).status, 0);
    await run(['--rm', '--network', network, 'busybox', 'true']);
    const { status, stderr } = await start(['network', 'rm', network]).end;
    assert.equal({ status, stderr }, { status: 0, stderr: '' });
  });
  await isAsBefore(before);
  output(['rm', '-f', 'anchor']);
});

test('monitors that are killed in the crowd leave nothing behind the next command', async () => {
  const before = anchor();
  const [keeper] = processesCalled('skiff-monitor');
  await crowd(width, width, async (index) => void (await run(['-d', '--rm', ...flagsOf(index), 'busybox', 'sleep', '1000'])));
  for (const { pid } of processesCalled('skiff-monitor')) if (pid !== keeper?.pid) killNow(pid);
  await eventually('nobody is listed', () => skiff(['ps', '-q']).stdout.trim().split('\n').length === 1);
  await isAsBefore(before);
  output(['rm', '-f', 'anchor']);
});

test.run();
