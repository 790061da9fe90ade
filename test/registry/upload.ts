/** Puts images into a registry byte by byte, so that a test decides every media type and every document. */
import { request } from 'node:http';
import { configOf, sha256 } from '../make-image.ts';
import type { ImageParts } from '../make-image.ts';

interface Answer {
  readonly status: number;
  readonly location: string;
  readonly body: string;
}

const ask = (method: string, url: string, headers: Readonly<Record<string, string>> = {}, body: string | Buffer = ''): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { method, agent: false, headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) } }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => void (text += chunk.toString()));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, location: answer.headers.location ?? '', body: text }));
      answer.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });

const expect = async (wanted: number, what: string, answer: Promise<Answer>): Promise<Answer> => {
  const got = await answer;
  if (got.status !== wanted) throw new Error(`${what}: the registry answered ${got.status} ${got.body}`);
  return got;
};

/** What a manifest says of a blob or an index of a manifest. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: ImageParts['platform'];
}

export const describe = (mediaType: string, data: string | Buffer): Descriptor => ({ mediaType, digest: sha256(data), size: Buffer.byteLength(data) });

/** Stores a blob in `repository` of the registry at `address`, which wants no authentication. */
export const uploadBlob = async (address: string, repository: string, data: string | Buffer): Promise<void> => {
  const { location } = await expect(202, 'start of an upload', ask('POST', `http://${address}/v2/${repository}/blobs/uploads/`));
  const url = new URL(location, `http://${address}`);
  url.searchParams.set('digest', sha256(data));
  await expect(201, 'upload', ask('PUT', url.href, { 'content-type': 'application/octet-stream' }, data));
};

/** Stores a manifest or index under a tag or its digest; returns its descriptor. */
export const uploadManifest = async (address: string, repository: string, reference: string, mediaType: string, text: string): Promise<Descriptor> => {
  await expect(201, `manifest ${reference}`, ask('PUT', `http://${address}/v2/${repository}/manifests/${reference}`, { 'content-type': mediaType }, text));
  return describe(mediaType, text);
};

export type Dialect = 'oci' | 'docker';

export const types = {
  oci: { manifest: 'application/vnd.oci.image.manifest.v1+json', index: 'application/vnd.oci.image.index.v1+json', config: 'application/vnd.oci.image.config.v1+json', layer: 'application/vnd.oci.image.layer.v1.tar', gzip: '+gzip', zstd: '+zstd' },
  docker: { manifest: 'application/vnd.docker.distribution.manifest.v2+json', index: 'application/vnd.docker.distribution.manifest.list.v2+json', config: 'application/vnd.docker.container.image.v1+json', layer: 'application/vnd.docker.image.rootfs.diff.tar', gzip: '.gzip', zstd: '.zstd' },
} as const;

/** An image's documents as they are stored. */
export interface MadeImage {
  readonly config: string;
  readonly manifest: string;
  readonly mediaType: string;
}

const compression = (layer: Buffer, dialect: Dialect): string => (layer[0] === 0x1f ? types[dialect].gzip : layer[0] === 0x28 ? types[dialect].zstd : '');

/** The documents of an image in this dialect. */
export const makeImage = (parts: ImageParts, dialect: Dialect = 'oci'): MadeImage => {
  const config = configOf(parts);
  const words = types[dialect];
  const layers = parts.layers.map((layer) => describe(`${words.layer}${compression(layer, dialect)}`, layer));
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType: words.manifest, config: describe(words.config, config), layers });
  return { config, manifest, mediaType: words.manifest };
};

/** Stores an image under `name`, `repository:tag`; without a tag under its digest only. Returns the manifest's descriptor. */
export const uploadImage = async (address: string, name: string, parts: ImageParts, dialect: Dialect = 'oci'): Promise<Descriptor> => {
  const [repository = '', tag] = name.split(':');
  const { config, manifest, mediaType } = makeImage(parts, dialect);
  for (const blob of new Set<string | Buffer>([...parts.layers, config])) await uploadBlob(address, repository, blob);
  const stored = await uploadManifest(address, repository, tag ?? sha256(manifest), mediaType, manifest);
  return parts.platform === undefined ? stored : { ...stored, platform: parts.platform };
};

/** Stores images of several platforms under one name. Returns the index's descriptor. */
export const uploadIndex = async (address: string, name: string, images: readonly ImageParts[], dialect: Dialect = 'oci'): Promise<Descriptor> => {
  const [repository = '', tag = 'latest'] = name.split(':');
  const manifests: Descriptor[] = [];
  for (const parts of images) manifests.push(await uploadImage(address, repository, parts, dialect));
  const text = JSON.stringify({ schemaVersion: 2, mediaType: types[dialect].index, manifests });
  return uploadManifest(address, repository, tag, types[dialect].index, text);
};

/** The catalog, the tags or a manifest, as the registry gives it. */
export const lookUp = async (address: string, path: string): Promise<string> =>
  (await expect(200, path, ask('GET', `http://${address}/v2/${path}`, { accept: [types.oci.manifest, types.oci.index, types.docker.manifest, types.docker.index].join(', ') }))).body;
