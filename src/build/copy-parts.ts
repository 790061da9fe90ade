/** What a COPY or ADD brings, taken together from where it lies: files of a place, texts of the Dockerfile's own, addresses, archives. */
import { createHash } from 'node:crypto';
import { closeSync, constants, createReadStream, mkdirSync, openSync, readSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createWriteStream } from 'node:fs';
import { compressionOf } from '../images/spool.ts';
import { refuse } from '../core/invalid.ts';
import { contentDigest } from './cache-key.ts';
import { wrong } from './dockerfile/location.ts';
import { digestFiles, listPlace } from './files.ts';
import { isGit, parseGitAddress } from './git-address.ts';
import { select } from './select.ts';
import type { Add, Copy } from './dockerfile/instructions.ts';
import type { Place } from './files.ts';
import type { Selection } from './select.ts';
import type { Files, Session } from './session.ts';

/** One tar's worth of what is copied. */
export interface Part {
  readonly kind: 'files' | 'archive';
  readonly place: Place;
  readonly selection: Selection;
  /** Of names and contents. */
  readonly digest: string;
  /** Owners stay as they are where nothing else is said: files of a stage. */
  readonly keepsOwners: boolean;
  readonly subject: string;
}

const isAddress = (source: string): boolean => /^https?:\/\//u.test(source);

const digestOf = async (session: Session, files: Files, selection: Selection, keepsOwners: boolean): Promise<string> =>
  contentDigest(selection.items, await digestFiles(session.workspace, files.place, selection.items, files.subject), keepsOwners);

const hostFiles = (session: Session, directory: string, subject: string): Files => ({
  place: { kind: 'host', directory },
  tree: () => listPlace(session.workspace, { kind: 'host', directory }, subject),
  subject,
});

let serial = 0;

const newDirectory = ({ workspace }: Session): string => {
  const directory = join(workspace.directory, `made-${serial}`);
  serial += 1;
  mkdirSync(directory, { mode: 0o700 });
  return directory;
};

const wholePart = async (session: Session, files: Files): Promise<Part> => {
  const tree = await files.tree();
  const items = [...tree.values()].filter(({ path }) => path !== '').map((entry) => ({ name: entry.path, entry }));
  const selection = { items, sources: items.length, kind: 'files' } as const;
  return { kind: 'files', place: files.place, selection, digest: await digestOf(session, files, selection, false), keepsOwners: false, subject: files.subject };
};

/** Texts that stand in the Dockerfile, as files of mode 0644. */
const inlineParts = async (session: Session, { inline }: Copy | Add): Promise<readonly Part[]> => {
  if (inline.length === 0) return [];
  const directory = newDirectory(session);
  for (const { name, text } of inline) {
    if (name.includes('/') || name === '.' || name === '..') wrong(`a here-document's name must be the name of a file, not ${JSON.stringify(name)}`);
    writeFileSync(join(directory, name), text, { mode: 0o644 });
  }
  return [await wholePart(session, hostFiles(session, directory, 'the here-documents'))];
};

const checksumOf = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
};

const checkSum = async (path: string, address: string, wanted: string | undefined): Promise<void> => {
  if (wanted === undefined) return;
  if (!/^sha256:[0-9a-f]{64}$/u.test(wanted)) wrong(`invalid checksum ${JSON.stringify(wanted)}: it must be sha256: and 64 hexadecimal digits`);
  const found = await checksumOf(path);
  if (found !== wanted) wrong(`digest mismatch ${address}: expected ${wanted}, got ${found}`);
};

const nameOf = (address: string): string => {
  const name = basename(new URL(address).pathname);
  return name === '' || name === '.' || name === '..' ? '__unnamed__' : decodeURIComponent(name).replaceAll('/', '_');
};

/** A file from the network: mode 0600, and the date that the server gives, as in Docker. */
const addressPart = async (session: Session, address: string, checksum: string | undefined): Promise<Part> => {
  const directory = newDirectory(session);
  const path = join(directory, nameOf(address));
  const { withUrl } = await import('../images/fetch-url.ts');
  await withUrl(await session.fetching(), address, () => undefined, (bytes) => pipeline(bytes, createWriteStream(path, { mode: 0o600 })));
  utimesSync(path, 0, 0);
  await checkSum(path, address, checksum);
  return wholePart(session, hostFiles(session, directory, address));
};

/** The repositories among the sources of an ADD, and which commit each means now. */
export const commitsOf = async ({ workspace, signal }: Session, { kind, sources }: Copy | Add): Promise<ReadonlyMap<string, string>> => {
  const repositories = sources.filter(isGit);
  if (repositories.length === 0) return new Map();
  if (kind === 'COPY') return wrong("source can't be a git ref for COPY");
  const { commitOf } = await import('./git.ts');
  return new Map(await Promise.all(repositories.map(async (source) => [source, await commitOf(workspace, parseGitAddress(source), signal)] as const)));
};

