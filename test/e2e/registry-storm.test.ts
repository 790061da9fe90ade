/**
 * Many commands at one store at once, some of them killed: afterwards everything that has a name is whole, and one prune takes the rest.
 * `npm run soak -- e2e/registry-storm` for three minutes of it.
 * @one-driver
 * @time-limit 900
 */
import { randomInt } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ociArchive } from '../make-image.ts';
import { newPlace, output, outputOf, storeState } from '../registry/run.ts';
import type { Place } from '../registry/run.ts';
import { gzipBusybox, gzipLayer, noiseLayer } from '../registry/samples.ts';
import { startRegistry } from '../registry/server.ts';
import type { TestRegistry } from '../registry/server.ts';
import { uploadImage } from '../registry/upload.ts';
import { eventually, scratch, skiffCommand } from './skiff.ts';
import { killNow, ourProcesses, pause, startProgram, tries } from './traces.ts';

const seconds = tries(12, 180);
const width = 6;

let registry: TestRegistry;
let place: Place;
let files: string;
/** What `cat /which` says in each image, by its name. */
const contents = new Map<string, string>();
const archives: string[] = [];

const pick = <A>(list: readonly A[]): A => list[randomInt(list.length)] as A;

/** Images that share layers in pairs, so that what one removes another needs. */
test.before(async () => {
  registry = await startRegistry();
  place = newPlace();
  files = scratch();
  const shared = [400_000, 900_000, 200_000].map((bytes, position) => noiseLayer(`shared${position}`, bytes));
  for (const [position, letter] of ['a', 'b', 'c', 'd'].entries()) {
    const layers = [gzipBusybox(), shared[position % 3] as Buffer, shared[(position + 1) % 3] as Buffer, gzipLayer('which', letter)];
    await uploadImage(registry.address, `${letter}:latest`, { layers, config: { Cmd: ['cat', '/which'] } });
    contents.set(`${registry.address}/${letter}:latest`, letter);
    const archive = join(files, `${letter}.tar`);
    writeFileSync(archive, ociArchive({ layers, names: [`loaded-${letter}:latest`], config: { Cmd: ['cat', '/which'] } }));
    archives.push(archive);
    contents.set(`loaded-${letter}:latest`, letter);
  }
});
test.after(() => registry.stop());

const pulled = (): string => `${registry.address}/${pick(['a', 'b', 'c', 'd'])}`;
const known = (): string => pick([...contents.keys(), 'tagged:1', 'tagged:2']);
const running = (name: string): readonly string[] => ['run', '--rm', '--network', 'none', '--pull', 'never', name];

const commands: readonly (() => readonly string[])[] = [
  () => ['pull', '-q', pulled()],
  () => ['pull', '-q', pulled()],
  () => ['pull', '-q', pulled()],
  () => ['load', '-q', '-i', pick(archives)],
  () => ['rmi', '-f', known()],
  () => ['rmi', known()],
  () => ['image', 'prune', '-f'],
  () => ['image', 'prune', '-af'],
  () => ['tag', known(), pick(['tagged:1', 'tagged:2'])],
  () => ['save', '-o', join(files, `${randomInt(1e9)}.saved`), known()],
  () => running(known()),
  () => running(known()),
  () => ['run', '--quiet', '--rm', '--network', 'none', pulled()],
  () => ['image', 'inspect', known()],
  () => ['history', known()],
  () => ['images', '--digests'],
  () => ['system', 'df', '-v'],
];

/** A process and all that it has started. */
const family = (pid: number): readonly number[] => {
  const all = ourProcesses();
  const below = new Set([pid]);
  for (let size = 0; size < below.size; ) {
    size = below.size;
    for (const one of all) if (below.has(one.parent)) below.add(one.pid);
  }
  return [...below];
};

/** What a command may say because another one was faster. */
const lostRaces = /^(?:skiff: [^\n]*(?:no such image|conflict: )[^\n]*\n)+$/i;

const faults: string[] = [];
let done = 0;

const judge = (args: readonly string[], { status, stdout, stderr }: { status: number | null; stdout: string; stderr: string }): void => {
  const words = args.join(' ');
  const name = args.at(-1) ?? '';
  if (status !== 0 && !lostRaces.test(stderr)) faults.push(`${words} ended with ${status}: ${stderr}`);
  // With -f a missing image is told and is no failure, as in Docker.
  if (status === 0 && stderr !== '' && args[0] !== 'rmi') faults.push(`${words} said ${stderr}`);
  if (status !== 0 || args[0] !== 'run') return;
  const wanted = contents.get(name) ?? contents.get(`${name}:latest`);
  if (wanted === undefined ? !/^[a-d]$/.test(stdout) : stdout !== wanted) faults.push(`${words} printed ${JSON.stringify(stdout)}`);
};

const one = async (): Promise<void> => {
  const args = pick(commands)();
  const { child, end } = startProgram([...skiffCommand, ...args], place.env);
  const doomed = randomInt(6) === 0;
  if (doomed) {
    await pause(randomInt(400));
    for (const pid of randomInt(2) === 0 ? [child.pid ?? 0] : family(child.pid ?? 0)) killNow(pid);
  }
  const result = await end;
  if (!doomed) judge(args, result);
  done += 1;
};

test('many commands at once, some of them killed', async () => {
  const until = Date.now() + seconds * 1000;
  const worker = async (): Promise<void> => {
    while (Date.now() < until) await one();
  };
  await Promise.all(Array.from({ length: width }, worker));
  assert.equal([...new Set(faults)], [], `of ${done} commands`);
  assert.ok(done > seconds, `only ${done} commands`);
});

const names = async (): Promise<readonly string[]> =>
  (await output(['images', '--format', '{{.Repository}}:{{.Tag}}'], place)).split('\n').filter((line) => line !== '' && !line.includes('<none>'));

test('afterwards every image is whole, for us and for others', async () => {
  await eventually('every process ends', () => ourProcesses().every(({ name }) => name === 'docker-registry'));
  for (const letter of ['a', 'b']) await output(['pull', '-q', `${registry.address}/${letter}`], place);
  const index = JSON.parse(readFileSync(join(place.store, 'images/index.json'), 'utf8')) as { manifests: { annotations: Record<string, string> }[] };
  const listed = await names();
  assert.ok(listed.length >= 2);
  for (const name of listed) {
    const said = await output(running(name), place);
    assert.is(said, contents.get(name) ?? said, name);
    assert.match(said, /^[a-d]$/);
    await output(['run', '--rm', '--network', 'none', '--pull', 'never', name, 'sh', '-c', 'cat /shared* >/dev/null'], place);
  }
  for (const { annotations } of index.manifests) {
    const name = annotations['org.opencontainers.image.ref.name'];
    if (name !== undefined) await outputOf(['skopeo', 'inspect', `oci:${place.store}/images:${name}`]);
  }
});

test('one prune takes all that was left', async () => {
  await output(['image', 'prune', '-f'], place);
  assert.not.match(await output(['system', 'df', '--format', 'json'], place), /Leftovers/);
  const { unfinished, partial } = storeState(place.store);
  assert.equal([unfinished, partial], [[], []]);
  assert.equal(readdirSync(join(place.store, 'layers')).filter((name) => name.startsWith('.')), []);
  const kept = [...(await names())];
  if (kept.length > 0) await output(['rmi', '-f', ...kept], place);
  const { blobs, layers } = storeState(place.store);
  assert.equal([blobs, layers], [[], []]);
});

test.run();
