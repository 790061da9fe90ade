/** Progress as BuildKit's `--progress=rawjson` writes it: a JSON object a line, of what has changed (client.SolveStatus). */
import { createHash } from 'node:crypto';
import { lastState } from './progress-plain.ts';
import { keptLines, lineSplitter } from './progress.ts';
import type { Progress, Task } from './progress.ts';

/** Control characters beyond those that JSON escapes mean something to a terminal too. */
const lineOf = (value: unknown): string => `${JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029]/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;

const now = (): string => new Date().toISOString();

/** Writes with `write`, whole lines at a time. What a command writes is in `logs`, as base64. */
export const rawJsonProgress = (write: (text: string) => void): Progress => {
  let serial = 0;
  return {
    begin: (name): Task => {
      serial += 1;
      const digest = `sha256:${createHash('sha256').update(`${serial} ${name}`).digest('hex')}`;
      const started = now();
      const start = Date.now();
      const kept: string[] = [];
      let isOver = false;
      const vertex = (more: object): void => write(lineOf({ vertexes: [{ digest, name, started, ...more }] }));
      const lines = lineSplitter((line) => {
        kept.push(`${((Date.now() - start) / 1000).toFixed(3)} ${lastState(line)}`);
        if (kept.length > keptLines) kept.shift();
      });
      const end = (more: object): void => {
        if (isOver) return;
        isOver = true;
        lines.end();
        vertex({ completed: now(), ...more });
      };
      vertex({});
      return {
        output: (bytes) => {
          lines.take(bytes);
          write(lineOf({ logs: [{ vertex: digest, stream: 1, data: bytes.toString('base64'), timestamp: now() }] }));
        },
        note: (id) => write(lineOf({ statuses: [{ id, vertex: digest, current: 0, timestamp: now(), started, completed: now() }] })),
        done: () => end({}),
        cached: () => end({ cached: true }),
        failed: (error) => end({ error }),
        lastLines: () => kept,
      };
    },
  };
};
