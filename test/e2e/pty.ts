/** `skiff` at a terminal, through test/pty-driver.c; its header says which steps there are. */
import { join } from 'node:path';
import { execute, scratch, skiffCommand } from './skiff.ts';
import type { Options, Result } from './skiff.ts';

export const ctrl = (letter: string): string => String.fromCharCode(letter.toUpperCase().charCodeAt(0) - 64);

/** `skiff …` as one word for `run:` steps. */
export const shellSkiff = (...args: readonly string[]): string => [...skiffCommand, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');

export interface Session {
  /** Exit status of the command. */
  readonly status: number;
  /** How it left the terminal. */
  readonly mode: string;
  /** The signal that ended it, if one did. */
  readonly killedBy?: number;
  /** What the terminal showed, with `\r\n` as line ends. */
  readonly screen: string;
}

let driver: string | undefined;

const build = (): string => {
  const program = join(scratch(), 'pty-driver');
  const { status, stderr } = execute(['gcc', '-std=c11', '-O1', 'test/pty-driver.c', '-o', program]);
  if (status !== 0) throw new Error(stderr);
  return program;
};

/** The command line that runs `command` on a terminal of `size` (ROWSxCOLUMNS), acting out the steps; `sessionOf` reads its result. */
export const driven = (command: readonly string[], steps: readonly string[], size = '24x80'): readonly string[] => {
  driver ??= build();
  return [driver, size, ...steps, '--', ...command];
};

/** What a `driven` command line gave. Throws when a step could not be done. */
export const sessionOf = ({ status, stdout, stderr }: { readonly status: number | null } & Pick<Result, 'stdout' | 'stderr'>): Session => {
  const [, code, mode = ''] = /^(\d+) (\w+)$/m.exec(stderr) ?? [];
  if (status !== 0 || code === undefined) throw new Error(`${stderr.trim()}\nThe terminal showed:\n${stdout}`);
  const signal = /^killed by (\d+)$/m.exec(stderr)?.[1];
  return { status: Number(code), mode, screen: stdout, ...(signal === undefined ? {} : { killedBy: Number(signal) }) };
};

/** Runs any command on a terminal of `size` (ROWSxCOLUMNS), acting out the steps. Throws when one cannot be done. */
export const onTerminal = (command: readonly string[], steps: readonly string[], size?: string, options: Options = {}): Session =>
  sessionOf(execute(driven(command, steps, size), options));

/** `skiff` with these words on a terminal. */
export const atTerminal = (args: readonly string[], steps: readonly string[], size?: string): Session => onTerminal([...skiffCommand, ...args], steps, size);
