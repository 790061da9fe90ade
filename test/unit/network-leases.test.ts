/** Leases on a real file system: the lowest free address, races, what is given back, and the end of a network. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, linkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { endpointsOf, giveBack, holdersOf, releaseLeasesOf, renameEndpoint, takeEndpoint } from '../../src/network/endpoints.ts';
import { decodeLease } from '../../src/network/lease-file.ts';
import { closeLeases, forgetLeases } from '../../src/network/leases.ts';
import { leasesDirectory, leasesOfAllBoots, networkLeases, networksDirectory, upDirectory } from '../../src/network/places.ts';
import { addNetwork, dropNetwork, findNetwork, listNetworks } from '../../src/network/store.ts';
import { defaultBridge } from '../../src/network/predefined.ts';
import type { EndpointWishes, Network } from '../../src/network/types.ts';
import type { Paths } from '../../src/system/paths.ts';

const pathsIn = (root: string): Paths => ({
  root, images: `${root}/images`, layers: `${root}/layers`, host: `${root}/host`, containers: `${root}/host/containers`, names: `${root}/host/names`, runtime: `${root}/run`, cache: `${root}/cache`,
});

const idOf = (number: number): string => number.toString(16).padStart(64, '0');

const wishes = (number: number, more: Partial<EndpointWishes> = {}): EndpointWishes => ({ containerId: idOf(number), containerName: `c${number}`, interface: 'eth0', aliases: [], ...more });

const network: Network = {
  ...defaultBridge,
  name: 'shop',
  id: 'ab'.repeat(32),
  created: '2026-11-27T12:00:00Z',
  options: {},
  enableIPv6: true,
  pools: [{ family: 4, subnet: '10.5.0.0/16', gateway: '10.5.0.1', auxiliary: {} }, { family: 6, subnet: 'fd00:5::/64', gateway: 'fd00:5::1', auxiliary: {} }],
};

/** Each of several threads takes `workerData.count` endpoints, and tells their addresses. */
const work = (): void => {
  const { root, from, count } = workerData as { readonly root: string; readonly from: number; readonly count: number };
  const taken = Array.from({ length: count }, (_, at) => takeEndpoint(pathsIn(root), network, wishes(from + at)).ipv4?.address);
  parentPort?.postMessage(taken);
};

const inStore = async (body: (paths: Paths) => void | Promise<void>): Promise<void> => {
  const root = mkdtempSync(join(tmpdir(), 'skiff-leases-'));
  try {
    const paths = pathsIn(root);
    mkdirSync(networksDirectory(paths), { recursive: true });
    addNetwork(paths, network);
    await body(paths);
  } finally {
    rmSync(root, { recursive: true });
  }
};

const failureOf = (body: () => unknown): string => {
  try {
    body();
  } catch (error) {
    return (error as Error).message;
  }
  return 'it went well';
};

/** As the monitor does when it has attached an endpoint. */
const attach = ({ leases }: ReturnType<typeof takeEndpoint>): void => leases.forEach(({ path, up }) => linkSync(path, up));

test('the lowest address is taken, in both families, and given back', () =>
  inStore((paths) => {
    const [first, second] = [takeEndpoint(paths, network, wishes(1)), takeEndpoint(paths, network, wishes(2, { aliases: ['db'] }))];
    assert.equal([first.ipv4?.address, first.ipv6?.address, first.mac], ['10.5.0.2', 'fd00:5::2', '02:42:0a:05:00:02']);
    assert.equal([second.ipv4?.address, second.ipv6?.address], ['10.5.0.3', 'fd00:5::3']);
    assert.equal(second.dnsNames, ['c2', 'db', idOf(2).slice(0, 12)]);
    const text = decodeLease(readFileSync(join(networkLeases(paths, network.id), 'fd00:5::3'), 'utf8'));
    assert.equal(text, { container: idOf(2), endpoint: second.endpointId, mac: second.mac, address: 'fd00:5::3/64', names: second.dnsNames });
    giveBack(paths, first);
    giveBack(paths, first);
    assert.is(takeEndpoint(paths, network, wishes(3)).ipv4?.address, '10.5.0.2');
  }));

test('a chosen address is had once, and nothing is kept where it cannot be had', () =>
  inStore((paths) => {
    takeEndpoint(paths, network, wishes(1, { ipv6: 'fd00:5::99' }));
    const before = readdirSync(networkLeases(paths, network.id)).sort();
    assert.match(failureOf(() => takeEndpoint(paths, network, wishes(2, { ipv6: 'fd00:5::99' }))), /^address fd00:5::99 is already in use by container c1 in network shop/);
    assert.equal(readdirSync(networkLeases(paths, network.id)).sort(), before);
    assert.equal(readdirSync(leasesDirectory(paths)), [network.id], 'no temporary file is left');
    assert.match(failureOf(() => takeEndpoint(paths, defaultBridge, wishes(2, { ipv4: '172.17.0.9' }))), /supported on user defined networks only/);
  }));

test('twenty who take addresses at once have different ones, and leave no hole', () =>
  inStore(async (paths) => {
    const [threads, each] = [20, 25];
    const taken = await Promise.all(
      Array.from({ length: threads }, (_, at) =>
        new Promise<readonly string[]>((resolve, reject) => {
          const worker = new Worker(process.argv[1] ?? '', { workerData: { root: paths.root, from: at * each, count: each } });
          worker.once('message', resolve);
          worker.once('error', reject);
        }),
      ),
    );
    const all = taken.flat();
    assert.is(new Set(all).size, threads * each);
    assert.ok(all.every((address) => Number(address.split('.')[2]) * 256 + Number(address.split('.')[3]) < 2 + threads * each));
    assert.is(holdersOf(paths, network).length, threads * each);
  }));