const repositoryPart = async (session: Session, instruction: Copy | Add, source: string, commit: string): Promise<Part> => {
  const { checkOut } = await import('./git.ts');
  const address = parseGitAddress(source);
  const keepsGit = instruction.kind === 'ADD' && instruction.keepGitDir;
  const directory = await checkOut(session.workspace, address, commit, keepsGit, session.signal);
  const files = hostFiles(session, directory, address.shown);
  const selection = select(await files.tree(), ['/'], instruction);
  return { kind: 'files', place: files.place, selection, digest: await digestOf(session, files, selection, false), keepsOwners: false, subject: files.subject };
};

/** The first bytes of a tar that is not compressed have `ustar` in their middle. */
const headLength = 262;

const isArchive = (path: string): boolean => {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const head = Buffer.alloc(headLength);
    const length = readSync(fd, head, 0, headLength, 0);
    return compressionOf(head) !== 'none' || (length === headLength && head.toString('latin1', 257) === 'ustar');
  } finally {
    closeSync(fd);
  }
};

/** Whether ADD takes this file apart: a tar, compressed or not. */
const isUnpacked = (instruction: Copy | Add, files: Files, selection: Selection): string | undefined => {
  const [item, ...more] = selection.items;
  if (instruction.kind !== 'ADD' || instruction.unpack === false || files.place.kind !== 'host' || item === undefined || more.length > 0 || item.entry.type !== 'file') return undefined;
  const path = join(files.place.directory, Buffer.from(item.entry.path, 'latin1').toString('utf8'));
  return statSync(path).size > 0 && isArchive(path) ? path : undefined;
};

const localPart = async (session: Session, instruction: Copy | Add, files: Files, sources: readonly string[]): Promise<Part> => {
  const selection = select(await files.tree(), sources, instruction);
  const keepsOwners = files.place.kind === 'pile';
  const kind = isUnpacked(instruction, files, selection) === undefined ? 'files' : 'archive';
  return { kind, place: files.place, selection, digest: await digestOf(session, files, selection, keepsOwners), keepsOwners, subject: files.subject };
};

/** ADD looks at its sources one by one, for each may be an archive; what COPY takes is one. */
const localParts = async (session: Session, instruction: Copy | Add, files: Files, sources: readonly string[]): Promise<readonly Part[]> => {
  if (sources.length === 0) return [];
  if (instruction.kind === 'COPY') return [await localPart(session, instruction, files, sources)];
  const parts: Part[] = [];
  for (const source of sources) {
    const whole = select(await files.tree(), [source], instruction);
    for (const one of whole.sources > 1 ? whole.items.filter(({ name }) => !name.includes('/')).map(({ entry }) => escaped(entry.path)) : [source]) parts.push(await localPart(session, instruction, files, [one]));
  }
  return parts;
};

/** A path from a listing as a source that has no wildcards. */
const escaped = (path: string): string => Buffer.from(path, 'latin1').toString('utf8').replace(/[\\*?[\]]/gu, '\\$&');

/** All that `instruction`, whose variables are expanded, brings from `files` and elsewhere; of repositories these commits. Throws a `DockerfileError`, SkiffFailure. */
export const partsOf = async (session: Session, instruction: Copy | Add, files: Files, commits: ReadonlyMap<string, string>): Promise<readonly Part[]> => {
  const addresses = instruction.sources.filter((source) => isAddress(source) && !isGit(source));
  if (addresses.length > 0 && instruction.kind === 'COPY') wrong("source can't be a URL for COPY");
  if (instruction.kind === 'ADD' && instruction.checksum !== undefined && (instruction.sources.length !== 1 || addresses.length !== 1)) wrong("checksum can't be specified for multiple sources, and requires an HTTP(S) source");
  if (instruction.kind === 'ADD' && instruction.unpack === true && addresses.length > 0) refuse('ADD --unpack of an address is not possible yet', 'fetch and unpack it in a RUN');
  const local = await localParts(session, instruction, files, instruction.sources.filter((source) => !isAddress(source) && !isGit(source)));
  const fetched: Part[] = [];
  for (const address of addresses) fetched.push(await addressPart(session, address, instruction.kind === 'ADD' ? instruction.checksum : undefined));
  for (const [repository, commit] of commits) fetched.push(await repositoryPart(session, instruction, repository, commit));
  return [...local, ...fetched, ...(await inlineParts(session, instruction))];
};

