/**
 * What a build makes on the way, in a directory that says whose it is: `hosts/HOST/build/PID-START`. Containers of RUN have their records there, and
 * nowhere else, so `ps` and events know nothing of them. A build that is killed leaves it to the next one.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeTrees } from '../images/layer-files.ts';
import { withSpool } from '../images/temporary.ts';
import { isAlive, ownIdentity } from '../system/process-identity.ts';
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
  /** Removes trees that may hold other users' files. */
  readonly remove: (trees: readonly string[]) => Promise<void>;
}

const homeOf = (paths: Paths): string => join(paths.host, 'build');

const secretsOf = (paths: Paths): string => {
  const { pid, start } = ownIdentity();
  return join(paths.runtime, 'build', `${pid}-${start}`);
};

const isOfTheDead = (name: string): boolean => {
  const [, pid, start = ''] = /^(\d+)-(\d+)$/u.exec(name) ?? [];
  return pid !== undefined && !isAlive({ pid: Number(pid), start });
};

const leftOvers = (home: string): readonly string[] => (existsSync(home) ? readdirSync(home).filter(isOfTheDead).map((name) => join(home, name)) : []);

const make = (directory: string, names: readonly string[]): void => {
  for (const name of names) mkdirSync(join(directory, name), { recursive: true, mode: 0o755 });
};

const open = (surroundings: Surroundings, directory: string, spool: string): Workspace => {
  const { paths, host } = surroundings;
  make(directory, ['containers', 'names', 'piles', 'empty']);
  let serial = 0;
  return {
    directory,
    spool,
    surroundings: { ...surroundings, paths: { ...paths, host: directory, containers: join(directory, 'containers'), names: join(directory, 'names') } },
    empty: join(directory, 'empty'),
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
    remove: (trees) => removeTrees(paths, host, trees),
  };
};

/** Runs `body` with a new workspace, which is gone afterwards however `body` ends; so is what killed builds have left. */
export const withWorkspace = async <A>(surroundings: Surroundings, body: (workspace: Workspace) => Promise<A>): Promise<A> => {
  const { paths, host } = surroundings;
  const home = homeOf(paths);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const { pid, start } = ownIdentity();
  const directory = join(home, `${pid}-${start}`);
  for (const left of leftOvers(join(paths.runtime, 'build'))) rmSync(left, { recursive: true, force: true });
  await removeTrees(paths, host, leftOvers(home));
  try {
    return await withSpool(paths, (spool) => body(open(surroundings, directory, spool)));
  } finally {
    rmSync(secretsOf(paths), { recursive: true, force: true });
    await removeTrees(paths, host, [directory]);
  }
};
