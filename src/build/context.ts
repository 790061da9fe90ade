/** The context of a build and its Dockerfile, wherever they come from: a directory, standard input, an address. */
import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, mkdirSync, openSync, readFileSync, readSync, closeSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fail } from '../core/errors.ts';
import { refuse, usage } from '../core/invalid.ts';
import { checkOutcome, outcomeOf } from '../images/program.ts';
import { compressionOf, openInput } from '../images/spool.ts';
import { helperPath } from '../system/helper.ts';
import { longestFile } from './dockerfile/lines.ts';
import { isGit, parseGitAddress } from './git-address.ts';
import { readInPlace } from './files.ts';
import type { FetchContext } from '../images/fetch-url.ts';
import type { Workspace } from './workspace.ts';

/** What the command line says: `PATH`, `URL` or `-`, and `--file`. */
export interface ContextOrder {
  readonly word: string;
  readonly file?: string;
  /** The caller's directory, absolute. */
  readonly cwd: string;
  /** Of a repository: `.git` is part of the context. */
  readonly keepsGit?: boolean;
}

export interface OpenContext {
  /** Absolute. */
  readonly directory: string;
  readonly dockerfile: { readonly name: string; readonly text: string };
  /** The text of what says which files are left out; empty without one. */
  readonly ignore: string;
}

const isAddress = (word: string): boolean => /^https?:\/\//u.test(word);

const newDirectory = ({ directory }: Workspace): string => {
  const context = join(directory, 'context');
  mkdirSync(context, { mode: 0o700 });
  return context;
};

/** The first bytes of a file. */
const headOf = (path: string): Buffer => {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(262);
    return head.subarray(0, readSync(fd, head, 0, head.length, 0));
  } finally {
    closeSync(fd);
  }
};

const isArchive = (path: string): boolean => {
  const head = headOf(path);
  return compressionOf(head) !== 'none' || head.toString('latin1', 257, 262) === 'ustar';
};

/** Everything in it becomes the caller's; what leads out of the directory is refused by the helper. */
const unpack = async ({ surroundings }: Workspace, archive: string, directory: string, subject: string): Promise<void> => {
  const fd = openSync(archive, 'r');
  try {
    const words = ['place', '--archive', '--drop-owners', '--path', directory];
    checkOutcome(await outcomeOf(spawn(helperPath(surroundings.paths, 'skiff-tree'), words, { stdio: [fd, 'pipe', 'pipe'] }), true), 'unpack', subject);
  } finally {
    closeSync(fd);
  }
};

const tooLong = (name: string): never => usage(`${name} is longer than ${longestFile} bytes`, 'is it a Dockerfile?');

const textOf = (path: string, name: string): string => {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return fail({ _tag: 'NotFound', kind: 'file', name, hint: 'name the Dockerfile with -f' });
  if (stat.isDirectory()) return usage(`${name} is a directory`, 'name the Dockerfile with -f');
  return stat.size > longestFile ? tooLong(name) : readFileSync(path, 'utf8');
};

const inputText = async (): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of openInput('-')) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > longestFile) tooLong('what comes on standard input');
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** What stands beside the Dockerfile counts before what stands in the context, as in Docker. */
const ignoreText = (dockerfile: string | undefined, directory: string): string => {
  const own = dockerfile === undefined ? undefined : `${dockerfile}.dockerignore`;
  const path = own !== undefined && existsSync(own) ? own : join(directory, '.dockerignore');
  return existsSync(path) ? textOf(path, path) : '';
};

