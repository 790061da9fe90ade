/** Images for tests: a busybox root file system, and docker-archives and OCI archives made of layers, byte by byte. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { helperPath, inUserNamespace } from '../src/system/helper.ts';
import { readHost } from '../src/system/host.ts';
import type { Host } from '../src/system/host.ts';
import { ensureDirectories, resolvePaths } from '../src/system/paths.ts';
import type { Paths } from '../src/system/paths.ts';
import { tar } from './tar-maker.ts';
import type { Entry } from './tar-maker.ts';

/** sha256 of `bytes` in the OCI form. */
export const sha256 = (bytes: string | Buffer): `sha256:${string}` => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const busybox = '/bin/busybox';

const applets = (): readonly string[] =>
  execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n').filter((name) => name !== '' && name !== 'busybox');

const skeleton = ['bin', 'dev', 'etc', 'proc', 'root', 'sys', 'tmp', 'usr', 'var'] as const;
const passwd = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n';
const group = 'root:x:0:\nnogroup:x:65534:\n';

/** Makes a busybox root file system (package busybox-static) in the new directory `directory`. */
export const makeBusyboxRootfs = (directory: string): void => {
  for (const name of skeleton) mkdirSync(join(directory, name), { recursive: true });
  copyFileSync(busybox, join(directory, 'bin/busybox'));
  chmodSync(join(directory, 'bin/busybox'), 0o755);
  for (const name of applets()) symlinkSync('busybox', join(directory, 'bin', name));
};

/** The same root file system as a tar, with its owners. */
export const busyboxTar = (): Buffer =>
  tar(
    ...skeleton.map((name): Entry => ({ name: `${name}/`, type: 'directory', mode: name === 'tmp' ? 0o1777 : 0o755 })),
    { name: 'bin/busybox', mode: 0o755, data: readFileSync(busybox) },
    ...applets().map((name): Entry => ({ name: `bin/${name}`, type: 'symlink', linkname: 'busybox', mode: 0o777 })),
    { name: 'etc/passwd', data: passwd },
    { name: 'etc/group', data: group },
  );

/** What an archive is made of. */
export interface ImageParts {
  /** Layers as they are stored: plain, gzip, … */
  readonly layers: readonly Buffer[];
  /** Digests of the plain layers; computed for plain and gzip layers. */
  readonly diffIds?: readonly string[];
  readonly names?: readonly string[];
  /** `Cmd`, `Env`, … */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
  readonly created?: string;
}

const plain = (layer: Buffer): Buffer => (layer[0] === 0x1f && layer[1] === 0x8b ? gunzipSync(layer) : layer);

/** The image configuration for `parts`, as JSON. */
export const configOf = (parts: ImageParts): string =>
  JSON.stringify({
    ...(parts.platform ?? { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' }),
    created: parts.created ?? '2026-01-02T03:04:05Z',
    config: parts.config ?? { Cmd: ['/bin/sh'] },
    rootfs: { type: 'layers', diff_ids: parts.diffIds ?? parts.layers.map((layer) => sha256(plain(layer))) },
  });

/** One image of a docker-archive: its files, and its line of manifest.json. */
export const dockerEntries = (parts: ImageParts): { readonly entries: readonly Entry[]; readonly line: unknown } => {
  const config = configOf(parts);
  const name = `${sha256(config).slice(7)}.json`;
  const layers = parts.layers.map((data, position) => ({ name: `${position}-${sha256(data).slice(7)}/layer.tar`, data }));
  return {
    entries: [...layers, { name, data: config }],
    line: { Config: name, RepoTags: parts.names ?? null, Layers: layers.map((layer) => layer.name) },
  };
};

/** A docker-archive (`docker save`) of `images`; manifest.json comes last, as Docker writes it. */
export const dockerArchive = (...images: readonly ImageParts[]): Buffer => {
  const made = images.map(dockerEntries);
  const entries = made.flatMap((image) => image.entries);
  return tar(...entries, { name: 'manifest.json', data: JSON.stringify(made.map((image) => image.line)) });
};

const gzipOr = (layer: Buffer): string => `application/vnd.oci.image.layer.v1.tar${layer[0] === 0x1f ? '+gzip' : layer[0] === 0x28 ? '+zstd' : ''}`;

const descriptor = (mediaType: string, data: string | Buffer): Readonly<Record<string, unknown>> => ({ mediaType, digest: sha256(data), size: Buffer.byteLength(data) });

export const blobEntry = (data: string | Buffer): Entry => ({ name: `blobs/sha256/${sha256(data).slice(7)}`, data });

/** One image of an OCI archive: its blobs, and its descriptor for an index. */
export const ociImage = (parts: ImageParts): { readonly blobs: readonly Entry[]; readonly descriptor: Readonly<Record<string, unknown>> } => {
  const config = configOf(parts);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: parts.layers.map((layer) => descriptor(gzipOr(layer), layer)),
  });
  return {
    blobs: [...parts.layers, config, manifest].map(blobEntry),
    descriptor: { ...descriptor('application/vnd.oci.image.manifest.v1+json', manifest), ...(parts.platform ? { platform: parts.platform } : {}) },
  };
};

