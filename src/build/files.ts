/** Reading contexts and stages through `skiff-tree` (helpers/tree-gather.h): what is there, what is in it, and what was chosen as a tar. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fail } from '../core/errors.ts';
import { checkOutcome, outcomeOf } from '../images/program.ts';
import { helperPath } from '../system/helper.ts';
import { pileCommand } from '../runtime/step-files.ts';
import { parseList } from './tree.ts';
import type { Item } from './select.ts';
import type { Pile } from '../runtime/step-files.ts';
import type { Tree } from './tree.ts';
import type { Workspace } from './workspace.ts';

/** A place that files come from: a directory of the host's, or a pile of layers. */
export type Place = { readonly kind: 'host'; readonly directory: string } | { readonly kind: 'pile'; readonly pile: Pile };

/** Changes of what is taken: owner `UID:GID` of all of it, mode in octal. */
export interface Changes {
  readonly owner?: string;
  readonly mode?: string;
}

const start = async ({ surroundings }: Workspace, place: Place, words: readonly string[], stdin: 'pipe' | 'ignore'): Promise<ChildProcess> => {
  const own = [helperPath(surroundings.paths, 'skiff-tree'), ...words];
  const [program = '', ...rest] = place.kind === 'host' ? own : await pileCommand(surroundings, place.pile, words, false);
  return spawn(program, rest, { stdio: [stdin, 'pipe', 'pipe'], ...(place.kind === 'host' ? { cwd: place.directory } : {}) });
};

const bytesOf = async (child: ChildProcess, input: Buffer | undefined, subject: string): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = outcomeOf(child, false);
  // A helper that gives up closes its input; what it says is the reason.
  child.stdin?.on('error', () => undefined);
  if (input !== undefined) child.stdin?.end(input);
  checkOutcome(await ended, 'read', subject);
  return Buffer.concat(chunks);
};

/** Everything in `place`. Throws SkiffFailure. */
export const listPlace = async (workspace: Workspace, place: Place, subject: string): Promise<Tree> =>
  parseList(await bytesOf(await start(workspace, place, ['list', '--path', '/'], 'ignore'), undefined, subject));

/** Paths of a listing, each ended by a NUL. */
const words = (paths: readonly string[]): Buffer => Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1');

const digestPaths = async (workspace: Workspace, place: Place, paths: readonly string[], subject: string): Promise<readonly string[]> => {
  if (paths.length === 0) return [];
  const lines = (await bytesOf(await start(workspace, place, ['digest', '--path', '/'], 'pipe'), words(paths), subject)).toString('latin1').trimEnd().split('\n');
  return lines.length === paths.length ? lines : fail({ _tag: 'System', operation: 'read', subject, reason: 'not every file had a digest' });
};

/** The sha256 of every file among `items`, by path; of a file of the host's that is as it was, what was found then. */
export const digestFiles = async (workspace: Workspace, place: Place, items: readonly Item[], subject: string): Promise<ReadonlyMap<string, string>> => {
  const entries = [...new Map(items.flatMap(({ entry }) => (entry.type === 'file' ? [[entry.path, entry] as const] : []))).values()];
  const known = place.kind === 'host' ? workspace.digests : undefined;
  const unknown = entries.filter(({ identity }) => known?.get(identity) === undefined);
  const found = await digestPaths(workspace, place, unknown.map(({ path }) => path), subject);
  const fresh = new Map(unknown.map(({ path }, position) => [path, found[position] ?? ''] as const));
  for (const { path, identity, changed } of unknown) known?.add(identity, changed, fresh.get(path) ?? '');
  return new Map(entries.map(({ path, identity }) => [path, fresh.get(path) ?? known?.get(identity) ?? ''] as const));
};

/** `items` as a tar that is just being written; `ended` tells whether all went well, and must be waited for. */
export const gatherItems = async (workspace: Workspace, place: Place, items: readonly Item[], changes: Changes, subject: string): Promise<{ readonly child: ChildProcess; readonly ended: Promise<void> }> => {
  const single = workspace.surroundings.host.idMap.mode === 'single' ? ['--single-uid'] : [];
  const options = [...(changes.owner === undefined ? [] : ['--owner', changes.owner]), ...(changes.mode === undefined ? [] : ['--mode', changes.mode]), ...single];
  const child = await start(workspace, place, ['gather', '--path', '/', ...options], 'pipe');
  const ended = outcomeOf(child, false).then((outcome) => checkOutcome(outcome, 'read', subject));
  ended.catch(() => undefined);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(words(items.flatMap(({ name, entry }) => [name, entry.path])));
  return { child, ended };
};

/** The text of a small file in `place`, links followed inside it; undefined where there is none. */
export const readInPlace = async (workspace: Workspace, place: Place, path: string): Promise<string | undefined> => {
  const child = await start(workspace, place, ['fetch', '--in-root', '--follow', '--path', path], 'ignore');
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const outcome = await outcomeOf(child, false);
  if (outcome.code !== 0 && outcome.stderr.includes('source-missing')) return undefined;
  checkOutcome(outcome, 'read', path);
  return firstMember(Buffer.concat(chunks));
};

const block = 512;

/** The data of the first member of a tar that is no pax header (POSIX.1-2017, pax). */
const firstMember = (tar: Buffer): string | undefined => {
  for (let at = 0; at + block <= tar.length; ) {
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8) || 0;
    const type = tar.toString('latin1', at + 156, at + 157);
    if (type === '0') return tar.toString('utf8', at + block, at + block + size);
    if (type !== 'x') return undefined;
    at += block + Math.ceil(size / block) * block;
  }
  return undefined;
};
