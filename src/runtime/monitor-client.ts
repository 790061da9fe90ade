/** Talking to the monitor of a running container over its control socket; frames as in helpers/frames.h. */
import { closeSync, constants, openSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { RestartPolicy } from '../core/restart-policy.ts';
import type { Paths } from '../system/paths.ts';

const headerLength = 8;

/** Frame types: a letter each. */
const type = { stop: 'T', kill: 'K', pause: 'P', rename: 'N', policy: 'U', network: 'J', exit: 'X', done: 'D' } as const;

/** What a monitor says to an order (`enum order_result` in frames.h). */
export type OrderResult = 'done' | 'already' | 'not-running' | 'failed';
const orderResults: readonly OrderResult[] = ['done', 'already', 'not-running', 'failed'];

/** The first thing that a monitor says which answers a question. */
export type Answer = { readonly kind: 'exit'; readonly code: number } | { readonly kind: 'order'; readonly result: OrderResult; /** Why it failed, where the monitor says so. */ readonly words?: string };

const frame = (letter: string, payload: Buffer): Buffer => {
  const header = Buffer.alloc(headerLength);
  header.write(letter, 'latin1');
  header.writeUInt32LE(payload.length, 4);
  return Buffer.concat([header, payload]);
};

const words = (...numbers: readonly number[]): Buffer => {
  const payload = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, at) => payload.writeUInt32LE(number, 4 * at));
  return payload;
};

/** A result, and perhaps a sentence. */
const doneIn = (payload: Buffer): Answer => ({
  kind: 'order',
  result: orderResults[payload.readUInt32LE(0)] ?? 'failed',
  ...(payload.length > 4 ? { words: payload.toString('utf8', 4) } : {}),
});

/** The first answer in `bytes`, if it has come whole. Exported for its test. */
export const answerIn = (bytes: Buffer): Answer | undefined => {
  for (let at = 0; at + headerLength <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    if (at + headerLength + length > bytes.length) return undefined;
    const letter = bytes.toString('latin1', at, at + 1);
    const number = length === 4 ? bytes.readUInt32LE(at + headerLength) : 0;
    if (letter === type.exit && length === 4) return { kind: 'exit', code: number };
    if (letter === type.done && length >= 4) return doneIn(bytes.subarray(at + headerLength, at + headerLength + length));
    at += headerLength + length;
  }
  return undefined;
};

/** Sends `request` and waits for the first answer; undefined where no monitor answers: it is gone, goes meanwhile, or has no place free for us. */
const ask = (paths: Paths, id: string, request: Buffer): Promise<Answer | undefined> =>
  new Promise((resolve) => {
    // Through the directory's fd: a socket's name has room for 108 bytes, unix(7), and the directory may be deeper.
    const directory = openSync(join(paths.runtime, 'c'), constants.O_RDONLY | constants.O_DIRECTORY);
    let received = Buffer.alloc(0);
    const socket = connect(`/proc/self/fd/${directory}/${id}`, () => socket.write(request));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk as Buffer]);
      if (answerIn(received) !== undefined) socket.destroy(); // its end may come late: somebody else may be slow to take the container's output
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      closeSync(directory);
      resolve(answerIn(received));
    });
  });

const exitCode = (answer: Answer | undefined): number | undefined => (answer?.kind === 'exit' ? answer.code : undefined);

/** A grace that never ends, in milliseconds on the wire. */
export const noDeadline = 0xffffffff;

/** Why a container is stopped: `enum stop_reason` in frames.h. Only after `user` and `force` does `unless-stopped` keep it from coming back. */
export type StopReason = 'user' | 'again' | 'shutdown' | 'force';
const reasons: Readonly<Record<StopReason, number>> = { user: 0, again: 1, shutdown: 2, force: 4 };

/**
 * Asks the monitor of `id` to end its container: `signal` first, SIGKILL after `graceMs` (`noDeadline`: never). A paused one goes on first, and
 * one that waits for its next run gets none. With `again` it stays even where it was made with --rm, to be started again.
 * Resolves with the exit code once the container has ended and been cleared up, or with undefined where no monitor answers.
 */
export const orderStop = async (paths: Paths, id: string, signal: number, graceMs: number, reason: StopReason): Promise<number | undefined> =>
  exitCode(await ask(paths, id, frame(type.stop, words(signal, graceMs, reasons[reason]))));

/** The exit code of a container once it has ended and been cleared up; undefined where no monitor answers. */
export const awaitExit = async (paths: Paths, id: string): Promise<number | undefined> => exitCode(await ask(paths, id, Buffer.alloc(0)));

const order = async (paths: Paths, id: string, request: Buffer): Promise<OrderResult | undefined> => {
  const answer = await ask(paths, id, request);
  // It has ended just now.
  return answer?.kind === 'exit' ? 'not-running' : answer?.result;
};

/** Sends `signal` to the container's command. Undefined where no monitor answers. */
export const orderKill = (paths: Paths, id: string, signal: number): Promise<OrderResult | undefined> => order(paths, id, frame(type.kill, words(signal)));

/** Stops every process of the container, or lets them go on. Undefined where no monitor answers. */
export const orderPause = (paths: Paths, id: string, pause: boolean): Promise<OrderResult | undefined> =>
  order(paths, id, frame(type.pause, words(pause ? 1 : 0)));

/** Tells the monitor which symbolic link is the container's name now: it removes that one where the container does not stay. */
export const orderRename = (paths: Paths, id: string, link: string): Promise<OrderResult | undefined> =>
  order(paths, id, frame(type.rename, Buffer.from(link)));

/** Tells the monitor another restart policy. Undefined where no monitor answers. */
export const orderPolicy = (paths: Paths, id: string, { name, maximumRetryCount }: RestartPolicy): Promise<OrderResult | undefined> =>
  order(paths, id, frame(type.policy, Buffer.from(`${name} ${maximumRetryCount}`)));

/** What became of an order, in the monitor's words where it failed. */
export interface OrderOutcome {
  readonly result: OrderResult;
  readonly words: string;
}

/** Tells the monitor to make its networks what the network file says now. Undefined where no monitor answers. */
export const orderNetwork = async (paths: Paths, id: string): Promise<OrderOutcome | undefined> => {
  const answer = await ask(paths, id, frame(type.network, Buffer.alloc(0)));
  if (answer === undefined) return undefined;
  return answer.kind === 'exit' ? { result: 'not-running', words: '' } : { result: answer.result, words: answer.words ?? '' };
};
