/**
 * `skiff network create`, `ls`, `inspect`, `rm` and `prune`, as far as no container need be attached.
 * @one-driver
 * @also-on-node
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerDirectories, eventually, execute, importBusybox, output, removeAll, root, skiff, skiffCommand } from './skiff.ts';

const directory = join(root, 'networks');

test.after.each(() => {
  skiff(['network', 'prune', '-f']);
  rmSync(directory, { recursive: true, force: true });
});

const create = (...words: readonly string[]): string => output(['network', 'create', ...words]).trim();
const refusal = (...words: readonly string[]): string => {
  const { status, stdout, stderr } = skiff(['network', ...words]);
  assert.equal([status, stdout], [1, ''], words.join(' '));
  assert.is(stderr.trim().split('\n').length, 1, stderr);
  return stderr;
};
const names = (...words: readonly string[]): readonly string[] => output(['network', 'ls', '--format', '{{.Name}}', ...words]).trim().split('\n').filter((name) => name !== '');

interface Inspected {
  readonly Name: string;
  readonly Id: string;
  readonly IPAM: { readonly Config: readonly { readonly Subnet: string; readonly Gateway?: string }[] };
  readonly EnableIPv6: boolean;
  readonly Containers: Readonly<Record<string, object>>;
}

/** Puts a lease of a container where one that runs has it. */
const lease = (networkId: string, containerId: string): string => {
  const [host = ''] = readdirSync(join(root, 'hosts'));
  const leases = join(root, 'hosts', host, 'leases', readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), networkId);
  mkdirSync(join(leases, 'up'), { recursive: true });
  const text = `container ${containerId}\nendpoint ${'e'.repeat(64)}\nmac 02:42:ac:12:00:02\naddress 172.18.0.2/16\nname web\n`;
  for (const path of ['172.18.0.2', 'up/172.18.0.2']) writeFileSync(join(leases, path), text);
  return leases;
};

const inspect = (...words: readonly string[]): readonly Inspected[] => JSON.parse(output(['network', 'inspect', ...words])) as readonly Inspected[];

test('a network is made, listed, shown and removed, and nothing is left', () => {
  const id = create('--label', 'tier=web', '--subnet', '10.5.0.0/24', 'shop');
  assert.match(id, /^[0-9a-f]{64}$/);
  const table = output(['network', 'ls']).trimEnd().split('\n');
  assert.match(table[0] ?? '', /^NETWORK ID {5}NAME +DRIVER +SCOPE$/);
  assert.match(table.at(-1) ?? '', new RegExp(`^${id.slice(0, 12)} +shop +bridge +local$`));
  assert.equal(names(), ['bridge', 'host', 'none', 'shop']);
  const [shown] = inspect('shop');
  assert.equal([shown?.Id, shown?.IPAM.Config, shown?.Containers], [id, [{ Subnet: '10.5.0.0/24', Gateway: '10.5.0.1' }], {}]);
  assert.is(output(['inspect', '--type', 'network', '-f', '{{.Name}}', id.slice(0, 8)]), 'shop\n');
  assert.is(output(['inspect', '-f', '{{.Driver}}', 'shop']), 'bridge\n');
  assert.is(output(['network', 'rm', id.slice(0, 12)]), `${id.slice(0, 12)}\n`);
  assert.equal(names(), ['bridge', 'host', 'none']);
  assert.equal(readdirSync(directory).filter((name) => name !== '.lock'), []);
});

test('ls: quiet, formats, filters', () => {
  const [a, b] = [create('--label', 'x=1', 'aaa'), create('--internal', '--ipv6', 'bbb')];
  assert.is(output(['network', 'ls', '-q', '-f', 'type=custom']), `${a.slice(0, 12)}\n${b.slice(0, 12)}\n`);
  assert.is(output(['network', 'ls', '-q', '--no-trunc', '-f', 'label=x=1']), `${a}\n`);
  const row = JSON.parse(output(['network', 'ls', '--format', 'json', '-f', 'name=bbb'])) as Readonly<Record<string, string>>;
  assert.equal([Object.keys(row), row['IPv6'], row['Internal']], [['CreatedAt', 'Driver', 'ID', 'IPv4', 'IPv6', 'Internal', 'Labels', 'Name', 'Scope'], 'true', 'true']);
  assert.is(output(['network', 'ls', '--format', '{{.Name}}: {{.Label "x"}}', '-f', 'name=aaa']), 'aaa: 1\n');
  assert.equal(names('-f', 'dangling=true'), ['aaa', 'bbb']);
  assert.match(refusal('ls', '-f', 'colour=red'), /invalid filter 'colour'/);
});

