/**
 * What a build makes on the way, in a directory that says whose it is: `hosts/HOST/build/PID-START`. Containers of RUN have their records there, and
 * nowhere else, so `ps` and events know nothing of them. A build that is killed leaves it to the next one.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeTrees } from '../images/layer-files.ts';
import { withSpool } from '../images/temporary.ts';
import { isAlive, ownIdentity } from '../system/process-identity.ts';
import { helperPath, inUserNamespace } from '../system/helper.ts';
import { digestMemory } from './digest-memory.ts';
import type { DigestMemory } from './digest-memory.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Pile } from '../runtime/step-files.ts';

export interface Workspace {
  /** Where files of the build's own lie. */
  readonly directory: string;
  /** In the store: blobs on their way, and the lease on all that the build relies on. */
  readonly spool: string;
  /** As the build's own containers see it. */
  readonly surroundings: Surroundings;
  /** A layer without anything, for what stands on nothing. */
  readonly empty: string;
  /** A new directory, and the pile of `layers` (absolute, the lowest first) in it. */
  readonly pile: (layers: readonly string[]) => Pile;
  /** A directory for secrets: on the runtime directory's file system, gone with the build. */
  readonly secrets: () => string;
  readonly digests: DigestMemory;
  /** Sees to it that the user's namespace is there until the build ends: every step needs it several times, and it takes as long to make as a step. */
  readonly awake: () => void;
  /** Begins to remove what is not needed any more; the build's end waits for it. */
  readonly discard: (tree: string) => void;
}

const homeOf = (paths: Paths): string => join(paths.host, 'build');

const secretsOf = (paths: Paths): string => {
  const { pid, start } = ownIdentity();
  return join(paths.runtime, 'build', `${pid}-${start}`);
};

/** The directory above them goes too, where no other build has any. Their directories are the caller's, whoever they are for. */
const removeSecrets = (paths: Paths): void => {
  rmSync(secretsOf(paths), { recursive: true, force: true });
  try {
    rmdirSync(join(paths.runtime, 'build'));
  } catch {
    // There is none, or it is another build's as well.
  }
};

const isOfTheDead = (name: string): boolean => {
  const [, pid, start = ''] = /^(\d+)-(\d+)$/u.exec(name) ?? [];
  return pid !== undefined && !isAlive({ pid: Number(pid), start });
};

const leftOvers = (home: string): readonly string[] => (existsSync(home) ? readdirSync(home).filter(isOfTheDead).map((name) => join(home, name)) : []);

const make = (directory: string, names: readonly string[]): void => {
  for (const name of names) mkdirSync(join(directory, name), { recursive: true, mode: 0o755 });
};

const open = (surroundings: Surroundings, directory: string, spool: string, digests: DigestMemory, background: Background): Workspace => {
  const { paths, host } = surroundings;
  make(directory, ['containers', 'names', 'piles', 'empty']);
  let serial = 0;
  return {
    directory,
    spool,
    surroundings: { ...surroundings, paths: { ...paths, host: directory, containers: join(directory, 'containers'), names: join(directory, 'names') } },
    empty: join(directory, 'empty'),
    digests,
    pile: (layers) => {
      const own = join(directory, 'piles', String(serial));
      serial += 1;
      make(own, ['upper', 'work', 'merged']);
      return { layers: layers.length === 0 ? [join(directory, 'empty')] : layers, directory: own };
    },
    secrets: () => {
      mkdirSync(secretsOf(paths), { recursive: true, mode: 0o700 });
      return secretsOf(paths);
    },
    awake: () => {
      if (background.holder !== undefined) return;
      background.holder = holdKeeper(paths, host);
      // Without it ext4 puts many new files where many have just been removed, which takes it a hundred times as long (helpers/spread.c).
      spawnSync(helperPath(paths, 'skiff-helper'), ['spread', join(directory, 'piles')], { stdio: 'ignore' });
    },
    // Should it fail, all that is left goes with the workspace.
    discard: (tree) => void background.removals.push(removeTrees(paths, host, [tree]).catch(() => undefined)),
  };
};

/** What goes on beside the steps. */
interface Background {
  holder?: ChildProcess;
  readonly removals: Promise<void>[];
}

/** A helper that waits for an end of its input, and holds the keeper while it does. */
const holdKeeper = (paths: Paths, host: Host): ChildProcess => {
  const [program = '', ...words] = inUserNamespace(paths, host, [helperPath(paths, 'skiff-tree'), 'decompress']);
  const child = spawn(program, words, { stdio: ['pipe', 'ignore', 'ignore'] });
  child.on('error', () => undefined);
  child.stdin?.on('error', () => undefined);
  return child;
};

const letGo = async ({ holder }: Background): Promise<void> => {
  if (holder === undefined || holder.exitCode !== null || holder.signalCode !== null) return;
  const gone = new Promise((resolve) => holder.once('close', resolve));
  holder.stdin?.end();
  await gone;
};

/** Where nothing was done, all in it is the caller's own, and no other ids are needed to remove it. */
const removeOwn = async (paths: Paths, host: Host, directory: string): Promise<void> => {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch {
    await removeTrees(paths, host, [directory]);
  }
};

/** Runs `body` with a new workspace, which is gone afterwards however `body` ends; so is what killed builds have left. */
export const withWorkspace = async <A>(surroundings: Surroundings, body: (workspace: Workspace) => Promise<A>): Promise<A> => {
  const { paths, host } = surroundings;
  const home = homeOf(paths);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const { pid, start } = ownIdentity();
  const directory = join(home, `${pid}-${start}`);
  const background: Background = { removals: [] };
  for (const left of leftOvers(join(paths.runtime, 'build'))) rmSync(left, { recursive: true, force: true });
  await removeTrees(paths, host, leftOvers(home));
  try {
    const digests = digestMemory(join(paths.root, 'build', 'digests'));
    const result = await withSpool(paths, (spool) => body(open(surroundings, directory, spool, digests, background)));
    digests.save();
    return result;
  } finally {
    removeSecrets(paths);
    await Promise.all(background.removals);
    await removeOwn(paths, host, directory);
    await letGo(background);
  }
};
