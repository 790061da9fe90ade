/** Layers on their way here: a stream that survives cuts. */
import type { Descriptor } from '../core/oci-image.ts';
import type { Digest } from '../core/digest.ts';
import { SkiffFailure } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { repositoryScope } from './auth.ts';
import type { Endpoint } from './endpoint.ts';
import { connectionFailure, corrupt, isConnectionFailure, nameOf, statusFailure } from './failures.ts';
import type { Purpose } from './failures.ts';
import { TemporaryFailure, pauseOrThrow, retrying } from './retry.ts';
import type { Sources } from './sources.ts';
import { bytesOf, discard } from './transport.ts';
import type { Answer } from './transport.ts';

const purposeOf = (domain: string, repository: string, digest: Digest): Purpose => ({ action: 'pull', domain, repository, subject: `the layer ${digest} of ${nameOf({ domain, repository })}` });

/** Bytes of the answer that come before `at`: none in a part (206), all of them in a whole (200). Throws what contradicts `size` or the request. */
const bytesBefore = ({ status, headers }: Answer, subject: string, at: number, size: number): number => {
  const length = headers['content-length'];
  if (status === 200) {
    if (length !== undefined && Number(length) !== size) throw corrupt(subject, `the registry has ${length} bytes of it, not ${size}`);
    return at;
  }
  const range = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(headers['content-range'] ?? '');
  const [first, last, whole] = [Number(range?.[1]), Number(range?.[2]), range?.[3]];
  if (range === null || at === 0 || first !== at || last < first || last >= size || (whole !== '*' && Number(whole) !== size)) {
    throw corrupt(subject, `the registry sent another part of it than bytes ${at} to ${size - 1}`);
  }
  return 0;
};

const request = async (endpoint: Endpoint, purpose: Purpose, repository: string, digest: Digest, at: number): Promise<Answer> => {
  const headers = at === 0 ? {} : { range: `bytes=${at}-` };
  const answer = await endpoint.call({ method: 'GET', target: `/v2/${repository}/blobs/${digest}`, scopes: [repositoryScope(repository, 'pull')], purpose, headers });
  if (answer.status === 200 || answer.status === 206) return answer;
  if (answer.status === 416) {
    await discard(answer);
    throw corrupt(purpose.subject, `the registry has no bytes of it after ${at}`);
  }
  throw await statusFailure(purpose, answer);
};

/** One answer's worth of the blob from `at` on. Ends at `size`; throws a temporary failure when the answer ends before. */
async function* readOnce(answer: Answer, subject: string, from: number, size: number): AsyncGenerator<Uint8Array> {
  let at = from;
  let skip: number;
  try {
    skip = bytesBefore(answer, subject, at, size);
  } catch (failure) {
    answer.body.destroy();
    throw failure;
  }
  try {
    for await (const chunk of bytesOf(answer)) {
      const bytes = skip === 0 ? chunk : chunk.subarray(skip);
      skip = Math.max(0, skip - chunk.length);
      at += bytes.length;
      if (at > size) throw corrupt(subject, `the registry sent more than its ${size} bytes`);
      if (bytes.length > 0) yield bytes;
    }
  } catch (caught) {
    throw connectionFailure(answer.url.host, caught);
  }
  if (at < size) throw new TemporaryFailure({ _tag: 'Corrupt', subject, reason: `it ends after ${at} of ${size} bytes` });
}

/** A failed connection names only the host: this adds what was to come over it. */
const naming = (subject: string, caught: unknown): unknown => {
  if (!(caught instanceof SkiffFailure) || caught.error._tag !== 'System' || !isConnectionFailure(caught)) return caught;
  const error: SkiffError = { ...caught.error, reason: `${caught.error.reason} (needed for ${subject})` };
  return caught instanceof TemporaryFailure ? new TemporaryFailure(error, caught.after) : new SkiffFailure(error);
};

/**
 * The bytes of a blob from `from` to its end. Goes on where a connection was cut, and starts counting failures anew with each byte of progress. A host that
 * has sent something and is gone then, even one that refuses connections, is waited for. A mirror that fails is left for the next source. Never yields more than `descriptor.size - from` bytes; whether they have the digest is the caller's to find out.
 */
export async function* readBlob(sources: Sources, domain: string, repository: string, descriptor: Descriptor, from: number): AsyncGenerator<Uint8Array> {
  const { digest, size } = descriptor;
  const purpose = purposeOf(domain, repository, digest);
  const left = [...sources.all()];
  let at = from;
  let failures = 0;
  while (at < size) {
    const [endpoint = sources.registry] = left;
    try {
      for await (const bytes of readOnce(await request(endpoint, purpose, repository, digest, at), purpose.subject, at, size)) {
        at += bytes.length;
        failures = 0;
        yield bytes;
      }
    } catch (caught) {
      const failure = naming(purpose.subject, caught);
      if (endpoint.isMirror && failure instanceof SkiffFailure) {
        left.shift();
        continue;
      }
      failures += 1;
      const isOutage = at > from && failure instanceof SkiffFailure && isConnectionFailure(failure);
      await pauseOrThrow(isOutage ? new TemporaryFailure(failure.error) : failure, failures, sources.firstPause);
    }
  }
}

/** Whether the registry itself, mirrors aside, has the blob `digest` in `repository`. */
export const blobIsThere = async (sources: Sources, domain: string, repository: string, digest: Digest): Promise<boolean> =>
  await retrying(sources.firstPause, async () => {
    const purpose: Purpose = { ...purposeOf(domain, repository, digest), action: 'push' };
    const answer = await sources.registry.call({ method: 'HEAD', target: `/v2/${repository}/blobs/${digest}`, scopes: [repositoryScope(repository, 'pull,push')], purpose });
    if (answer.status !== 200 && answer.status !== 404) throw await statusFailure(purpose, answer);
    await discard(answer);
    return answer.status === 200;
  });
