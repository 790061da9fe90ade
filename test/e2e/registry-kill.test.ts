/**
 * kill -9 of a pull at any moment: the next pull succeeds, the image runs, and one prune takes what was left.
 * `npm run soak -- e2e/registry-kill` for a hundred moments.
 * @one-driver
 * @time-limit 1800
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { slow } from '../registry/faults.ts';
import { startProxy } from '../registry/proxy.ts';
import type { Proxy } from '../registry/proxy.ts';
import { newPlace, output, outputOf, storeState } from '../registry/run.ts';
import type { Place } from '../registry/run.ts';
import { gzipBusybox, noiseLayer } from '../registry/samples.ts';
import { startRegistry } from '../registry/server.ts';
import type { TestRegistry } from '../registry/server.ts';
import { uploadImage } from '../registry/upload.ts';
import { killNow, ourProcesses, pause, start, tries } from './traces.ts';

const attempts = tries(10, 100);

let registry: TestRegistry;
let proxy: Proxy;
let name: string;
let place: Place;

test.before(async () => {
  registry = await startRegistry();
  proxy = await startProxy(registry.address);
  name = `${proxy.address}/several`;
  const layers = [gzipBusybox(), ...[600_000, 300_000, 900_000, 1000].map((bytes, position) => noiseLayer(`noise${position}`, bytes))];
  await uploadImage(registry.address, 'several:latest', { layers, config: { Cmd: ['echo', 'whole'] } });
});
test.before.each(() => void (place = newPlace()));
test.after(async () => {
  await proxy.stop();
  await registry.stop();
});

/** About 0.6 s of download, so that many moments are inside one. */
const slowly = (): void => proxy.use({ path: /blobs/, fault: slow(3_000_000) });

/** How long a whole pull takes, which the moments are spread over; milliseconds. */
const duration = async (): Promise<number> => {
  slowly();
  const began = Date.now();
  await output(['pull', '-q', name], newPlace());
  return Date.now() - began;
};

const pullsAndRuns = async (): Promise<void> => {
  await output(['pull', '-q', name], place);
  assert.is(await output(['run', '--rm', '--network', 'none', '--pull', 'never', name], place), 'whole\n');
};

interface Usage {
  readonly Type: string;
  readonly TotalCount: string;
  readonly Size: string;
}

const usage = async (): Promise<readonly Usage[]> =>
  (await output(['system', 'df', '--format', 'json'], place)).trim().split('\n').map((line) => JSON.parse(line) as Usage);

const clean = async (): Promise<void> => {
  await output(['image', 'prune', '-f'], place);
  assert.equal((await usage()).filter(({ Type }) => Type === 'Leftovers'), []);
  const { unfinished, partial } = storeState(place.store);
  assert.equal([unfinished, partial], [[], []]);
};

const programs = (pid: number): readonly number[] => {
  const all = ourProcesses();
  const below = new Set([pid]);
  for (let size = 0; size < below.size; ) {
    size = below.size;
    for (const one of all) if (below.has(one.parent)) below.add(one.pid);
  }
  return [...below];
};

for (const [victim, chosen] of [['the command', (pid: number) => [pid]], ['the command and all of its helpers', programs]] as const) {
  test(`${victim}, at any moment of a pull`, async () => {
    const whole = await duration();
    for (let attempt = 0; attempt < attempts / 2; attempt++) {
      place = newPlace();
      slowly();
      const pull = start(['pull', name], place.env);
      await pause((attempt * 1.1 * whole) / (attempts / 2));
      for (const pid of chosen(pull.child.pid ?? 0)) killNow(pid);
      await pull.end;
      proxy.use();
      // The store can be read whatever has happened: by us, and by others where it is there at all.
      await output(['images'], place);
      await pullsAndRuns();
      await clean();
      await outputOf(['skopeo', 'inspect', `oci:${place.store}/images:${name}:latest`]);
    }
  });
}

test('what a killed pull has left is all gone after one prune, without another pull', async () => {
  const whole = await duration();
  for (const part of [0.2, 0.5, 0.9]) {
    place = newPlace();
    slowly();
    const pull = start(['pull', name], place.env);
    await pause(part * whole);
    killNow(pull.child.pid ?? 0);
    await pull.end;
    await clean();
    const { blobs, layers } = storeState(place.store);
    if (await output(['images', '-q'], place) === '') assert.equal([blobs, layers], [[], []]);
  }
});

test('a prune beside a running pull takes nothing that the pull needs', async () => {
  slowly();
  const pull = start(['pull', name], place.env);
  let running = true;
  const end = pull.end.finally(() => void (running = false));
  while (running) await output(['image', 'prune', '-f'], place);
  const { status, stderr } = await end;
  assert.equal({ status, stderr }, { status: 0, stderr: '' });
  assert.is(await output(['run', '--rm', '--network', 'none', '--pull', 'never', name], place), 'whole\n');
  await clean();
});

test('what was interrupted goes on: less is fetched the second time', async () => {
  const whole = await duration();
  slowly();
  const pull = start(['pull', name], place.env);
  await pause(0.7 * whole);
  killNow(pull.child.pid ?? 0);
  await pull.end;
  proxy.use();
  await pullsAndRuns();
  const again = proxy.requests.filter(({ url }) => /blobs/.test(url));
  assert.ok(again.length < 6 || again.some(({ headers }) => headers.range !== undefined), again.map(({ url, headers }) => `${url} ${headers.range}`).join('\n'));
});

test.run();
