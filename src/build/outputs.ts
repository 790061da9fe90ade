/** Results that are no image in the store: the files of the last stage as a directory or a tar. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { checkOutcome, outcomeOf } from '../images/program.ts';
import { pileCommand } from '../runtime/step-files.ts';
import { helperPath } from '../system/helper.ts';
import { directoriesOf } from './layers.ts';
import type { BuiltLayer } from './layers.ts';
import type { Workspace } from './workspace.ts';

/** Where a result goes. Paths are absolute; `-` is standard output. */
export type Output =
  | { readonly kind: 'store' }
  /** To the registries that the names say. */
  | { readonly kind: 'push' }
  /** What `skiff save` writes. */
  | { readonly kind: 'archive'; readonly path: string }
  | { readonly kind: 'tar'; readonly path: string }
  | { readonly kind: 'local'; readonly path: string };

/** Whether the image has to be in the store for it. */
export const needsImage = ({ kind }: Output): boolean => kind !== 'tar' && kind !== 'local';

const packCommand = (workspace: Workspace, layers: readonly BuiltLayer[]): Promise<readonly string[]> => {
  const single = workspace.surroundings.host.idMap.mode === 'single' ? ['--single-uid'] : [];
  return pileCommand(workspace.surroundings, workspace.pile(directoriesOf(workspace, layers)), ['pack', '--dir', '.', ...single], false);
};

const toDirectory = async (workspace: Workspace, layers: readonly BuiltLayer[], path: string): Promise<void> => {
  mkdirSync(path, { recursive: true });
  const [program = '', ...words] = await packCommand(workspace, layers);
  const packing = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const packed = outcomeOf(packing, false);
  packed.catch(() => undefined);
  // Outside of any namespace: what is written is the caller's, and so is the right to write it.
  const placing = spawn(helperPath(workspace.surroundings.paths, 'skiff-tree'), ['place', '--archive', '--drop-owners', '--path', path], { stdio: ['pipe', 'pipe', 'pipe'] });
  const placed = outcomeOf(placing, true);
  placed.catch(() => undefined);
  if (packing.stdout !== null && placing.stdin !== null) await pipeline(packing.stdout, placing.stdin).catch(() => undefined);
  checkOutcome(await placed, 'write to', path);
  checkOutcome(await packed, 'read', 'the result');
};

const pack = async (workspace: Workspace, layers: readonly BuiltLayer[], fd: number): Promise<void> => {
  const [program = '', ...words] = await packCommand(workspace, layers);
  checkOutcome(await outcomeOf(spawn(program, words, { stdio: ['ignore', fd, 'pipe'] }), false), 'read', 'the result');
};

/** Whole or not at all. */
const toFile = async (workspace: Workspace, layers: readonly BuiltLayer[], path: string): Promise<void> => {
  const temporary = `${path}.${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  const fd = openSync(temporary, 'wx', 0o644);
  try {
    await pack(workspace, layers, fd);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
};

/** Writes the files of `layers` to `output`, if it is one that takes files. Throws SkiffFailure. */
export const writeFiles = async (workspace: Workspace, layers: readonly BuiltLayer[], output: Output): Promise<void> => {
  if (output.kind === 'local') await toDirectory(workspace, layers, output.path);
  else if (output.kind === 'tar') await (output.path === '-' ? pack(workspace, layers, 1) : toFile(workspace, layers, output.path));
};
