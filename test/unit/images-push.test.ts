/** Pushes into a registry in this process that keeps what it gets and tells in which order. */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { renderError } from '../../src/core/errors.ts';
import type { SkiffError } from '../../src/core/errors.ts';
import { parseReference } from '../../src/core/reference.ts';
import type { Reference } from '../../src/core/reference.ts';
import { blobPath } from '../../src/images/layout.ts';
import { loadArchive } from '../../src/images/load.ts';
import type { Platform } from '../../src/images/platform.ts';
import { pushImage, tagsToPush } from '../../src/images/push.ts';
import type { Pushed } from '../../src/images/push.ts';
import type { TransferEvent } from '../../src/images/transfer.ts';
import { defaultSettings } from '../../src/system/settings.ts';
import { dockerArchive, makeStore, sha256, smallLayer } from '../make-image.ts';
import type { ImageParts, TestStore } from '../make-image.ts';
import { closeServer, listen } from '../registry/http.ts';
import { tar } from '../tar-maker.ts';

interface TestRegistry {
  readonly address: string;
  /** Whole blobs, as `REPOSITORY DIGEST`, and manifests, as `REPOSITORY:TAG`, in the order in which they came. */
  readonly kept: string[];
  readonly manifests: Map<string, { readonly type: string; readonly text: string }>;
  /** Repositories asked to mount from, and whether that is allowed. */
  readonly mounts: string[];
  mounting: boolean;
  /** A blob that is refused. */
  refused: string | undefined;
  /** Most uploads at one time. */
  most: number;
  /** Milliseconds that each upload takes. */
  pace: number;
}

interface Fixture {
  readonly store: TestStore;
  readonly registry: TestRegistry;
  readonly events: TransferEvent[];
  readonly load: (parts: ImageParts) => Promise<void>;
  readonly push: (name: string, options?: { readonly platform?: Platform; readonly parallelUploads?: number }) => Promise<Pushed | SkiffError>;
}

/** Runs `use` with a registry; `body` of an upload is hashed as any registry does. */
const withRegistry = async (use: (registry: TestRegistry) => Promise<void>): Promise<void> => {
  const registry: TestRegistry = { address: '', kept: [], manifests: new Map(), mounts: [], mounting: true, refused: undefined, most: 0, pace: 0 };
  let uploading = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://registry');
    const [, repository = '', kind = '', rest = ''] = /^\/v2\/(.+?)\/(blobs|manifests)\/(.*)$/.exec(url.pathname) ?? [];
    const answer = (status: number, headers: Readonly<Record<string, string>> = {}): void => void response.writeHead(status, headers).end();
    const finish = (body: Buffer): void => {
      const digest = url.searchParams.get('digest') ?? '';
      if (digest === registry.refused) return answer(403);
      if (sha256(body) !== digest) return answer(400);
      registry.kept.push(`${repository} ${digest}`);
      answer(201);
    };
    const chunks: Buffer[] = [];
    const isUpload = request.method === 'PUT' && kind === 'blobs';
    if (isUpload) registry.most = Math.max(registry.most, (uploading += 1));
    response.on('close', () => {
      if (isUpload) uploading -= 1;
    });
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      if (request.method === 'HEAD' && kind === 'blobs') return answer(registry.kept.includes(`${repository} ${rest}`) ? 200 : 404);
      if (request.method === 'POST') {
        const from = url.searchParams.get('from');
        if (from !== null) registry.mounts.push(from);
        const whole = `${from} ${url.searchParams.get('mount')}`;
        if (!registry.mounting || !registry.kept.includes(whole)) return answer(202, { location: `/v2/${repository}/blobs/uploads/1?state=x` });
        registry.kept.push(`${repository} ${url.searchParams.get('mount')}`);
        return answer(201);
      }
      if (isUpload) return void setTimeout(() => finish(body), registry.pace);
      if (request.method !== 'PUT') return answer(url.pathname === '/v2/' ? 200 : 404);
      registry.manifests.set(`${repository}:${rest}`, { type: request.headers['content-type'] ?? '', text: body.toString() });
      registry.kept.push(`${repository}:${rest}`);
      answer(201, { 'docker-content-digest': sha256(body) });
    });
  });
  const port = await listen(server);
  try {
    await use(Object.assign(registry, { address: `127.0.0.1:${port}` }));
  } finally {
    await closeServer(server);
  }
};

