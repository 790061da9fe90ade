/**
 * An image archive (docker-archive or OCI) as a map from entry names to spooled files. Names never become paths: every file is
 * spooled under a number, and links are followed inside the map only.
 */
import { join, posix } from 'node:path';
import type { ExtractEvents, Header } from 'tar-stream';
import { SkiffFailure, fail } from '../core/errors.ts';
import { maximumDocument } from '../core/oci-image.ts';
import type { Paths } from '../system/paths.ts';
import { readDocument } from './layout.ts';
import { inputSubject, plainInput, spool } from './spool.ts';
import type { SpooledFile } from './spool.ts';

/** An entry's bytes; its type has no name in the package. */
type TarEntry = ExtractEvents['entry'][1];

type Content = { readonly kind: 'file'; readonly file: SpooledFile } | { readonly kind: 'link'; readonly target: string };

/** The files of an archive by their normalised names. */
export interface Archive {
  /** The archive as the user knows it. */
  readonly subject: string;
  readonly entries: ReadonlyMap<string, Content>;
}

const maximumEntries = 100_000;
const maximumLinkDepth = 16;

/** Directories that stand at the top of a root file system and of no image archive. */
const rootDirectories = new Set(['bin', 'boot', 'dev', 'etc', 'home', 'lib', 'lib64', 'opt', 'proc', 'root', 'run', 'sbin', 'srv', 'sys', 'tmp', 'usr', 'var']);

/** Throws that `subject` holds no image, with what to do instead. */
export const notAnImage = (subject: string, reason: string, hint = 'give the output of `docker save`, `podman save` or `skopeo copy … oci-archive:FILE`'): never =>
  fail({ _tag: 'Refused', message: `not an image archive: ${subject} ${reason}`, hint });

const hostile = (subject: string, name: string, reason: string): never =>
  fail({ _tag: 'Hostile', subject, reason: `entry '${name.slice(0, 200)}' ${reason}` });

/** `name` without `./` and trailing slashes; refuses what would leave the archive if it were a path. */
const normalise = (subject: string, name: string): string => {
  if (name.startsWith('/')) hostile(subject, name, 'has an absolute name');
  if (name.split('/').includes('..')) hostile(subject, name, "has '..' in its name");
  if (name.length > 4096) hostile(subject, name, 'has a name longer than 4096 characters');
  return posix.normalize(name).replace(/\/$/, '');
};

const checkTop = (subject: string, name: string): void => {
  const [top = ''] = name.split('/');
  if (rootDirectories.has(top)) notAnImage(subject, `holds a root file system (it has '${top}' at its top)`, 'make an image of it with `skiff import`');
};

/** Where the symbolic link `name` leads, as a name in the same archive. */
const linkTarget = (subject: string, name: string, link: string): string => {
  const target = posix.normalize(posix.join(posix.dirname(name), link));
  return link.startsWith('/') || target.startsWith('..') ? hostile(subject, name, `links out of the archive, to '${link.slice(0, 200)}'`) : target;
};

const contentOf = async (subject: string, name: string, header: Header, entry: TarEntry, path: string): Promise<Content | undefined> => {
  switch (header.type) {
    case 'file':
    case 'contiguous-file':
      return { kind: 'file', file: await spool(entry as AsyncIterable<Buffer>, path) };
    case 'symlink':
      return { kind: 'link', target: linkTarget(subject, name, header.linkname) };
    case 'link':
      return { kind: 'link', target: normalise(subject, header.linkname) };
    case 'directory':
      return undefined;
    default:
      return hostile(subject, name, `is of a kind that has no place in an image archive (${header.type ?? 'unknown'})`);
  }
};

/** What tar-stream's words mean for the user; anything else is passed on. */
const explain = (subject: string, entries: number, error: unknown): unknown => {
  if (error instanceof SkiffFailure || !(error instanceof Error) || (error as NodeJS.ErrnoException).code !== undefined) return error;
  const cutShort = /unexpected end of data/i.test(error.message);
  if (!/invalid tar header|invalid header|header exceeds/i.test(error.message) && !cutShort) return error;
  try {
    if (entries === 0) return notAnImage(subject, cutShort ? 'is too short to be a tar archive' : 'is no tar archive');
    return fail({ _tag: 'Corrupt', subject, reason: cutShort ? 'it is cut short' : 'it is no valid tar archive beyond its first entries', hint: 'fetch or save it again' });
  } catch (failure) {
    return failure;
  }
};

/**
 * Reads the whole of `input` (a path or `-`; plain, gzip, zstd, bzip2 or xz), spooling its files into `directory`.
 * Throws `Refused` (no image archive), `Hostile` (names and kinds that must not be), `Corrupt` (cut short) and errno errors.
 */
export const readArchive = async (paths: Paths, input: string, directory: string): Promise<Archive> => {
  const subject = inputSubject(input);
  const { extract } = await import('tar-stream');
  const { Readable, pipeline } = await import('node:stream');
  const entries = new Map<string, Content>();
  let count = 0;
  const source = Readable.from(await plainInput(paths, input), { objectMode: false, highWaterMark: 1024 * 1024 });
  // Tar archives from before POSIX are fine too; the package's types lack the option.
  const options: Parameters<typeof extract>[0] & { readonly allowUnknownFormat: boolean } = { allowUnknownFormat: true };
  const reader = extract(options);
  let sourceFault: Error | undefined;
  source.once('error', (error) => (sourceFault = error));
  pipeline(source, reader, () => undefined);
  try {
    for await (const entry of reader) {
      count += 1;
      if (count > maximumEntries) hostile(subject, entry.header.name, `is one too many: no image archive has more than ${maximumEntries}`);
      const name = normalise(subject, entry.header.name);
      checkTop(subject, name);
      const content = await contentOf(subject, name, entry.header, entry, join(directory, String(count)));
      if (content !== undefined) entries.set(name, content);
      entry.resume();
    }
  } catch (error) {
    throw explain(subject, count, sourceFault ?? error);
  }
  if (sourceFault !== undefined) throw explain(subject, count, sourceFault);
  return { subject, entries };
};

/** The file called `name`, through links; undefined if there is none. */
export const findFile = (archive: Archive, name: string): SpooledFile | undefined => {
  let current = posix.normalize(name).replace(/^\.\//, '');
  for (let depth = 0; depth <= maximumLinkDepth; depth += 1) {
    const content = archive.entries.get(current);
    if (content === undefined || content.kind === 'file') return content?.file;
    current = content.target;
  }
  return hostile(archive.subject, name, `is a chain of more than ${maximumLinkDepth} links`);
};

/** The file called `name`; throws a `Corrupt` failure that names it if it is missing. */
export const requireFile = (archive: Archive, name: string): SpooledFile =>
  findFile(archive, name) ??
  fail({ _tag: 'Corrupt', subject: archive.subject, reason: `'${name.slice(0, 200)}' is missing from it`, hint: 'it may be cut short: fetch or save it again' });

/** The text of a spooled JSON file of at most 4 MiB. */
export const readJsonFile = (archive: Archive, file: SpooledFile, name: string): string =>
  file.size <= maximumDocument
    ? readDocument(file.path)
    : fail({ _tag: 'Hostile', subject: archive.subject, reason: `'${name.slice(0, 200)}' is larger than 4 MiB` });