test('who is attached is told by the second name of a lease', () =>
  inStore((paths) => {
    const endpoint = takeEndpoint(paths, network, wishes(1));
    assert.equal(endpointsOf(paths, network), []);
    attach(endpoint);
    assert.equal(endpointsOf(paths, network), [{ containerId: idOf(1), containerName: 'c1', endpointId: endpoint.endpointId, mac: endpoint.mac, ipv4: '10.5.0.2/16', ipv6: 'fd00:5::2/64' }]);
    writeFileSync(join(upDirectory(paths, network.id), '10.5.0.77'), 'rubbish');
    assert.is(endpointsOf(paths, network).length, 1);
  }));

test('another name of a container is told by all its leases, attached or not, and by nobody else\'s', () =>
  inStore((paths) => {
    const [attached, waiting] = [takeEndpoint(paths, network, wishes(1, { aliases: ['db'] })), takeEndpoint(paths, network, wishes(2))];
    attach(attached);
    const renamed = renameEndpoint(paths, attached, 'c1', 'fresh');
    assert.equal(renamed.dnsNames, ['fresh', 'db', idOf(1).slice(0, 12)]);
    assert.equal(endpointsOf(paths, network).map(({ containerName }) => containerName), ['fresh']);
    renameEndpoint(paths, waiting, 'c2', 'other');
    assert.equal(holdersOf(paths, network).map(({ containerName }) => containerName), ['fresh', 'other']);
    assert.is(endpointsOf(paths, network).length, 1);
    giveBack(paths, waiting);
    renameEndpoint(paths, waiting, 'other', 'late');
    assert.is(holdersOf(paths, network).length, 1);
    assert.equal(readdirSync(leasesDirectory(paths)), [network.id]);
  }));

test('healing removes what the dead have, and only that', () =>
  inStore((paths) => {
    const endpoints = [1, 2, 3].map((number) => takeEndpoint(paths, network, wishes(number)));
    endpoints.forEach(attach);
    writeFileSync(join(leasesDirectory(paths), `.tmp-${idOf(2)}-1-0`), '');
    releaseLeasesOf(paths, [idOf(1), idOf(2)]);
    assert.equal(holdersOf(paths, network).map(({ containerId }) => containerId), [idOf(3)]);
    assert.equal(endpointsOf(paths, network).map(({ containerId }) => containerId), [idOf(3)]);
    assert.equal(readdirSync(leasesDirectory(paths)), [network.id]);
  }));

test('a network with a lease cannot be closed; a closed one gives no address', () =>
  inStore((paths) => {
    const endpoint = takeEndpoint(paths, network, wishes(1));
    assert.not.ok(closeLeases(paths, network.id));
    assert.equal(readdirSync(leasesDirectory(paths)), [network.id], 'nothing is left of the try');
    giveBack(paths, endpoint);
    assert.ok(closeLeases(paths, network.id));
    assert.ok(closeLeases(paths, network.id), 'interrupted, it can be repeated');
    assert.match(failureOf(() => takeEndpoint(paths, network, wishes(2))), /^no such network: shop; it is being removed/);
    dropNetwork(paths, network);
    forgetLeases(paths, network.id);
    assert.match(failureOf(() => takeEndpoint(paths, network, wishes(2))), /^no such network: shop/);
    assert.not.ok(existsSync(networkLeases(paths, network.id)));
  }));

test('a name is had once; a damaged record takes no other down', () =>
  inStore((paths) => {
    assert.match(failureOf(() => addNetwork(paths, { ...network, id: 'cd'.repeat(32) })), /network with name shop already exists/);
    writeFileSync(join(networksDirectory(paths), 'broken.json'), '{');
    const { networks, warnings } = listNetworks(paths);
    assert.equal(networks.map(({ name }) => name), ['bridge', 'host', 'none', 'shop']);
    assert.match(warnings[0]?.message ?? '', /networks\/broken\.json is damaged: it is not JSON/);
    assert.is(findNetwork(paths, 'abab').name, 'shop');
    assert.is(findNetwork(paths, network.id).name, 'shop');
    assert.match(failureOf(() => findNetwork(paths, '../shop')), /no such network/);
  }));

test('after a reboot nobody has an address of before', () =>
  inStore((paths) => {
    const before = join(leasesOfAllBoots(paths), 'another-boot', network.id);
    mkdirSync(join(before, 'up'), { recursive: true });
    writeFileSync(join(before, '10.5.0.2'), '');
    assert.is(takeEndpoint(paths, network, wishes(1)).ipv4?.address, '10.5.0.2');
    assert.equal(readdirSync(leasesOfAllBoots(paths)).length, 1);
  }));

test('a full subnet says so', () =>
  inStore((paths) => {
    const small: Network = { ...network, pools: [{ family: 4, subnet: '10.5.0.0/30', gateway: '10.5.0.1', auxiliary: {} }] };
    takeEndpoint(paths, small, wishes(1));
    assert.match(failureOf(() => takeEndpoint(paths, small, wishes(2))), /no available IPv4 addresses in network shop: all of 10\.5\.0\.0\/30 are taken/);
  }));

if (isMainThread) test.run();
else work();
