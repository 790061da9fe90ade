/** A directory as a tar: running `skiff-tree pack`. */
import { spawn } from 'node:child_process';
import { helperPath } from '../system/helper.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { checkOutcome, outcomeOf } from './program.ts';

/** The argv that writes the tree below `directory` to standard output; to be run where the tree's owners have ids. */
export const packCommand = (paths: Paths, host: Host, directory: string): readonly string[] => [
  helperPath(paths, 'skiff-tree'),
  'pack',
  '--dir',
  directory,
  ...(host.idMap.mode === 'single' ? ['--single-uid'] : []),
];

export interface Packed {
  /** A sentence for each thing that no archive can hold, as sockets. Names in it are printable. */
  readonly leftOut: readonly string[];
  /** Nobody reads the output any more, so not all of it was written. */
  readonly readerGone: boolean;
}

/** 128 and SIGPIPE, as a helper that waited for the writer reports it. */
const brokenPipe = 128 + 13;

/**
 * Runs `command`, which is or ends in a `packCommand`, with the open file `output` as its standard output.
 * @param subject what is packed, as the user knows it.
 * @returns what was left out. Throws `Hostile` for a tree that no archive can hold, `System` otherwise.
 */
export const runPack = async (command: readonly string[], output: number, subject: string): Promise<Packed> => {
  const [program = '', ...rest] = command;
  const outcome = await outcomeOf(spawn(program, rest, { stdio: ['ignore', output, 'pipe'] }), false);
  const readerGone = outcome.signal === 'SIGPIPE' || outcome.code === brokenPipe;
  if (!readerGone) checkOutcome({ ...outcome, stderr: outcome.stderr.replace(/^skiff: /gm, '') }, 'export', subject);
  const leftOut = outcome.stderr.split('\n').flatMap((line) => (line.startsWith('left out: ') ? [line] : []));
  return { leftOut, readerGone };
};
