/** Manifests, indexes and configurations: small documents that are read whole and verified before anybody sees them. */
import { createHash } from 'node:crypto';
import * as t from 'io-ts';
import { decodeJson, isIndexType, isManifestType, maximumDocument, mediaTypes } from '../core/oci-image.ts';
import type { Descriptor } from '../core/oci-image.ts';
import { isDigest } from '../core/digest.ts';
import type { Digest } from '../core/digest.ts';
import { fail, printable } from '../core/errors.ts';
import { repositoryScope } from './auth.ts';
import type { Endpoint } from './endpoint.ts';
import { connectionFailure, corrupt, nameOf, statusFailure } from './failures.ts';
import type { Purpose } from './failures.ts';
import { retrying } from './retry.ts';
import { readFirst } from './sources.ts';
import type { Sources } from './sources.ts';
import { discard, readBytes } from './transport.ts';
import type { Answer } from './transport.ts';

/** A document out of a registry, byte for byte as it was sent. */
export interface RemoteDocument {
  readonly mediaType: string;
  readonly text: string;
  /** Of the bytes that arrived. */
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

const accepted = [mediaTypes.ociIndex, mediaTypes.ociManifest, mediaTypes.dockerList, mediaTypes.dockerManifest].join(', ');

/** What tells the kinds of documents apart. */
const Outline = t.partial({ schemaVersion: t.unknown, mediaType: t.union([t.string, t.null]), manifests: t.unknown, layers: t.unknown, config: t.unknown, fsLayers: t.unknown });

const target = (repository: string, kind: 'manifests' | 'blobs', reference: string): string => `/v2/${repository}/${kind}/${reference}`;

const purposeOf = (domain: string, repository: string, reference: string): Purpose => {
  const name = nameOf({ domain, repository });
  return { action: 'pull', domain, repository, subject: `manifest for ${name}${isDigest(reference) ? '@' : ':'}${reference}` };
};

/** The body as text. A document that is not UTF-8 would not keep its digest as text. */
const readDocument = async (answer: Answer, subject: string, limit: number): Promise<Omit<RemoteDocument, 'mediaType'>> => {
  const bytes = await readBytes(answer, limit).catch((caught: unknown) => {
    throw connectionFailure(answer.url.host, caught);
  });
  if (bytes === undefined) throw corrupt(subject, `it has more than ${limit === maximumDocument ? '4 MiB' : `the ${limit} bytes that were promised`}`);
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw corrupt(subject, 'it is not UTF-8 text');
  return { text, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length };
};

const bareType = (header: string | undefined): string => (header ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
const isKnownType = (mediaType: string): boolean => isIndexType(mediaType) || isManifestType(mediaType);

/**
 * The media type of a manifest or index. A document that could be taken for both, or whose own `mediaType` is not the one that it was sent with, means
 * different images to different clients (CVE-2021-41190) and is refused.
 */
const mediaTypeOf = (subject: string, header: string | undefined, text: string): string => {
  const hostile = (reason: string): never => fail({ _tag: 'Hostile', subject, reason });
  const outline = decodeJson(Outline, text);
  if ('left' in outline) throw corrupt(subject, outline.left);
  const { schemaVersion, mediaType: own, manifests, layers, config, fsLayers } = outline.right;
  if (schemaVersion === 1 || fsLayers !== undefined) fail({ _tag: 'Refused', message: `${subject} is in Docker's schema 1, which is out of use since 2017`, hint: 'push the image again with a newer client' });
  const isIndex = manifests !== undefined;
  if (isIndex && (layers !== undefined || config !== undefined)) hostile('it is a manifest and an index at once');
  const sent = bareType(header);
  if (isKnownType(sent) && typeof own === 'string' && own !== '' && own !== sent) hostile(`it was sent as ${sent} and calls itself ${printable(own.slice(0, 100))}`);
  const mediaType = isKnownType(sent) ? sent : own || (isIndex ? mediaTypes.ociIndex : mediaTypes.ociManifest);
  if (!isKnownType(mediaType)) fail({ _tag: 'Refused', message: `${subject} is a '${printable(mediaType.slice(0, 100))}', not an image` });
  if (isIndexType(mediaType) !== isIndex) hostile(`it is not the ${mediaType} that it claims to be`);
  return mediaType;
};

const verified = (answer: Answer, subject: string, wanted: string, document: Omit<RemoteDocument, 'mediaType'>): void => {
  if (isDigest(wanted) && document.digest !== wanted) throw corrupt(subject, `${answer.url.host} sent one with the digest ${document.digest}`);
  const claimed = answer.headers['docker-content-digest'];
  if (isDigest(claimed) && claimed !== document.digest) throw corrupt(subject, `${answer.url.host} calls it ${claimed}, but it has the digest ${document.digest}`);
};

const getManifest = async (endpoint: Endpoint, domain: string, repository: string, reference: string): Promise<RemoteDocument> => {
  const purpose = purposeOf(domain, repository, reference);
  const answer = await endpoint.call({ method: 'GET', target: target(repository, 'manifests', reference), scopes: [repositoryScope(repository, 'pull')], purpose, headers: { accept: accepted } });
  if (answer.status !== 200) throw await statusFailure(purpose, answer);
  const document = await readDocument(answer, `the ${purpose.subject}`, maximumDocument);
  verified(answer, `the ${purpose.subject}`, reference, document);
  return { ...document, mediaType: mediaTypeOf(`the ${purpose.subject}`, answer.headers['content-type'], document.text) };
};

/** The manifest or index that `reference`, a tag or digest, names. */
export const readManifest = async (sources: Sources, domain: string, repository: string, reference: string): Promise<RemoteDocument> => {
  const found = await readFirst(sources, (endpoint) => getManifest(endpoint, domain, repository, reference));
  return found ?? fail({ _tag: 'Refused', message: `${purposeOf(domain, repository, reference).subject} not found` });
};

/** What a HEAD request says, or undefined where it leaves out a part. */
const descriptorOf = ({ headers }: Answer): Descriptor | undefined => {
  const digest = headers['docker-content-digest'];
  const mediaType = bareType(headers['content-type']);
  const length = headers['content-length'] ?? '';
  return isDigest(digest) && isKnownType(mediaType) && /^\d{1,15}$/.test(length) ? { mediaType, digest, size: Number(length) } : undefined;
};

/** What `reference` names, as far as the registry says without sending it; undefined where there is no such manifest. */
export const headManifest = async (sources: Sources, domain: string, repository: string, reference: string): Promise<Descriptor | undefined> =>
  await readFirst(sources, async (endpoint) => {
    const purpose = purposeOf(domain, repository, reference);
    const answer = await endpoint.call({ method: 'HEAD', target: target(repository, 'manifests', reference), scopes: [repositoryScope(repository, 'pull')], purpose, headers: { accept: accepted } });
    if (answer.status !== 200 && answer.status !== 404) throw await statusFailure(purpose, answer);
    await discard(answer);
    if (answer.status === 404) return undefined;
    const descriptor = descriptorOf(answer);
    if (descriptor !== undefined) return descriptor;
    const { mediaType, digest, size } = await getManifest(endpoint, domain, repository, reference);
    return { mediaType, digest, size };
  });

/** A small blob, such as a configuration, of exactly the size and digest that `descriptor` promises. */
export const readDocumentBlob = async (sources: Sources, domain: string, repository: string, descriptor: Descriptor): Promise<RemoteDocument> => {
  const { digest, size, mediaType } = descriptor;
  const purpose: Purpose = { action: 'pull', domain, repository, subject: `the document ${digest} of ${nameOf({ domain, repository })}` };
  if (size > maximumDocument) fail({ _tag: 'Hostile', subject: purpose.subject, reason: `it has ${size} bytes, more than 4 MiB` });
  const found = await readFirst(sources, async (endpoint) => {
    const answer = await endpoint.call({ method: 'GET', target: target(repository, 'blobs', digest), scopes: [repositoryScope(repository, 'pull')], purpose });
    if (answer.status !== 200) throw await statusFailure(purpose, answer);
    const document = await readDocument(answer, purpose.subject, size);
    if (document.size !== size) throw corrupt(purpose.subject, `${answer.url.host} sent ${document.size} bytes, not ${size}`);
    verified(answer, purpose.subject, digest, document);
    return { ...document, mediaType };
  });
  return found ?? fail({ _tag: 'Refused', message: `${purpose.subject} not found` });
};

/** Gives `text` the name `reference` in the registry. Everything that it mentions has to be there. Idempotent. */
export const sendManifest = async (sources: Sources, domain: string, repository: string, reference: string, mediaType: string, text: string): Promise<void> => {
  const purpose: Purpose = { ...purposeOf(domain, repository, reference), action: 'push' };
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  await retrying(sources.firstPause, async () => {
    const answer = await sources.registry.call({
      method: 'PUT',
      target: target(repository, 'manifests', reference),
      scopes: [repositoryScope(repository, 'pull,push')],
      purpose,
      headers: { 'content-type': mediaType, 'content-length': String(Buffer.byteLength(text)) },
      body: () => text,
    });
    if (answer.status !== 201 && answer.status !== 200 && answer.status !== 202) throw await statusFailure(purpose, answer);
    await discard(answer);
    const stored = answer.headers['docker-content-digest'];
    if (isDigest(stored) && stored !== digest) throw corrupt(`the ${purpose.subject}`, `${answer.url.host} stored it as ${stored}, but it has the digest ${digest}`);
  });
};
