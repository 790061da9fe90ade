/** Running `skiff-tree` and `skiff-helper` on files of the store, and turning their one line of complaint into an error. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fail } from '../core/errors.ts';

/** Enough for the few lines that the helpers print; more is cut off. */
const maximumWords = 64 * 1024;

export interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const collect = (stream: NodeJS.ReadableStream | null): (() => string) => {
  let words = '';
  stream?.on('data', (chunk: Buffer) => {
    if (words.length < maximumWords) words += chunk.toString('utf8');
  });
  return () => words.trim();
};

/** Resolves when `child` has ended and its pipes are closed; rejects with the errno error if it could not start. */
export const outcomeOf = (child: ChildProcess, captureStdout: boolean): Promise<Outcome> => {
  const stdout = collect(captureStdout ? child.stdout : null);
  const stderr = collect(child.stderr);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout: stdout(), stderr: stderr() }));
  });
};

/** Runs `command` with the open file `input` (or nothing) as its standard input. */
export const runProgram = (command: readonly string[], input: number | 'ignore'): Promise<Outcome> => {
  const [program = '', ...rest] = command;
  return outcomeOf(spawn(program, rest, { stdio: [input, 'pipe', 'pipe'] }), true);
};

/**
 * Throws the failure that `outcome` means, if it means one: `Hostile` for a line beginning `refused: `, else `System`.
 * @param subject what was being read or written, as the user knows it.
 */
export const checkOutcome = (outcome: Outcome, operation: string, subject: string): void => {
  if (outcome.code === 0) return;
  const line = outcome.stderr.split('\n').find((words) => /^(skiff-\w+: )?(refused|failed): /.test(words)) ?? outcome.stderr.split('\n').at(-1) ?? '';
  const [, kind, words] = /^(?:skiff-\w+: )?(refused|failed): (.*)$/.exec(line) ?? [];
  if (kind === 'refused' && words !== undefined) fail({ _tag: 'Hostile', subject, reason: words });
  const ended = outcome.signal === null ? `a helper ended with code ${outcome.code}` : `a helper was ended by ${outcome.signal}`;
  const reason = words ?? (line === '' ? ended : line);
  fail({
    _tag: 'System',
    operation,
    subject,
    reason,
    ...(/no space|quota/i.test(reason) ? { hint: 'free some space, or point SKIFF_ROOT at another disk' } : {}),
  });
};