test('what cannot be made is refused in one line, and leaves nothing', () => {
  create('--subnet', '10.5.0.0/24', 'shop');
  for (const [words, wanted] of [
    [['shop'], /network with name shop already exists/],
    [['--subnet', '10.5.0.128/25', 'other'], /pool overlaps with other one on this address space: 10\.5\.0\.128\/25 and network shop/],
    [['bridge'], /operation is not permitted on predefined bridge network/],
    [['-d', 'overlay', 'other'], /need a swarm/],
    [['-o', 'com.docker.network.bridge.enable_icc=false', 'other'], /make a network for each/],
    [['--gateway', '10.5.0.1', 'other'], /must have a corresponding subnet/],
    [['../other'], /invalid network name/],
  ] as const) assert.match(refusal('create', ...words), wanted);
  assert.is(skiff(['network', 'create', '--ingress', 'other']).status, 125);
  assert.equal(names('-f', 'type=custom'), ['shop']);
  assert.equal(readdirSync(directory).sort(), ['.lock', 'shop.json']);
});

test('twenty at once have different ranges; of twenty with one name one is made, and one removed', async () => {
  const all = (verb: 'create' | 'rm', argument: (number: number) => string): Promise<readonly number[]> =>
    Promise.all(Array.from({ length: 20 }, (_, at) => new Promise<number>((resolve) => {
      const [program, ...first] = skiffCommand;
      spawn(program, [...first, 'network', verb, argument(at)], { stdio: 'ignore' }).on('close', (code) => resolve(code ?? -1));
    })));
  assert.equal(await all('create', (at) => `n${at}`), Array.from({ length: 20 }, () => 0));
  const subnets = inspect(...names('-f', 'type=custom')).map(({ IPAM }) => IPAM.Config[0]?.Subnet);
  assert.is(new Set(subnets).size, 20);
  for (const verb of ['create', 'rm'] as const) assert.is((await all(verb, () => 'same')).filter((code) => code === 0).length, 1, verb);
  assert.not.ok(existsSync(join(directory, 'same.json')));
});

test('rm goes on after one that cannot be removed; the predefined stay', () => {
  create('shop');
  const { status, stdout, stderr } = skiff(['network', 'rm', 'nobody', 'bridge', 'shop']);
  assert.equal([status, stdout], [1, 'shop\n']);
  assert.equal(stderr.trim().split('\n').map((line) => line.replace(/;.*/, '')), ['skiff: no such network: nobody', 'skiff: bridge is a pre-defined network and cannot be removed']);
  assert.equal([skiff(['network', 'rm', '-f', 'nobody']).status, skiff(['network', 'rm', 'nobody']).status], [0, 1]);
});

test('a network that somebody has an address in stays, for rm and for prune', () => {
  const id = create('shop');
  const leases = lease(id, 'c'.repeat(64));
  assert.match(refusal('rm', 'shop'), new RegExp(`network shop id ${id} has active endpoints \\(name:"web" id:"cccccccccccc"\\); stop these containers`));
  assert.equal(inspect('shop')[0]?.Containers, { ['c'.repeat(64)]: { Name: 'web', EndpointID: 'e'.repeat(64), MacAddress: '02:42:ac:12:00:02', IPv4Address: '172.18.0.2/16', IPv6Address: '' } });
  assert.equal(names('-f', 'dangling=true'), []);
  assert.is(output(['network', 'prune', '-f']), '');
  rmSync(leases, { recursive: true });
  assert.is(output(['network', 'prune', '-f']), 'Deleted Networks:\nshop\n\n');
  assert.not.ok(existsSync(leases));
});

test('addresses of a container whose monitor was killed are free with the next command, and those of others stay', async () => {
  importBusybox();
  const [dead, living] = [create('dead'), create('living')];
  const ids = ['one', 'two'].map((name) => output(['run', '-d', '--network', 'none', '--name', name, 'busybox', 'sleep', '1000']).trim());
  try {
    const leases = [lease(dead, ids[0] ?? ''), lease(living, ids[1] ?? '')];
    const { monitorPid } = JSON.parse(readFileSync(join(containerDirectories().find((path) => path.endsWith(ids[0] ?? '')) ?? '', 'state.json'), 'utf8')) as { readonly monitorPid: number };
    process.kill(monitorPid, 'SIGKILL');
    await eventually('the monitor is gone', () => !existsSync(`/proc/${monitorPid}`));
    output(['ps']);
    assert.equal(leases.map((path) => readdirSync(path)), [['up'], ['172.18.0.2', 'up']]);
    assert.equal(leases.map((path) => readdirSync(join(path, 'up'))), [[], ['172.18.0.2']]);
    output(['network', 'rm', 'dead']);
    assert.match(refusal('rm', 'living'), /has active endpoints/);
    output(['rm', '-f', 'two']);
    output(['network', 'rm', 'living']);
  } finally {
    removeAll();
  }
});

