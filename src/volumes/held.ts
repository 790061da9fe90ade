/**
 * Volumes that are file systems of their own while containers use them. A process of the helpers, the volume's holder, mounts each in a mount namespace of
 * its own (helpers/volume.h); here is what the launch plan says to it.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../system/process-identity.ts';
import { dataDirectory, volumeDirectory } from './places.ts';
import type { PlanRecord } from '../core/plan-record.ts';
import type { Paths } from '../system/paths.ts';

const holdersDirectory = ({ runtime }: Pick<Paths, 'runtime'>): string => join(runtime, 'v');

/** The holder's place in the runtime directory, which several roots may share: so it is named by the volume's path. */
const holderDirectory = (paths: Paths, path: string): string => join(holdersDirectory(paths), createHash('sha256').update(path).digest('hex').slice(0, 32));

/** The record of the launch plan for the volume `name`: `words` is the kind of its file system and what that needs (README of helpers, `volume`). */
export const heldRecord = (paths: Paths, name: string, words: readonly string[]): PlanRecord => [
  'volume',
  name,
  holderDirectory(paths, volumeDirectory(paths, name)),
  dataDirectory(paths, name),
  ...words,
];

/** Where the process waits for the end of container `id` that then gives the volume `name` back. */
const afterDirectory = (paths: Paths, id: string, name: string): string => holderDirectory(paths, `${id}/${name}`);

/**
 * The record that has a program run in the host's namespaces once the container `id` has ended, whatever has ended it, to give back its volume `name`: `command`, absolute path
 * first, with the environment `environment` (lines `NAME=value`).
 */
export const afterRecord = (paths: Paths, id: string, name: string, environment: readonly string[], command: readonly string[]): PlanRecord => [
  'volume',
  name,
  afterDirectory(paths, id, name),
  '',
  'after',
  String(environment.length),
  ...environment,
  ...command,
];

/** What the holder of a volume says of itself. */
export interface HolderState {
  readonly pid: number;
  /** `idle`: nobody has asked for it yet; `failed` or `ended`: the next start tries again. */
  readonly state: 'idle' | 'mounted' | 'failed' | 'ended';
  /** Why nothing is mounted, in the program's words. */
  readonly reason?: string;
}

const readState = (directory: string): (HolderState & { readonly start: string }) | undefined => {
  try {
    const [, pid, start = '', state, reason = ''] = /^(\d{1,10}) (\d{1,20}) (idle|mounted|failed|ended)\n(?:([^\n]*)\n)?$/.exec(readFileSync(join(directory, 'state'), 'utf8')) ?? [];
    if (pid === undefined) return undefined;
    return { pid: Number(pid), start, state: state as HolderState['state'], ...(reason === '' ? {} : { reason }) };
  } catch {
    return undefined;
  }
};

const livingState = (directory: string): HolderState | undefined => {
  const found = readState(directory);
  return found !== undefined && isAlive(found) ? found : undefined;
};

/** What the living holder of the volume `name` says; undefined where no container uses it. */
export const holderState = (paths: Paths, name: string): HolderState | undefined => livingState(holderDirectory(paths, volumeDirectory(paths, name)));

/** Whether a process is there that sees to what `afterRecord` says. */
export const isLookedAfter = (paths: Paths, id: string, name: string): boolean => livingState(afterDirectory(paths, id, name)) !== undefined;

/** Directories that killed holders may have left: those of no living process. For `sweep-volumes`, which looks again under their lock. */
export const deadHolders = (paths: Paths): readonly string[] => {
  let names: readonly string[] = [];
  try {
    names = readdirSync(holdersDirectory(paths));
  } catch {
    return [];
  }
  return names.map((name) => join(holdersDirectory(paths), name)).filter((directory) => {
    const found = readState(directory);
    return found === undefined || !isAlive(found);
  });
};