const referenceTo = (name: string): Reference => {
  const reference = parseReference(name);
  if ('_tag' in reference) throw new Error(renderError(reference));
  return reference;
};

const pushing = (title: string, body: (fixture: Fixture) => Promise<void>): void =>
  test(title, () =>
    withRegistry(async (registry) => {
      const store = makeStore();
      const events: TransferEvent[] = [];
      const load = async (parts: ImageParts): Promise<void> => {
        const input = join(store.directory, 'archive');
        writeFileSync(input, dockerArchive({ ...parts, names: (parts.names ?? []).map((name) => `${registry.address}/${name}`) }));
        const result = await loadArchive(store.paths, store.host, { input })();
        if (result._tag === 'Left') throw new Error(renderError(result.left));
      };
      const push: Fixture['push'] = async (name, { platform, parallelUploads = 5 } = {}) => {
        const context = { settings: { ...defaultSettings, parallelUploads }, env: {}, credentialOf: async () => undefined };
        const reference = referenceTo(`${registry.address}/${name}`);
        const result = await pushImage(store.paths, context, { reference, progress: (event) => events.push(event), ...(platform ? { platform } : {}) })();
        return result._tag === 'Left' ? result.left : result.right;
      };
      try {
        await body({ store, registry, events, load, push });
        assert.equal(readdirSync(store.paths.images).filter((name) => name.startsWith('.tmp-')), []);
      } finally {
        store.remove();
      }
    }),
  );

const failureOf = (result: Pushed | SkiffError): string => ('_tag' in result ? renderError(result) : 'no failure');
const pushedOf = (result: Pushed | SkiffError): Pushed => ('_tag' in result ? assert.unreachable(renderError(result)) as never : result);
const statesOf = (events: readonly TransferEvent[], data: Buffer): readonly string[] => [...new Set(events.filter(({ id }) => id === sha256(data)).map(({ state }) => state))];

/** Several chunks of a file, and nothing that compresses. */
const largeLayer = (name: string): Buffer => tar({ name, data: randomBytes(3 << 20) });

const a = smallLayer('a', 'a');
const b = smallLayer('b', 'b');

pushing('layers first, then the configuration, the manifest last and as it is stored; again, only the manifest', async ({ store, registry, events, load, push }) => {
  await load({ layers: [a, b, a], names: ['team/app:1'] });
  const { digest, size } = pushedOf(await push('team/app:1'));
  const { text, type } = registry.manifests.get('team/app:1') ?? { text: '', type: '' };
  assert.is(text, readFileSync(blobPath(store.paths, digest), 'utf8'));
  assert.is(size, Buffer.byteLength(text));
  assert.is(type, 'application/vnd.oci.image.manifest.v1+json');
  const { config } = JSON.parse(text) as { config: { digest: string } };
  assert.equal(registry.kept.slice(0, 2).sort(), [a, b].map((layer) => `team/app ${sha256(layer)}`).sort());
  assert.equal(registry.kept.slice(2), [`team/app ${config.digest}`, 'team/app:1']);
  assert.equal(statesOf(events, a), ['Preparing', 'Pushing', 'Pushed']);
  assert.equal(events.filter(({ id, done }) => id === sha256(b) && done !== undefined).at(-1), { id: sha256(b), state: 'Pushing', done: b.length, total: b.length });
  events.length = 0;
  registry.kept.splice(3);
  pushedOf(await push('team/app:1'));
  assert.equal(registry.kept.slice(3), ['team/app:1']);
  assert.equal(statesOf(events, a), ['Preparing', 'Layer already exists']);
});

