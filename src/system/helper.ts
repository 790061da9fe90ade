/** The C helpers: where they are on this machine, and how to run a command inside the user's namespace through them. */
import { statSync, readFileSync, mkdirSync, openSync, writeSync, fsyncSync, closeSync, renameSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { createHash } from 'node:crypto';
import { fail } from '../core/errors.ts';
import { defaultMap, mapText } from '../core/id-maps.ts';
import { embeddedAssets } from './assets.ts';
import type { Host, IdMap, IdRange } from './host.ts';
import type { Paths } from './paths.ts';

export type HelperName = 'skiff-helper' | 'skiff-tree' | 'skiff-seccomp' | 'skiff-hello';

/**
 * The absolute path of a helper. The single executable carries them and unpacks each once, verified by digest, into the
 * user's cache under a name made of that digest; `skiff.cjs` has them beside it. Idempotent, and safe when several run at once.
 */
export const helperPath = (paths: Paths, name: HelperName): string => {
  const asset = embeddedAssets()?.[name];
  if (asset === undefined) return join(process.env['SKIFF_HELPERS'] ?? join(__dirname, 'helpers'), name);
  const unpacked = join(paths.cache, 'helpers', asset.sha256.slice(0, 32), name);
  if (sizeOf(unpacked) !== asset.size) unpack(asset.path, asset.sha256, unpacked);
  return unpacked;
};

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? -1;

const unpack = (source: string, sha256: string, target: string): void => {
  const bytes = readFileSync(source);
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
    fail({ _tag: 'Corrupt', subject: 'the skiff executable', reason: 'a program inside it does not match its digest', hint: 'install it again' });
  }
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  const temporary = `${target}.${process.pid}`;
  const fd = openSync(temporary, 'w', 0o500);
  try {
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(fd, bytes, offset);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, target);
};

const textOf = (ranges: readonly IdRange[]): string => mapText(defaultMap(ranges));

/** Inside the keeper every id is called as on the host (why: helpers/keeper.h). */
const identity = (ranges: readonly IdRange[]): readonly IdRange[] => ranges.map((r) => ({ ...r, containerId: r.hostId }));

/** The ids of a container as ranges, whatever the mode. */
export const containerIds = (map: IdMap): { readonly uids: readonly IdRange[]; readonly gids: readonly IdRange[] } =>
  map.mode === 'ranges'
    ? map
    : { uids: [{ containerId: 0, hostId: map.uid, size: 1 }], gids: [{ containerId: 0, hostId: map.gid, size: 1 }] };

/**
 * How the helper makes the user's namespace when it does not exist: runtime directory, newuidmap, newgidmap, uid map, gid map
 * (maps in the form of /proc/PID/uid_map; empty program names where only the caller's own id is mapped).
 */
export const keeperArguments = (paths: Paths, host: { readonly idMap: IdMap }): readonly string[] => {
  const map = host.idMap;
  const { uids, gids } = containerIds(map);
  const tools = map.mode === 'ranges' ? [map.newuidmap, map.newgidmap] : ['', ''];
  return [paths.runtime, ...tools, textOf(identity(uids)), textOf(identity(gids))];
};

/** The argv that runs `command` (absolute path first) as root of a namespace with the ids of containers; joins or starts the keeper. */
export const inUserNamespace = (paths: Paths, host: Host, command: readonly string[]): readonly string[] => {
  const { uids, gids } = containerIds(host.idMap);
  return [helperPath(paths, 'skiff-helper'), 'userns', ...keeperArguments(paths, host), textOf(uids), textOf(gids), ...command];
};
