/** Blobs on their way to a registry: distribution specification, "Pushing blobs", by POST and one PUT. */
import type { Readable } from 'node:stream';
import { Transform } from 'node:stream';
import type { Descriptor } from '../core/oci-image.ts';
import type { Digest } from '../core/digest.ts';
import { SkiffFailure } from '../core/errors.ts';
import { repositoryScope } from './auth.ts';
import { corrupt, nameOf, statusFailure } from './failures.ts';
import type { Purpose } from './failures.ts';
import { locationFrom } from './redirect.ts';
import { retrying } from './retry.ts';
import type { Sources } from './sources.ts';
import { discard } from './transport.ts';
import type { Answer } from './transport.ts';

export interface Uploads {
  /** Makes the blob `digest` of the repository `from` one of `repository` without sending it. False where the registry would rather have it sent. */
  mount(repository: string, digest: Digest, from: string): Promise<boolean>;
  /**
   * Sends the blob that `open` reads from the offset it is given. Starts anew after a temporary failure, up to five times. `sent` is told how many bytes have been
   * sent in this attempt, so the figure may fall back to 0.
   */
  send(repository: string, descriptor: Descriptor, open: (from: number) => Readable, sent?: (bytes: number) => void): Promise<void>;
}

const pushScope = (repository: string): string => repositoryScope(repository, 'pull,push');

const purposeOf = (domain: string, repository: string, digest: Digest): Purpose => ({ action: 'push', domain, repository, subject: `the layer ${digest} to ${nameOf({ domain, repository })}` });

/** Passes on what it gets, counts it, and fails when it is not exactly `size` bytes: Content-Length has promised that. */
const counted = (source: Readable, subject: string, size: number, sent: ((bytes: number) => void) | undefined): Readable => {
  let total = 0;
  const wrong = (): SkiffFailure => corrupt(subject, `it has not the ${size} bytes that its descriptor promises`);
  const counter = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      total += chunk.length;
      if (total > size) return done(wrong());
      sent?.(total);
      done(null, chunk);
    },
    flush: (done) => done(total === size ? null : wrong()),
  });
  source.on('error', (error) => counter.destroy(error));
  counter.on('close', () => source.destroy());
  return source.pipe(counter);
};

/** Uploads to the registry of `sources`, which answers for `domain`. */
export const makeUploads = (sources: Sources, domain: string): Uploads => {
  const { registry, firstPause } = sources;
  /** Sessions that the registry opened where it would not mount. */
  const opened = new Map<string, URL>();

  const sessionOf = async (purpose: Purpose, answer: Answer): Promise<URL> => {
    if (answer.status !== 202) throw await statusFailure(purpose, answer);
    await discard(answer);
    return locationFrom(answer.url, answer.headers.location, answer.url.protocol === 'http:');
  };

  const start = async (purpose: Purpose, repository: string): Promise<URL> => {
    const call = { method: 'POST', target: `/v2/${repository}/blobs/uploads/`, scopes: [pushScope(repository)], purpose, headers: { 'content-length': '0' } } as const;
    return await sessionOf(purpose, await registry.call(call));
  };

  return {
    async mount(repository, digest, from) {
      const purpose = purposeOf(domain, repository, digest);
      const query = new URLSearchParams({ mount: digest, from });
      const scopes = [pushScope(repository), repositoryScope(from, 'pull')];
      return await retrying(firstPause, async () => {
        const answer = await registry.call({ method: 'POST', target: `/v2/${repository}/blobs/uploads/?${query}`, scopes, purpose, headers: { 'content-length': '0' } });
        if (answer.status === 202) opened.set(`${repository} ${digest}`, await sessionOf(purpose, answer));
        else if (answer.status >= 500 || answer.status === 429) throw await statusFailure(purpose, answer);
        else await discard(answer);
        return answer.status === 201;
      });
    },
    async send(repository, { digest, size }, open, sent) {
      const purpose = purposeOf(domain, repository, digest);
      await retrying(firstPause, async () => {
        const key = `${repository} ${digest}`;
        const session = opened.get(key) ?? (await start(purpose, repository));
        opened.delete(key);
        session.searchParams.set('digest', digest);
        const answer = await registry.call({
          method: 'PUT',
          target: session,
          scopes: [pushScope(repository)],
          purpose,
          headers: { 'content-type': 'application/octet-stream', 'content-length': String(size) },
          body: () => counted(open(0), purpose.subject, size, sent),
        });
        if (answer.status !== 201 && answer.status !== 204) throw await statusFailure(purpose, answer);
        await discard(answer);
      });
    },
  };
};
