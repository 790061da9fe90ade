/** Progress as lines, in the form that BuildKit's plain display has: `#N TITLE`, what a step writes with its seconds, `#N DONE 0.3s`. */
import { printable } from '../core/errors.ts';
import { keptLines, lineSplitter } from './progress.ts';
import type { Progress, Task } from './progress.ts';

/** A line as a terminal would show it, without its colours: a carriage return begins it anew. */
export const lastState = (line: string): string => printable(line.replace(/\r+$/u, '').split('\r').at(-1) ?? '').replaceAll('\\x09', '\t').replace(/\\x1b\[[0-9;?]*[A-Za-z]/gu, '');

const secondsSince = (start: number): string => ((Date.now() - start) / 1000).toFixed(1);

/** Writes with `write`, whole lines at a time. */
export const plainProgress = (write: (text: string) => void): Progress => {
  let serial = 0;
  let last = 0;
  const running = new Set<number>();
  return {
    begin: (title): Task => {
      serial += 1;
      const number = serial;
      const start = Date.now();
      const kept: string[] = [];
      let isOver = false;
      const say = (text: string): void => {
        // Lines of another task in between: whose these are is said again.
        const left = running.has(last) ? `#${last} ...\n` : '';
        const heading = last !== number ? `${last === 0 ? '' : `${left}\n`}#${number} ${printable(title)}\n` : '';
        last = number;
        write(`${heading}${text === '' ? '' : `#${number} ${text}\n`}`);
      };
      say('');
      running.add(number);
      const lines = lineSplitter((line) => {
        const text = lastState(line);
        kept.push(`${((Date.now() - start) / 1000).toFixed(3)} ${text}`);
        if (kept.length > keptLines) kept.shift();
        say(kept.at(-1) ?? '');
      });
      const end = (text: string): void => {
        if (isOver) return;
        isOver = true;
        lines.end();
        say(text);
        running.delete(number);
      };
      return {
        output: lines.take,
        note: (text) => say(printable(text)),
        done: () => end(`DONE ${secondsSince(start)}s`),
        cached: () => end('CACHED'),
        failed: (reason) => end(reason === 'canceled' ? 'CANCELED' : `ERROR: ${printable(reason)}`),
        lastLines: () => kept,
      };
    },
  };
};

/** Shows nothing; what a failing step has said is kept. */
export const quietProgress = (): Progress => plainProgress(() => undefined);
