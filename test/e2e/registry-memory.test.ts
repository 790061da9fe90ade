/**
 * A pull and a push need little memory, however large a layer is.
 * @one-driver
 * @alone
 */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, createReadStream, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sha256 } from '../make-image.ts';
import { newPlace, output, outputOf } from '../registry/run.ts';
import type { Place } from '../registry/run.ts';
import { startRegistry } from '../registry/server.ts';
import type { TestRegistry } from '../registry/server.ts';
import { types } from '../registry/upload.ts';
import { scratch } from './skiff.ts';
import { pause, start } from './traces.ts';

const megabytes = 300;
/** In kilobytes, as /proc has it. */
const limit = 120 * 1024;

let registry: TestRegistry;
let name: string;
let place: Place;

const digestOfFile = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
};

/** A layer of one file of `megabytes` MiB, as a plain tar; returns its path. */
const largeLayer = async (directory: string): Promise<string> => {
  const file = openSync(join(directory, 'large'), 'w');
  const block = randomBytes(1 << 20);
  for (let written = 0; written < megabytes; written += 1) writeSync(file, block);
  closeSync(file);
  const layer = join(directory, 'layer.tar');
  await outputOf(['tar', '-cf', layer, '-C', directory, 'large']);
  rmSync(join(directory, 'large'));
  return layer;
};

/** An OCI image layout of an image with that layer; never in this process's memory as a whole. */
const makeLayout = async (directory: string): Promise<void> => {
  const layer = await largeLayer(directory);
  const digest = await digestOfFile(layer);
  const blobs = join(directory, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  renameSync(layer, join(blobs, digest.slice(7)));
  const store = (text: string, mediaType: string): object => {
    writeFileSync(join(blobs, sha256(text).slice(7)), text);
    return { mediaType, digest: sha256(text), size: Buffer.byteLength(text) };
  };
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const config = store(JSON.stringify({ os: 'linux', architecture, config: {}, rootfs: { type: 'layers', diff_ids: [digest] } }), types.oci.config);
  const size = (await outputOf(['stat', '-c', '%s', join(blobs, digest.slice(7))])).trim();
  const layers = [{ mediaType: types.oci.layer, digest, size: Number(size) }];
  const manifest = store(JSON.stringify({ schemaVersion: 2, mediaType: types.oci.manifest, config, layers }), types.oci.manifest);
  writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, mediaType: types.oci.index, manifests: [manifest] }));
};

test.before(async () => {
  registry = await startRegistry();
  name = `${registry.address}/large:latest`;
  place = newPlace();
  const directory = scratch();
  await makeLayout(directory);
  await outputOf(['skopeo', 'copy', '-q', '--preserve-digests', '--dest-tls-verify=false', `oci:${directory}`, `docker://${name}`]);
  rmSync(directory, { recursive: true });
});
test.after(() => registry.stop());

/** The most memory a process has had so far (VmHWM, proc_pid_status(5)), in kilobytes; undefined when it has ended. */
const peakOf = (pid: number): number | undefined => {
  try {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? undefined);
  } catch {
    return undefined;
  }
};

/** Runs `skiff` to its end and returns the last peak that was seen of it. */
const peakDuring = async (args: readonly string[]): Promise<number> => {
  const { child, end } = start(args, place.env);
  let running = true;
  let peak = 0;
  const ending = end.finally(() => void (running = false));
  while (running) {
    peak = Math.max(peak, peakOf(child.pid ?? 0) || 0);
    await pause(5);
  }
  const { status, stderr } = await ending;
  assert.equal({ status, stderr }, { status: 0, stderr: '' }, args.join(' '));
  assert.ok(peak > 1000, `${peak} kB is no measurement`);
  return peak;
};

test(`a pull of a layer of ${megabytes} MiB`, async () => {
  const peak = await peakDuring(['pull', '-q', name]);
  assert.ok(peak < limit, `pull had ${peak} kB`);
});

test(`a push of a layer of ${megabytes} MiB`, async () => {
  await output(['tag', name, `${registry.address}/elsewhere:latest`], place);
  rmSync(join(registry.storage, 'docker/registry/v2'), { recursive: true });
  const peak = await peakDuring(['push', '-q', `${registry.address}/elsewhere:latest`]);
  assert.ok(peak < limit, `push had ${peak} kB`);
});

test.run();
