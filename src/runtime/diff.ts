/** `skiff diff`: what a container has changed of its image's files. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import * as TE from 'fp-ts/TaskEither';
import { toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { checkOutcome, outcomeOf } from '../images/program.ts';
import { helperPath, inUserNamespace } from '../system/helper.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { lowersOf } from './root-filesystem.ts';
import type { Container } from './records.ts';
import type { Surroundings } from './surroundings.ts';

/** Mount points that Skiff makes in an image without them, as Docker does in a layer of its own: no change while they are empty. */
export const mountPoints = ['dev', 'proc', 'sys', 'etc', 'etc/hosts', 'etc/hostname', 'etc/resolv.conf'] as const;

/**
 * The argv that reads a container's changes from its writable layer: `changes` prints them (helpers/README.md), `pack-changes` writes them as an
 * image layer. The container may run meanwhile.
 */
export const changesCommand = (paths: Paths, host: Host, { directory, spec }: Container, what: 'changes' | 'pack-changes'): readonly string[] =>
  inUserNamespace(paths, host, [
    helperPath(paths, 'skiff-tree'),
    what,
    ...['--upper', join(directory, 'upper')],
    ...lowersOf(spec).flatMap((lower) => ['--lower', lower]),
    ...mountPoints.flatMap((path) => ['--hide', path]),
    ...(spec.storageDriver === 'fuse-overlayfs' ? ['--fuse'] : []),
    ...(host.idMap.mode === 'single' ? ['--single-uid'] : []),
  ]);

export interface Change {
  /** Added, changed, deleted. */
  readonly kind: 'A' | 'C' | 'D';
  /** Absolute, as bytes read as Latin-1, so that sorting is by bytes; may hold anything but NUL. */
  readonly path: string;
}

/** The list that `skiff-tree changes` prints, sorted by path. Pure. */
export const parseChanges = (bytes: Buffer): readonly Change[] =>
  bytes
    .toString('latin1')
    .split('\0')
    .flatMap((line): readonly Change[] => {
      const kind = line[0];
      return kind === 'A' || kind === 'C' || kind === 'D' ? [{ kind, path: line.slice(2) }] : [];
    })
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));

/** Standard output of `command`, all of it. */
const bytesOf = async (command: readonly string[], subject: string): Promise<Buffer> => {
  const [program = '', ...words] = command;
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  checkOutcome(await outcomeOf(child, false), 'compare', subject);
  return Buffer.concat(chunks);
};

/**
 * What `container`, running or not, has added, changed and deleted, sorted by path. A directory counts as changed also when something in it did.
 * `word` names it in errors: `Hostile`, `System`.
 */
export const diffContainer = ({ paths, host }: Surroundings, word: string, container: Container): TE.TaskEither<SkiffError, readonly Change[]> => {
  const subject = `container ${word}`;
  return TE.tryCatch(async () => parseChanges(await bytesOf(changesCommand(paths, host, container, 'changes'), subject)), toSkiffError('compare', subject));
};
