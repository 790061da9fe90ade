/** The records of networks on disk, beside the three that are there without one. A name is taken by link(2), so that of several who want it one gets it. */
import { linkSync, mkdirSync, readFileSync, readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fail, SkiffFailure } from '../core/errors.ts';
import { removeIfPresent, syncDirectory, writeFileAtomic, withLock } from '../system/files.ts';
import { decodeNetwork, encodeNetwork } from './codec.ts';
import { isNetworkName } from './name.ts';
import { networksDirectory, recordPath } from './places.ts';
import { predefined } from './predefined.ts';
import type { Network } from './types.ts';
import type { Paths } from '../system/paths.ts';

const unless = <A>(code: string, body: () => A): A | undefined => {
  try {
    return body();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
    return undefined;
  }
};

/** The network called `name`, which must be a whole name; undefined where there is none. Throws Corrupt. */
export const readNetwork = (paths: Paths, name: string): Network | undefined => {
  const known = predefined.find((network) => network.name === name);
  if (known !== undefined || !isNetworkName(name)) return known;
  const path = recordPath(paths, name);
  const text = unless('ENOENT', () => readFileSync(path, 'utf8'));
  return text === undefined ? undefined : decodeNetwork(text, path, name);
};

export interface Networks {
  /** By name, the predefined ones among them. */
  readonly networks: readonly Network[];
  /** One for each record that could not be read; it takes no other down with it. */
  readonly warnings: readonly SkiffFailure[];
}

const names = (paths: Paths): readonly string[] =>
  (unless('ENOENT', () => readdirSync(networksDirectory(paths))) ?? []).filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length)).filter(isNetworkName);

/** Every network whose record decodes. One that vanishes meanwhile is left out. */
export const listNetworks = (paths: Paths): Networks => {
  const networks: Network[] = [...predefined];
  const warnings: SkiffFailure[] = [];
  for (const name of names(paths)) {
    try {
      const network = readNetwork(paths, name);
      if (network !== undefined) networks.push(network);
    } catch (error) {
      if (!(error instanceof SkiffFailure)) throw error;
      warnings.push(error);
    }
  }
  return { networks: networks.sort((a, b) => (a.name < b.name ? -1 : 1)), warnings };
};

/**
 * The network that a person means: a name, a whole id, or the beginning of one; in this order, as in Docker. Throws NotFound, Corrupt where the
 * record of that name is damaged, or Conflict where the beginning fits several.
 */
export const findNetwork = (paths: Paths, word: string): Network => {
  const named = readNetwork(paths, word);
  if (named !== undefined) return named;
  const matches = /^[0-9a-f]{1,64}$/.test(word) ? listNetworks(paths).networks.filter(({ id }) => id.startsWith(word)) : [];
  const [only] = matches;
  if (only === undefined) return fail({ _tag: 'NotFound', kind: 'network', name: word });
  if (matches.length > 1) return fail({ _tag: 'Conflict', message: `'${word}' begins the ids of ${matches.length} networks`, hint: 'give more digits, or a name' });
  return only;
};

/** Whether the record is still the one that was read: a starter asks after it has its lease. */
export const isCurrent = (paths: Paths, { name, id }: Network): boolean => readNetwork(paths, name)?.id === id;

/**
 * Runs `body` while nobody else makes or removes a network: two that choose a subnet at once would both see it free. Takes a few milliseconds.
 */
export const whileChanging = async <A>(paths: Paths, body: () => A): Promise<A> => {
  mkdirSync(networksDirectory(paths), { recursive: true, mode: 0o700 });
  return await withLock(paths, join(networksDirectory(paths), '.lock'), 'exclusive', async () => body());
};

/** Writes the record of a new network, durably. Throws Conflict where the name is taken. */
export const addNetwork = (paths: Paths, network: Network): void => {
  const directory = networksDirectory(paths);
  const temporary = join(directory, `.tmp-${network.id}`);
  try {
    writeFileAtomic(temporary, encodeNetwork(network), { durable: true });
    if (unless('EEXIST', () => (linkSync(temporary, recordPath(paths, network.name)), true)) === undefined) {
      fail({ _tag: 'Conflict', message: `network with name ${network.name} already exists`, hint: `remove it with 'skiff network rm ${network.name}', or choose another name` });
    }
  } finally {
    removeIfPresent(temporary);
  }
  syncDirectory(directory);
};

/** Takes the record away. Whoever does so must know that nobody is attached. */
export const dropNetwork = (paths: Paths, { name }: Network): void => {
  unless('ENOENT', () => unlinkSync(recordPath(paths, name)));
  syncDirectory(networksDirectory(paths));
};
