/**
 * The containers of every host that shares the store, as users of images. A record is read for four of its values only, so that one of a
 * later Skiff can still say what it uses.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as t from 'io-ts';
import { isRight } from 'fp-ts/Either';
import { digestOfHex, isDigest } from '../core/digest.ts';
import type { Digest } from '../core/digest.ts';
import { isContainerId } from '../core/names.ts';
import type { ImageUser, ImageUsers } from '../images/users.ts';
import type { Paths } from '../system/paths.ts';
import { isAttended, readRawState } from './records.ts';

const recordCodec = t.intersection([
  t.type({ rootfs: t.union([t.type({ kind: t.literal('image'), layers: t.array(t.string) }), t.type({ kind: t.literal('directory'), path: t.string })]) }),
  t.partial({ image: t.type({ id: t.string }), mountPoints: t.array(t.partial({ image: t.type({ id: t.string, layers: t.array(t.string) }) })) }),
]);
type Record = t.TypeOf<typeof recordCodec>;

/** Somebody may also run a layer's directory itself, with --rootfs. */
const layerForm = /\/layers(?:-single-uid)?\/([0-9a-f]{64})(?:\/|$)/;

const mountedIn = ({ mountPoints = [] }: Record): readonly { readonly id: string; readonly layers: readonly string[] }[] => mountPoints.flatMap(({ image }) => image ?? []);

const layersOf = (record: Record): readonly Digest[] =>
  [...(record.rootfs.kind === 'image' ? record.rootfs.layers : [record.rootfs.path]), ...mountedIn(record).flatMap(({ layers }) => layers)].flatMap((path) => {
    const [, hex] = layerForm.exec(path) ?? [];
    return hex === undefined ? [] : [digestOfHex(hex)];
  });

const decodeRecord = (path: string): Record | undefined => {
  try {
    const decoded = recordCodec.decode(JSON.parse(readFileSync(path, 'utf8')));
    return isRight(decoded) ? decoded.right : undefined;
  } catch {
    return undefined;
  }
};

/** The state as it was last written; only on its own host can be said whether that is still true. */
const statusIn = (directory: string): string => {
  try {
    return String((JSON.parse(readFileSync(join(directory, 'state.json'), 'utf8')) as { status?: unknown }).status);
  } catch {
    return 'unknown';
  }
};

const isRunning = (paths: Paths, containers: string, id: string): boolean => {
  if (containers !== paths.containers) return statusIn(join(containers, id)) !== 'exited';
  try {
    return isAttended(readRawState(paths, id));
  } catch {
    return true;
  }
};

const making = '.making-';

/** Records by directory; one that is being made may not have its file yet, and is looked at again by who asks twice. */
const recordsIn = (paths: Paths, containers: string): readonly (ImageUser | string)[] =>
  readdirSync(containers).flatMap((name): (ImageUser | string)[] => {
    const id = name.startsWith(making) ? name.slice(making.length) : name;
    if (!isContainerId(id)) return [];
    const path = join(containers, name, 'spec.json');
    const record = decodeRecord(path);
    if (record === undefined) {
      const isGone = !existsSync(join(containers, name));
      return name !== id || isGone ? [] : [`${path} does not say which layers its container needs: no unpacked layer is deleted; remove it with 'skiff rm -f ${id.slice(0, 12)}'`];
    }
    const image = record.image?.id;
    const mounted = mountedIn(record).map((each) => each.id).filter(isDigest);
    return [{ id, layers: layersOf(record), mounted, running: name !== id || isRunning(paths, containers, id), ...(isDigest(image) ? { image } : {}) }];
  });

/**
 * Every container on this store, those just being made included. A record that cannot be read is a doubt, by path.
 * Reads one or two small files for each container.
 */
export const readImageUsers = (paths: Paths): ImageUsers => {
  const hosts = join(paths.root, 'hosts');
  const directories = (existsSync(hosts) ? readdirSync(hosts) : []).map((host) => join(hosts, host, 'containers')).filter((path) => existsSync(path));
  const found = directories.flatMap((containers) => recordsIn(paths, containers));
  return {
    users: found.filter((item): item is ImageUser => typeof item !== 'string'),
    doubts: found.filter((item): item is string => typeof item === 'string'),
  };
};
