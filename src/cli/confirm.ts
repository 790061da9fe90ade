import { readSync } from 'node:fs';
import type { Context } from './context.ts';

/** One byte at a time: what follows the line may be meant for somebody else. Undefined at the end of the input. */
const readLine = (): string | undefined => {
  const byte = Buffer.alloc(1);
  const bytes: number[] = [];
  for (;;) {
    let count: number;
    try {
      count = readSync(0, byte, 0, 1, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A closed standard input is no answer; one that another process made non-blocking is only not there yet.
      if (code !== 'EAGAIN') return undefined;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      continue;
    }
    if (count === 0 && bytes.length === 0) return undefined;
    if (count === 0 || byte[0] === 0x0a || bytes.length === 1024) return Buffer.from(bytes).toString('utf8');
    bytes.push(byte[0] ?? 0);
  }
};

/** Asks `question` and reads one line of standard input, from a terminal or not; only `y` or `Y` is a yes. */
export const confirm = ({ stdout }: Pick<Context, 'stdout'>, question: string): boolean => {
  stdout.write(`${question} [y/N] `);
  const answer = readLine();
  if (answer === undefined) stdout.write('\n');
  return answer?.trim().toLowerCase() === 'y';
};
