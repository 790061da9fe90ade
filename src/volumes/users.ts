/** Which containers name which volumes: those of every host that shares the home directory, running or not, and those just being made. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as t from 'io-ts';
import { isRight } from 'fp-ts/Either';
import { isContainerId } from '../core/names.ts';
import type { Paths } from '../system/paths.ts';

export interface VolumeUser {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  /** The container's directory; that of another host where the home directory is shared. */
  readonly directory: string;
  /** Names of volumes. */
  readonly volumes: readonly string[];
}

export interface VolumeUsers {
  readonly users: readonly VolumeUser[];
  /** One sentence for each container that may name volumes and cannot be read; no volume may be removed then. */
  readonly doubts: readonly string[];
}

/** A record is read for two of its values only, so that one of a later Skiff can still say what it uses. */
const recordCodec = t.intersection([
  t.type({ name: t.string }),
  t.partial({ mountPoints: t.array(t.intersection([t.type({ type: t.string }), t.partial({ name: t.string })])) }),
]);

const decode = (path: string): t.TypeOf<typeof recordCodec> | undefined => {
  try {
    const decoded = recordCodec.decode(JSON.parse(readFileSync(path, 'utf8')));
    return isRight(decoded) ? decoded.right : undefined;
  } catch {
    return undefined;
  }
};

/** As runtime/trees.ts has it. */
const making = '.making-';

/** One that is being made may not have its file yet, and is looked at again by who asks twice. */
const usersIn = (containers: string): readonly (VolumeUser | string)[] =>
  readdirSync(containers).flatMap((entry): (VolumeUser | string)[] => {
    const id = entry.startsWith(making) ? entry.slice(making.length) : entry;
    if (!isContainerId(id)) return [];
    const directory = join(containers, entry);
    const path = join(directory, 'spec.json');
    const record = decode(path);
    if (record !== undefined) return [{ id, name: record.name, directory, volumes: (record.mountPoints ?? []).flatMap(({ type, name }) => (type === 'volume' && name !== undefined ? [name] : [])) }];
    if (entry !== id || !existsSync(directory)) return [];
    return [`${path} does not say which volumes its container names: none is removed; remove it with 'skiff rm -f ${id.slice(0, 12)}'`];
  });

/** Asked anew each time: containers come and go without a lock. Reads one small file for each container. */
export const readVolumeUsers = (paths: Paths): VolumeUsers => {
  const hosts = join(paths.root, 'hosts');
  const directories = (existsSync(hosts) ? readdirSync(hosts) : []).map((host) => join(hosts, host, 'containers')).filter((path) => existsSync(path));
  const found = directories.flatMap(usersIn);
  return {
    users: found.filter((item): item is VolumeUser => typeof item !== 'string'),
    doubts: found.filter((item): item is string => typeof item === 'string'),
  };
};

/** The containers that name volume `name`, by id. */
export const usersOf = ({ users }: VolumeUsers, name: string): readonly VolumeUser[] => users.filter(({ volumes }) => volumes.includes(name));