/** An OCI archive whose index.json has `manifests`. */
export const ociLayoutTar = (blobs: readonly Entry[], manifests: readonly unknown[]): Buffer =>
  tar(
    { name: 'oci-layout', data: '{"imageLayoutVersion":"1.0.0"}' },
    { name: 'blobs/', type: 'directory' },
    { name: 'blobs/sha256/', type: 'directory' },
    ...new Map(blobs.map((entry) => [entry.name, entry])).values(),
    { name: 'index.json', data: JSON.stringify({ schemaVersion: 2, manifests }) },
  );

/** An OCI archive of one image for each of `images`; names go to `org.opencontainers.image.ref.name`. */
export const ociArchive = (...images: readonly ImageParts[]): Buffer => {
  const made = images.map((parts) => ({ ...ociImage(parts), names: parts.names ?? [undefined] }));
  const lines = made.flatMap((image) =>
    image.names.map((name) => ({
      ...image.descriptor,
      ...(name === undefined ? {} : { annotations: { 'org.opencontainers.image.ref.name': name } }),
    })),
  );
  return ociLayoutTar(made.flatMap((image) => image.blobs), lines);
};

/** A small layer with one file. */
export const smallLayer = (name: string, data: string): Buffer => tar({ name, data });

/** A store of its own for one test. */
export interface TestStore {
  readonly paths: Paths;
  readonly host: Host;
  /** For the test's own files; gone with the store. */
  readonly directory: string;
  readonly remove: () => void;
}

/** Root has no subordinate ids in most places; tests as root take themselves as the one mapped id. */
const testHost = (): Host => {
  const host = readHost(process.env);
  return host.uid === 0 ? { ...host, idMap: { mode: 'single', uid: host.uid, gid: host.gid, reason: 'a test as root' } } : host;
};

/** Makes an empty store below the temporary directory. The helpers come from SKIFF_HELPERS or `dist/helpers`. */
export const makeStore = (): TestStore => {
  process.env['SKIFF_HELPERS'] ??= resolve('dist/helpers');
  const directory = mkdtempSync(join(tmpdir(), 'skiff-images-'));
  const environment = { ...process.env, HOME: directory, SKIFF_ROOT: join(directory, 'root'), XDG_RUNTIME_DIR: join(directory, 'run'), XDG_CACHE_HOME: join(directory, 'cache') };
  const paths = resolvePaths(environment);
  ensureDirectories(paths);
  const host = testHost();
  const remove = (): void => {
    const [program = '', ...rest] = inUserNamespace(paths, host, [helperPath(paths, 'skiff-helper'), 'rm', paths.layers]);
    execFileSync(program, rest, { stdio: 'ignore' });
    rmSync(directory, { recursive: true, force: true });
  };
  return { paths, host, directory, remove };
};