pushing('a layer of another repository is mounted; a registry that will not is sent it', async ({ registry, events, load, push }) => {
  await load({ layers: [a], names: ['team/base:1', 'elsewhere/never:1'] });
  await load({ layers: [a, b], names: ['app:1', 'late:1'] });
  pushedOf(await push('team/base:1'));
  pushedOf(await push('app:1'));
  assert.equal(statesOf(events, a).slice(-1), ['Mounted from team/base']);
  assert.ok(registry.mounts.includes('team/base'));
  registry.mounting = false;
  events.length = 0;
  pushedOf(await push('late:1'));
  assert.equal(statesOf(events, a), ['Preparing', 'Pushing', 'Pushed']);
  assert.ok(registry.kept.includes(`late ${sha256(a)}`));
});

pushing('no more uploads at once than the settings say', async ({ registry, events, load, push }) => {
  const layers = Array.from({ length: 7 }, (_, position) => smallLayer(`f${position}`, 'x'));
  await load({ layers, names: ['many:1'] });
  registry.pace = 30;
  pushedOf(await push('many:1', { parallelUploads: 2 }));
  assert.is(registry.most, 2);
  assert.is(events.filter(({ state }) => state === 'Waiting').length, 5);
});

pushing('a damaged layer is named, is not sent whole, and the tag does not appear', async ({ store, registry, load, push }) => {
  const large = largeLayer('large');
  await load({ layers: [large], names: ['bad:1'] });
  const path = blobPath(store.paths, sha256(large));
  const bytes = readFileSync(path);
  writeFileSync(path, Buffer.from(bytes.map((byte, at) => (at === bytes.length - 1100 ? byte ^ 1 : byte))));
  const begin = Date.now();
  assert.match(failureOf(await push('bad:1')), new RegExp(`${path} is damaged: its digest is sha256:[0-9a-f]{64}; remove the image`));
  assert.ok(Date.now() - begin < 2000, 'not tried again');
  truncateSync(path, 10);
  assert.match(failureOf(await push('bad:1')), /it has 10 bytes, not \d+/);
  rmSync(path);
  assert.match(failureOf(await push('bad:1')), /the file is missing/);
  assert.equal(registry.kept, []);
});

pushing('damaged documents are found before anything is sent', async ({ store, registry, load, push }) => {
  await load({ layers: [a], names: ['bad:1'] });
  const { digest } = pushedOf(await push('bad:1'));
  registry.kept.length = 0;
  const path = blobPath(store.paths, digest);
  const manifest = readFileSync(path, 'utf8');
  const { config } = JSON.parse(manifest) as { config: { digest: `sha256:${string}` } };
  writeFileSync(path, manifest.replace('"size":', '"siZe":'));
  assert.match(failureOf(await push('bad:1')), /is damaged: its digest is/);
  writeFileSync(path, manifest);
  const configPath = blobPath(store.paths, config.digest);
  writeFileSync(configPath, readFileSync(configPath, 'utf8').replace('linux', 'Linux'));
  assert.match(failureOf(await push('bad:1')), /is damaged: its digest is/);
  assert.equal(registry.kept, []);
});

pushing('a layer that is refused ends the push with its reason, without configuration or tag', async ({ registry, load, push }) => {
  await load({ layers: [a, b], names: ['app:1'] });
  registry.refused = sha256(a);
  assert.match(failureOf(await push('app:1')), /403|denied|refus/i);
  assert.equal(registry.kept.filter((kept) => kept !== `app ${sha256(b)}`), []);
});

pushing('what is not stored, and what is of another platform', async ({ store, registry, load, push }) => {
  await load({ layers: [a], names: ['app:1', 'app:0', 'app/more:1'] });
  assert.match(failureOf(await push('app:2')), /^An image does not exist locally with the tag: 127\.0\.0\.1:\d+\/app; /);
  assert.match(failureOf(await push('app:1', { platform: { os: 'linux', architecture: 'riscv64' } })), /app:1 is for another platform: wanted linux\/riscv64/);
  assert.equal(registry.kept, []);
  const tags = await tagsToPush(store.paths, referenceTo(`${registry.address}/app`))();
  assert.equal(tags._tag === 'Right' ? tags.right.map(({ path, tag }) => `${path}:${tag}`) : [], ['app:0', 'app:1']);
  assert.is((await tagsToPush(store.paths, referenceTo(`${registry.address}/ap`))())._tag, 'Left');
});

test.run();