test('prune asks, and filters', () => {
  create('--label', 'keep', 'aaa');
  create('bbb');
  assert.match(output(['network', 'prune'], { input: 'n\n' }), /not used by at least one container\.\nAre you sure/);
  assert.equal(names('-f', 'type=custom'), ['aaa', 'bbb']);
  assert.is(output(['network', 'prune', '-f', '--filter', 'until=1h']), '');
  assert.is(output(['network', 'prune', '-f', '--filter', 'label!=keep']), 'Deleted Networks:\nbbb\n\n');
  assert.match(refusal('prune', '-f', '--filter', 'colour=red'), /invalid filter/);
});

test('a damaged record is told by its path, and the others are there', () => {
  create('shop');
  const path = join(directory, 'broken.json');
  writeFileSync(path, '{"version":1}');
  const { status, stdout, stderr } = skiff(['network', 'ls', '--format', '{{.Name}}']);
  assert.equal([status, stdout], [0, 'bridge\nhost\nnone\nshop\n']);
  assert.ok(stderr.startsWith(`skiff: ${path} is damaged: `), stderr);
  assert.match(refusal('rm', 'broken'), /broken\.json is damaged/);
});

test('configurations for others', () => {
  create('--config-only', '--subnet', '10.7.0.0/24', '--label', 'a=b', 'config');
  create('--config-from', 'config', 'made');
  assert.is(output(['network', 'inspect', '-f', '{{.ConfigFrom.Network}} {{index .Labels "a"}} {{(index .IPAM.Config 0).Subnet}}', 'made']), 'config b 10.7.0.0/24\n');
  assert.match(refusal('rm', 'config'), /configuration network config is in use by network made/);
  output(['network', 'rm', 'made']);
  assert.is(output(['network', 'prune', '-f']), '');
  assert.equal(names('-f', 'type=custom'), ['config']);
});

test('ranges come from the settings, and info shows them', () => {
  const config = join(root, 'config.yaml');
  writeFileSync(config, 'default-address-pools: [{base: 10.243.0.0/23, size: 24}]\n');
  const env = { SKIFF_CONFIG: config };
  for (const [name, subnet] of [['one', '10.243.0.0/24'], ['two', '10.243.1.0/24']] as const) {
    output(['network', 'create', name], { env });
    assert.is(output(['network', 'inspect', '-f', '{{(index .IPAM.Config 0).Subnet}}', name]), `${subnet}\n`);
  }
  assert.match(skiff(['network', 'create', 'three'], { env }).stderr, /all predefined IPv4 address pools have been fully subnetted/);
  assert.is(output(['info', '-f', '{{json .DefaultAddressPools}}'], { env }), '[{"Base":"10.243.0.0/23","Size":24}]\n');
});

test('macvlan and ipvlan are refused where the kernel has none, with the reason and what to do', () => {
  for (const driver of ['macvlan', 'ipvlan']) {
    const trial = `ip link add p type bridge && ip link add c link p type ${driver}`;
    const isThere = execute(['unshare', '--user', '--map-root-user', '--net', 'sh', '-c', `PATH=$PATH:/sbin:/usr/sbin; ${trial}`]).status === 0;
    if (isThere) create('-d', driver, driver);
    else assert.match(refusal('create', '-d', driver, driver), new RegExp(`driver ${driver}: this kernel has no ${driver} devices; use driver bridge, or ask an administrator to load the module: modprobe ${driver}`));
  }
});

test('events, and names for a shell', () => {
  const since = String(Math.floor(Date.now() / 1000) - 1);
  const id = create('shop');
  output(['network', 'rm', 'shop']);
  const told = output(['events', '--since', since, '--until', '0s', '--filter', 'type=network', '--format', '{{.Action}} {{.Actor.ID}} {{.Actor.Attributes.name}} {{.Actor.Attributes.type}}']).trim().split('\n');
  assert.equal(told.filter((line) => line.includes(id)), [`create ${id} shop bridge`, `destroy ${id} shop bridge`]);
  create('shop');
  assert.is(output(['__complete', 'networks']), 'bridge\nhost\nnone\nshop\n');
  assert.match(readFileSync('man/completion/skiff.bash', 'utf8'), /networks/);
});

test.run();
