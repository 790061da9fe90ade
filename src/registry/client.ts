/** A registry, as pull, push, login and search see it: the OCI distribution specification 1.1. */
import type { Readable } from 'node:stream';
import type { Digest } from '../core/digest.ts';
import type { Descriptor } from '../core/oci-image.ts';
import type { Settings } from '../system/settings.ts';
import { blobIsThere, readBlob } from './blobs.ts';
import type { Credential } from './credentials.ts';
import { mirrorEndpoint, registryEndpoint } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { statusFailure } from './failures.ts';
import type { Purpose } from './failures.ts';
import { readCatalog, readTags } from './listings.ts';
import { headManifest, readDocumentBlob, readManifest, sendManifest } from './manifests.ts';
import type { RemoteDocument } from './manifests.ts';
import { firstPause, retrying } from './retry.ts';
import { makeSources } from './sources.ts';
import { defaultTimeOuts, discard, openTransport } from './transport.ts';
import type { TimeOuts } from './transport.ts';
import { makeUploads } from './uploads.ts';

export type { RemoteDocument } from './manifests.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface RegistryContext {
  readonly settings: Settings;
  /** Proxies and SSL_CERT_FILE are read from it. */
  readonly env: Environment;
  /** Called at most once per registry and only if it asks. */
  readonly credentialOf: (domain: string) => Promise<Credential | undefined>;
}

/**
 * All methods throw SkiffFailure; requests that may succeed later are repeated up to five times first, with pauses. `repository` is the path below the domain, as in
 * `library/busybox`. What is read may come from a mirror.
 */
export interface Registry {
  readonly domain: string;
  /** The manifest or index that a tag or digest names, at most 4 MiB, of the digest that was asked for or that the registry says. */
  manifest(repository: string, reference: string): Promise<RemoteDocument>;
  /** What a tag or digest names, without fetching it; undefined where there is nothing of that name. Not verified. */
  headManifest(repository: string, reference: string): Promise<Descriptor | undefined>;
  /** A small blob, such as a configuration, of the digest and size that `descriptor` promises. */
  document(repository: string, descriptor: Descriptor): Promise<RemoteDocument>;
  /** The bytes of a blob from offset `from` on, across cuts; never more than promised. The caller verifies the digest. */
  blob(repository: string, descriptor: Descriptor, from: number): AsyncGenerator<Uint8Array>;
  hasBlob(repository: string, digest: Digest): Promise<boolean>;
  /** Makes a blob of the repository `from` one of `repository`; false where it has to be sent. */
  mountBlob(repository: string, digest: Digest, from: string): Promise<boolean>;
  /** Sends a blob; `sent` gets the bytes sent so far, and 0 and up again where it had to start anew. Idempotent. */
  uploadBlob(repository: string, descriptor: Descriptor, open: (from: number) => Readable, sent?: (bytes: number) => void): Promise<void>;
  /** Gives the manifest `text` a name, a tag or its digest. What it mentions has to be there. Idempotent. */
  putManifest(repository: string, reference: string, mediaType: string, text: string): Promise<void>;
  /** All tags. */
  tags(repository: string): Promise<readonly string[]>;
  /** All repositories, where the registry tells. */
  catalog(): Promise<readonly string[]>;
  /** Whether the credential is accepted: returns if it is, or if the registry asks for none. */
  authenticate(): Promise<void>;
  /** Closes all connections; to be called at the end. */
  close(): void;
}

/** Times that tests make short, all in milliseconds. */
export interface Tuning {
  readonly timeOuts: TimeOuts;
  readonly firstPause: number;
}

const login = async (endpoint: Endpoint, domain: string): Promise<void> => {
  const purpose: Purpose = { action: 'log in to', domain, subject: domain };
  const answer = await endpoint.call({ method: 'GET', target: '/v2/', scopes: [], purpose });
  if (answer.status !== 200) throw await statusFailure(purpose, answer);
  await discard(answer);
};

/** The registry `domain` (`docker.io`, `host[:port]`). Connects when it is first used. */
export const openRegistry = (context: RegistryContext, domain: string, tuning: Tuning = { timeOuts: defaultTimeOuts, firstPause }): Registry => {
  const { settings, env, credentialOf } = context;
  const transport = openTransport(settings, env, tuning.timeOuts);
  const options = { transport, settings, credentialOf };
  const addresses = Object.hasOwn(settings.registries, domain) ? (settings.registries[domain]?.mirrors ?? []) : [];
  const registry = registryEndpoint(options, domain);
  const sources = makeSources(registry, addresses.map((address) => mirrorEndpoint(options, address)), tuning.firstPause);
  const uploads = makeUploads(sources, domain);
  return {
    domain,
    manifest: (repository, reference) => readManifest(sources, domain, repository, reference),
    headManifest: (repository, reference) => headManifest(sources, domain, repository, reference),
    document: (repository, descriptor) => readDocumentBlob(sources, domain, repository, descriptor),
    blob: (repository, descriptor, from) => readBlob(sources, domain, repository, descriptor, from),
    hasBlob: (repository, digest) => blobIsThere(sources, domain, repository, digest),
    mountBlob: (repository, digest, from) => uploads.mount(repository, digest, from),
    uploadBlob: (repository, descriptor, open, sent) => uploads.send(repository, descriptor, open, sent),
    putManifest: (repository, reference, mediaType, text) => sendManifest(sources, domain, repository, reference, mediaType, text),
    tags: (repository) => readTags(sources, domain, repository),
    catalog: () => readCatalog(sources, domain),
    authenticate: () => retrying(tuning.firstPause, () => login(registry, domain)),
    close: () => transport.close(),
  };
};
