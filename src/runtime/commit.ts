/** `skiff commit`: an image of a container's changes. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isLeft } from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import { isDigest } from '../core/digest.ts';
import { fail, toSkiffError } from '../core/errors.ts';
import { volumePoints } from '../core/mount-points.ts';
import type { SkiffError } from '../core/errors.ts';
import type { ContainerDefaults } from '../core/oci-image.ts';
import type { OciSpec } from '../core/oci-runtime.ts';
import { familiarReference, parseReference } from '../core/reference.ts';
import { commitImage } from '../images/commit.ts';
import type { Commit } from '../images/commit.ts';
import { checkOutcome, outcomeOf } from '../images/program.ts';
import type { Stored } from '../images/store.ts';
import { tell } from './container-events.ts';
import { changesCommand } from './diff.ts';
import { setPaused } from './pause.ts';
import { readContainer, statusWord } from './records.ts';
import type { Container } from './records.ts';
import { decodeOciSpec } from './spec-codec.ts';
import type { SkiffSpec } from './spec-types.ts';
import type { Surroundings } from './surroundings.ts';

export interface CommitOptions extends Pick<Commit, 'reference' | 'changes' | 'author' | 'message'> {
  /** Let the processes of a running container stand still meanwhile. */
  readonly pause: boolean;
}

export interface Committed extends Stored {
  /** A sentence for each thing that no layer can hold, as sockets. Names in it are printable. */
  readonly leftOut: readonly string[];
}

/** Skiff's own variables, which the image's next container gets anew. */
const isOwn = (line: string, spec: SkiffSpec): boolean => line === `HOSTNAME=${spec.hostname}` || (spec.tty && line === 'TERM=xterm');

const orAbsent = (words: readonly string[]): string[] | undefined => (words.length === 0 ? undefined : [...words]);

/** With keep-id and no --user it is the caller's own id, which is no business of the image's. */
const userOf = ({ user, userns }: SkiffSpec): Pick<ContainerDefaults, 'User'> =>
  userns.mode === 'keep-id' && user.text === `${userns.uid}:${userns.gid}` ? {} : { User: user.text };

const healthcheckOf = ({ healthcheck }: SkiffSpec): Pick<ContainerDefaults, 'Healthcheck'> =>
  healthcheck === undefined ? {} : { Healthcheck: { ...healthcheck, Test: [...(healthcheck.Test ?? [])] } };

const volumesOf = ({ mountPoints }: SkiffSpec): Pick<ContainerDefaults, 'Volumes'> => {
  const places = volumePoints(mountPoints).filter(({ anonymous }) => anonymous === true);
  return places.length === 0 ? {} : { Volumes: Object.fromEntries(places.map(({ destination }) => [destination, {}])) };
};

/** What the container was made to do, as an image says it: flags of `run` count (docker commit). What is not said is taken from its image. Pure. */
export const containerDefaults = (spec: SkiffSpec, oci: OciSpec): ContainerDefaults => {
  const split = spec.entrypointLength ?? 0;
  return {
    ...userOf(spec),
    Env: oci.process.env.filter((line) => !isOwn(line, spec)),
    Entrypoint: orAbsent(spec.args.slice(0, split)),
    Cmd: orAbsent(spec.args.slice(split)),
    WorkingDir: oci.process.cwd,
    Labels: { ...spec.labels },
    StopSignal: spec.stopSignal.name,
    ...(spec.exposed === undefined ? {} : { ExposedPorts: Object.fromEntries(spec.exposed.map((name) => [name, {}])) }),
    ...volumesOf(spec),
    ...healthcheckOf(spec),
  };
};

const readOci = ({ directory }: Container): OciSpec => {
  const path = join(directory, 'config.json');
  const decoded = decodeOciSpec(readFileSync(path, 'utf8'), path);
  return isLeft(decoded) ? fail(decoded.left) : decoded.right;
};

/** With the container's processes standing still, if it runs and they do not already. */
const whilePaused = async <A>({ paths }: Surroundings, container: Container, word: string, body: () => Promise<A>): Promise<A> => {
  if (statusWord(readContainer(paths, container.id).state) !== 'running') return body();
  await setPaused(paths, container, true, word);
  try {
    return await body();
  } finally {
    await setPaused(paths, container, false, word);
  }
};

const packChanges = async (surroundings: Surroundings, container: Container, subject: string, to: (bytes: Readable) => Promise<void>): Promise<readonly string[]> => {
  const [program = '', ...words] = changesCommand(surroundings.paths, surroundings.host, container, 'pack-changes');
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = outcomeOf(child, false);
  ended.catch(() => undefined);
  try {
    await to(child.stdout);
  } finally {
    child.stdout.destroy();
    await ended.catch(() => undefined);
  }
  const outcome = await ended;
  checkOutcome(outcome, 'commit', subject);
  return outcome.stderr.split('\n').filter((line) => line.startsWith('left out: '));
};

const familiar = (name: string): string => {
  const reference = parseReference(name);
  return '_tag' in reference ? '' : familiarReference(reference);
};

const commit = async (surroundings: Surroundings, word: string, container: Container, options: CommitOptions): Promise<Committed> => {
  const { spec } = container;
  const subject = `container ${word}`;
  const parent = spec.image?.id;
  if (!isDigest(parent)) return fail({ _tag: 'Refused', message: `container ${word} has no image to add to: it was made with --rootfs`, hint: 'use `skiff export` and `skiff import`' });
  const { pause, ...rest } = options;
  const wanted: Commit = { ...rest, subject, parent, defaults: containerDefaults(spec, readOci(container)), createdBy: spec.args.join(' '), now: Date.now() };
  let leftOut: readonly string[] = [];
  const stored = await commitImage(surroundings.paths, surroundings.host, wanted, async (to) => {
    const read = (): Promise<readonly string[]> => packChanges(surroundings, container, subject, to);
    leftOut = pause ? await whilePaused(surroundings, container, word, read) : await read();
  });
  tell(surroundings.paths, spec, 'commit', { comment: options.message ?? '', imageID: stored.id, imageRef: familiar(stored.names[0] ?? '') });
  return { ...stored, leftOut };
};

/**
 * Stores an image of the container's image and what the container, running or not, has changed since. It is paused no longer than its changes are
 * read. Errors: `Usage`, `Conflict`, `Refused`, `Corrupt`, `System`; nothing is stored then.
 */
export const commitContainer = (surroundings: Surroundings, word: string, container: Container, options: CommitOptions): TE.TaskEither<SkiffError, Committed> =>
  TE.tryCatch(() => commit(surroundings, word, container, options), toSkiffError('commit', `container ${word}`));
