/** Running the two ends of `skiff cp`, with a tar going from one to the other. */
import { spawn } from 'node:child_process';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { outcomeOf } from '../images/program.ts';
import type { Outcome } from '../images/program.ts';

export interface CopyRun {
  /** Undefined where the end is our own standard input or output. */
  readonly sent?: Outcome;
  readonly received?: Outcome;
  readonly bytes: number;
}

const start = ([program = '', ...words]: readonly string[], input: 'pipe' | 'inherit' | 'ignore', output: 'pipe' | 'inherit' | 'ignore') =>
  spawn(program, words, { stdio: [input, output, 'pipe'] });

/** An end that gives up closes its pipe; what it says on standard error is the reason, not ours. */
const isBrokenPipe = (error: unknown): boolean => ['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET'].includes((error as NodeJS.ErrnoException).code ?? '');

/** The bytes of `sender`'s standard output into `receiver`'s standard input; returns when both have ended. */
const runBoth = async (sender: readonly string[], receiver: readonly string[]): Promise<CopyRun> => {
  const to = start(receiver, 'pipe', 'ignore');
  const received = outcomeOf(to, false);
  const from = start(sender, 'ignore', 'pipe');
  const sent = outcomeOf(from, false);
  let bytes = 0;
  const count = new Transform({
    transform: (chunk: Buffer, _, next) => {
      bytes += chunk.length;
      next(null, chunk);
    },
  });
  const { stdin } = to;
  const { stdout } = from;
  if (stdin === null || stdout === null) throw new Error('a child process was started without its pipes');
  const moving = pipeline(stdout, count, stdin).catch((error: unknown) => {
    stdout.destroy();
    if (!isBrokenPipe(error)) throw error;
  });
  const [one, other] = await Promise.all([sent, received, moving]);
  return { sent: one, received: other, bytes };
};

/** Runs the ends that there are; without one of them the tar comes from standard input, or goes to standard output. */
export const runCopy = async (sender: readonly string[] | undefined, receiver: readonly string[] | undefined): Promise<CopyRun> => {
  if (sender !== undefined && receiver !== undefined) return runBoth(sender, receiver);
  if (sender !== undefined) return { sent: await outcomeOf(start(sender, 'ignore', 'inherit'), false), bytes: 0 };
  return { received: await outcomeOf(start(receiver ?? [], 'inherit', 'ignore'), false), bytes: 0 };
};
