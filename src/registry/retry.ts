/** What is tried again, how often and after which pause. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SkiffFailure } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';

/** Attempts in a row without progress after which a failure is final. */
const maximumAttempts = 5;

/** Longest pause that a server may ask for, in milliseconds. */
const longestPause = 60_000;

/** The pause before the second attempt, in milliseconds; it doubles from there. */
export const firstPause = 250;

/** A failure that another attempt may cure; `after` is the pause in milliseconds that the server asked for. */
export class TemporaryFailure extends SkiffFailure {
  readonly after: number | undefined;
  constructor(error: SkiffError, after?: number) {
    super(error);
    this.after = after;
  }
}

/** Whether an HTTP status says that the same request may succeed later. */
export const isTemporaryStatus = (status: number): boolean => [408, 429, 500, 502, 503, 504].includes(status);

const temporaryCodes = ['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ERR_STREAM_PREMATURE_CLOSE'];

/** Whether a connection that ended with this error code may hold the next time. A refused one or an unknown name will not. */
export const isTemporaryCode = (code: string): boolean => temporaryCodes.includes(code);

/**
 * The pause that a `Retry-After` header (RFC 9110 section 10.2.3: seconds or a date) asks for, in milliseconds: 0 to 60,000; undefined
 * where there is none or it makes no sense. `now` is in milliseconds since 1970.
 */
export const retryAfter = (header: string | undefined, now: number): number | undefined => {
  if (header === undefined || header.length > 100) return undefined;
  const pause = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(pause) ? undefined : Math.min(longestPause, Math.max(0, pause));
};

/**
 * The pause in milliseconds after `failures` (1 and up) failed attempts: 250 ms, doubling, of which up to half is left off at random (`random` is
 * 0 to 1) so that clients do not return all at once; never less than the server asked for.
 */
export const pauseAfter = (failures: number, asked: number | undefined, random: number, first = firstPause): number =>
  Math.max(asked ?? 0, Math.min(longestPause, first * 2 ** (failures - 1) * (1 - random / 2)));

/** Waits as `pauseAfter` says. Throws `failure` instead when it is not temporary or was the last of `maximumAttempts`. */
export const pauseOrThrow = async (failure: unknown, failures: number, first = firstPause): Promise<void> => {
  if (!(failure instanceof TemporaryFailure) || failures >= maximumAttempts) throw failure;
  await sleep(pauseAfter(failures, failure.after, Math.random(), first));
};

/** The first success of `attempt`, which is called at most `maximumAttempts` times. */
export const retrying = async <A>(first: number, attempt: () => Promise<A>): Promise<A> => {
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt();
    } catch (failure) {
      await pauseOrThrow(failure, failures, first);
    }
  }
};
