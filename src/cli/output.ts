import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { explainErrno, fail } from '../core/errors.ts';
import type { Output } from './context.ts';

/** The reader of our output has gone; the command ends quietly, as SIGPIPE would end it. */
export class OutputClosed extends Error {}

/**
 * Output to a file descriptor. `process.stdout` would do, but setting it up costs more than most commands need altogether,
 * and what it has not flushed is lost on exit.
 */
export const outputTo = (fd: 1 | 2): Output => ({
  write: (data) => writeAll(fd, typeof data === 'string' ? Buffer.from(data) : data),
  isTerminal: () => isatty(fd),
  columns: () => (fd === 1 ? process.stdout : process.stderr).columns || 80,
});

const writeAll = (fd: number, data: Uint8Array): void => {
  for (let at = 0; at < data.length; ) {
    try {
      at += writeSync(fd, data, at);
    } catch (caught) {
      const code = (caught as NodeJS.ErrnoException).code ?? String(caught);
      if (code === 'EPIPE') throw new OutputClosed();
      if (code !== 'EAGAIN') fail({ _tag: 'System', operation: 'write to', subject: fd === 1 ? 'standard output' : 'standard error', reason: explainErrno(code) });
      waitForReader();
    }
  }
};

/** Another process may have made a shared pipe or terminal non-blocking; ten milliseconds let its reader catch up. */
const waitForReader = (): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
};
