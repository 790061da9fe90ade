/** `skiff cp`: files from the host into a container, or from a container to the host. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import { toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { usage } from '../core/invalid.ts';
import { removeIfPresent } from '../system/files.ts';
import { helperPath } from '../system/helper.ts';
import { tell } from './container-events.ts';
import { explainCopy } from './copy-errors.ts';
import type { Copied } from './copy-errors.ts';
import { runCopy } from './copy-run.ts';
import type { CopyArgument, CopyPath } from './copy-path.ts';
import { hasProcess } from './container-state.ts';
import { readContainer, resolveId } from './records.ts';
import type { Container } from './records.ts';
import { decodeOciSpec } from './spec-codec.ts';
import { claimStart } from './start-claim.ts';
import type { Surroundings } from './surroundings.ts';
import { visitCommand } from './view.ts';

export interface CopyOptions {
  readonly source: CopyArgument;
  readonly target: CopyArgument;
  /** Keep the numbers of owner and group in the container; otherwise what comes from the host belongs to root there. */
  readonly archive: boolean;
  /** Copy what a symbolic link points to instead of the link. */
  readonly followLink: boolean;
}

/** Runs `body` with a container that nobody starts meanwhile; one that runs may end. */
const withContainer = async <A>({ paths }: Surroundings, word: string, body: (container: Container) => Promise<A>): Promise<A> => {
  const id = resolveId(paths, word);
  const now = readContainer(paths, id);
  if (now.state.status === 'running') return body(now);
  const claim = await claimStart(paths, id, word);
  if (claim.kind === 'runs') return body(claim.container);
  try {
    return await body(claim.container);
  } finally {
    removeIfPresent(claim.marker);
  }
};

/** What the kernel and Skiff show in a running container and no volume does: copied as empty directories. */
const kernelMounts = ({ directory, state }: Container): readonly string[] => {
  if (!hasProcess(state)) return [];
  const path = join(directory, 'config.json');
  const oci = decodeOciSpec(readFileSync(path, 'utf8'), path);
  return isLeft(oci) ? [] : oci.right.mounts.filter(({ type }) => type !== 'bind').map(({ destination }) => destination);
};

const singleUid = ({ host }: Surroundings): readonly string[] => (host.idMap.mode === 'single' ? ['--single-uid'] : []);

/** A tar of `source`; with `named` its members are called as on the command line, for people. */
const fetchCommand = (surroundings: Surroundings, { path, name, contents }: CopyPath, followLink: boolean, named: boolean): readonly string[] => [
  helperPath(surroundings.paths, 'skiff-tree'),
  'fetch',
  ...['--path', path],
  ...(named ? ['--name', contents ? '.' : name] : []),
  ...(followLink ? ['--follow'] : []),
];

const placeCommand = (surroundings: Surroundings, target: CopyPath, source: CopyArgument): readonly string[] => [
  helperPath(surroundings.paths, 'skiff-tree'),
  'place',
  ...['--path', target.path],
  ...(source.kind === 'stream' ? ['--archive'] : ['--name', source.name]),
  ...(source.kind === 'path' && source.contents ? ['--contents'] : []),
];

const copyIn = (surroundings: Surroundings, word: string, target: CopyPath, { source, archive, followLink }: CopyOptions): Promise<Copied> =>
  withContainer(surroundings, word, async (container) => {
    const place = [...placeCommand(surroundings, target, source), '--in-root', ...singleUid(surroundings)];
    const receiver = visitCommand(surroundings.paths, surroundings.host, container, place);
    const sender = source.kind === 'stream' ? undefined : [...fetchCommand(surroundings, source, followLink, false), ...(archive ? [] : ['--as-root'])];
    const copied = explainCopy(await runCopy(sender, receiver), source, { kind: 'path', ...target });
    tell(surroundings.paths, container.spec, 'extract-to-dir');
    return copied;
  });

const copyOut = (surroundings: Surroundings, word: string, source: CopyPath, { target, followLink }: CopyOptions): Promise<Copied> =>
  withContainer(surroundings, word, async (container) => {
    const hide = kernelMounts(container).flatMap((path) => ['--hide', path]);
    const fetch = [...fetchCommand(surroundings, source, followLink, target.kind === 'stream'), '--in-root', ...singleUid(surroundings), ...hide];
    const sender = visitCommand(surroundings.paths, surroundings.host, container, fetch);
    const from: CopyArgument = { kind: 'path', ...source };
    const receiver = target.kind === 'stream' ? undefined : [...placeCommand(surroundings, target, from), '--drop-owners'];
    const copied = explainCopy(await runCopy(sender, receiver), from, target);
    tell(surroundings.paths, container.spec, 'archive-path');
    return copied;
  });

const copy = (surroundings: Surroundings, options: CopyOptions): Promise<Copied> => {
  const { source, target } = options;
  const [from, to] = [source, target].map((side) => (side.kind === 'path' ? side.container : undefined));
  if (from !== undefined && to !== undefined) return usage('copying between containers is not supported', 'copy to the host and from there');
  if (to !== undefined && target.kind === 'path') return copyIn(surroundings, to, target, options);
  if (from !== undefined && source.kind === 'path') return copyOut(surroundings, from, source, options);
  return usage('one of the two must be in a container', 'write it as CONTAINER:PATH');
};

/**
 * Copies as `docker cp` does: a directory into an existing directory, or as a new one; its contents with `/.`; a file into a directory or as a name.
 * Paths of the container are resolved inside its root, whatever its links and processes do meanwhile. What comes to the host belongs to the caller,
 * without set-id bits. Not atomic: after a failure in the middle a part is there. Errors: `Usage`, `NotFound`, `Conflict`, `Refused`, `Hostile`, `System`.
 */
export const copyFiles = (surroundings: Surroundings, options: CopyOptions): TE.TaskEither<SkiffError, Copied> =>
  TE.tryCatch(async () => copy(surroundings, options), toSkiffError('copy', 'the files'));