const fromDirectory = async ({ word, file, cwd }: ContextOrder): Promise<OpenContext> => {
  const directory = resolve(cwd, word);
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (stat === undefined) return fail({ _tag: 'NotFound', kind: 'directory', name: word, hint: 'the last argument is the build context, often a dot' });
  if (!stat.isDirectory()) return usage(`the context ${word} is not a directory`, 'name a Dockerfile with -f, and an archive by: skiff build - < ARCHIVE');
  if (file === '-') return { directory, dockerfile: { name: 'Dockerfile', text: await inputText() }, ignore: ignoreText(undefined, directory) };
  const path = file === undefined ? join(directory, 'Dockerfile') : resolve(cwd, file);
  const dockerfile = { name: file ?? 'Dockerfile', text: textOf(path, file ?? relative(cwd, path)) };
  return { directory, dockerfile, ignore: ignoreText(path, directory) };
};

const fromArchive = async (workspace: Workspace, archive: string, file: string | undefined, subject: string): Promise<OpenContext> => {
  const directory = newDirectory(workspace);
  await unpack(workspace, archive, directory, subject);
  return fromForeign(workspace, directory, file, subject);
};

/** Of what somebody else has made nothing is read by its path alone: links in it lead nowhere else. */
const fromForeign = async (workspace: Workspace, directory: string, file: string | undefined, subject: string): Promise<OpenContext> => {
  const place = { kind: 'host', directory } as const;
  const name = file ?? 'Dockerfile';
  const text = (await readInPlace(workspace, place, `/${name}`)) ?? fail({ _tag: 'NotFound', kind: 'file', name: `${name} in ${subject}`, hint: 'name the Dockerfile with -f' });
  const beside = await readInPlace(workspace, place, `/${join(dirname(name), `${basename(name)}.dockerignore`)}`);
  return { directory, dockerfile: { name, text }, ignore: beside ?? (await readInPlace(workspace, place, '/.dockerignore')) ?? '' };
};

/** An archive, or a Dockerfile alone, whose context is empty. */
const fromStream = async (workspace: Workspace, stream: Readable, { file, cwd }: ContextOrder, subject: string): Promise<OpenContext> => {
  const path = join(workspace.directory, 'input');
  await pipeline(stream, createWriteStream(path, { mode: 0o600 }));
  if (statSync(path).size === 0) refuse(`${subject} is empty`, 'give a Dockerfile, or an archive with one in it');
  if (isArchive(path)) return fromArchive(workspace, path, file, subject);
  if (file !== undefined && file !== '-') {
    const named = resolve(cwd, file);
    return { directory: newDirectory(workspace), dockerfile: { name: file, text: textOf(named, file) }, ignore: '' };
  }
  return { directory: newDirectory(workspace), dockerfile: { name: 'Dockerfile', text: textOf(path, subject) }, ignore: '' };
};

/** A repository: what its commit has below the directory that the address names. */
const fromGit = async (workspace: Workspace, { word, file, keepsGit = false }: ContextOrder, signal: AbortSignal): Promise<OpenContext> => {
  const { checkOut, commitOf } = await import('./git.ts');
  const address = parseGitAddress(word);
  const directory = await checkOut(workspace, address, await commitOf(workspace, address, signal), keepsGit, signal);
  return fromForeign(workspace, directory, file, address.shown);
};

/** Makes the context ready in `workspace`. Throws SkiffFailure. */
export const openContext = async (workspace: Workspace, order: ContextOrder, fetching: () => Promise<FetchContext>, signal: AbortSignal): Promise<OpenContext> => {
  const { word, file } = order;
  if (word === '-' && file === '-') usage("only one of context and Dockerfile can come from standard input: both are '-'", 'give a directory for the context');
  if (word === '-') return fromStream(workspace, openInput('-'), order, 'standard input');
  if (isGit(word)) return fromGit(workspace, order, signal);
  if (!isAddress(word)) return fromDirectory(order);
  const { withUrl, shownUrl } = await import('../images/fetch-url.ts');
  const path = join(workspace.directory, 'fetched');
  await withUrl(await fetching(), word, () => undefined, (bytes) => pipeline(bytes, createWriteStream(path, { mode: 0o600 })));
  return fromStream(workspace, createReadStream(path), order, shownUrl(word));
};
