/** A file from the web, as a stream: the source of `skiff import`. */
import { Readable } from 'node:stream';
import { SkiffFailure, fail } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { connectionFailure } from '../registry/failures.ts';
import { bytesOf, discard, openTransport } from '../registry/transport.ts';
import type { Answer } from '../registry/transport.ts';
import type { Settings } from '../system/settings.ts';

/** Most bytes that are taken from an address that does not say how many there are. */
const maximumSize = 64 * 1024 ** 3;

/** What fetching needs: settings for hosts' certificates, and an environment that names proxies. */
export interface FetchContext {
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Called now and then with the bytes so far, of how many where that is known. */
export type FetchProgress = (done: number, total: number | undefined) => void;

const parseUrl = (word: string): URL => {
  const url = URL.canParse(word) ? new URL(word) : fail({ _tag: 'Usage', message: 'the source is no valid address', hint: 'write it as https://HOST/PATH' });
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  return fail({ _tag: 'Usage', message: `addresses that begin with ${url.protocol} cannot be fetched`, hint: 'give an http or https address, or pipe it in: … | skiff import - NAME' });
};

/** The address as errors and histories may show it: without a password, and without a query, which may be a signature. */
export const shownUrl = (word: string): string => {
  if (!URL.canParse(word)) return 'the address';
  const { protocol, host, pathname } = new URL(word);
  return `${protocol}//${host}${pathname}`;
};

/** The failure in words of a file rather than of a registry. */
const fetchFailure = (subject: string, host: string, caught: unknown): SkiffFailure => {
  const failure = connectionFailure(host, caught);
  const { error } = failure;
  return error._tag === 'System' ? new SkiffFailure({ ...error, operation: 'fetch', subject } satisfies SkiffError) : failure;
};

const lengthOf = ({ headers }: Answer): number | undefined => {
  const text = headers['content-length'] ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
};

const checkAnswer = async (subject: string, answer: Answer): Promise<number | undefined> => {
  const total = lengthOf(answer);
  const tooLong = (total ?? 0) > maximumSize;
  if (answer.status === 200 && !tooLong) return total;
  // The rest of an answer that is too long never ends.
  if (!tooLong) await discard(answer);
  answer.body.destroy();
  if (tooLong) fail({ _tag: 'Hostile', subject, reason: 'it is larger than 64 GiB' });
  const hint = answer.status === 401 || answer.status === 403 ? { hint: 'fetch it with another program and give the file' } : {};
  return fail({ _tag: 'System', operation: 'fetch', subject, reason: `${answer.url.host} answered with status ${answer.status}`, ...hint });
};

async function* checkedBytes(subject: string, answer: Answer, total: number | undefined, progress: FetchProgress | undefined): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of bytesOf(answer)) {
    done += chunk.length;
    if (done > maximumSize) fail({ _tag: 'Hostile', subject, reason: 'it is larger than 64 GiB' });
    progress?.(done, total);
    yield chunk;
  }
  if (total !== undefined && done !== total) fail({ _tag: 'Corrupt', subject, reason: `${done} of ${total} bytes arrived`, hint: 'try again' });
}

/**
 * The bytes behind `address`, after up to five redirects; `body` reads them, and the connection is closed at its end.
 * Throws `Usage`, `System` and `Hostile` failures, `Corrupt` for a file that is cut short, and what `body` throws.
 */
export const withUrl = async <A>(context: FetchContext, address: string, progress: FetchProgress | undefined, body: (bytes: Readable) => Promise<A>): Promise<A> => {
  const url = parseUrl(address);
  const subject = shownUrl(address);
  const transport = openTransport(context.settings, context.env);
  const guarded = async function* (answer: Answer, total: number | undefined): AsyncGenerator<Uint8Array> {
    try {
      yield* checkedBytes(subject, answer, total, progress);
    } catch (caught) {
      throw fetchFailure(subject, url.host, caught);
    }
  };
  try {
    const answer = await transport.send({ method: 'GET', url }).catch((caught: unknown) => Promise.reject(fetchFailure(subject, url.host, caught)));
    return await body(Readable.from(guarded(answer, await checkAnswer(subject, answer)), { objectMode: false }));
  } finally {
    transport.close();
  }
};
