/** Options of the driver `local`: Docker's rules for them, and what a user without root can mount of it. Pure. */
import { usage } from '../../core/invalid.ts';
import { parseSize } from '../../core/sizes.ts';
import { withHostOwner } from './owners.ts';
import type { OwnerIds } from './owners.ts';

const known: readonly string[] = ['type', 'o', 'device', 'size'];
/** Which option needs which (moby volume/local/local_unix.go). */
const companions: Readonly<Record<string, readonly string[]>> = { device: ['type'], type: ['device'], o: ['device', 'type'] };

type Options = Readonly<Record<string, string>>;

/** Throws Usage in Docker's words for options that it would not take either; which of them work here is decided at use. */
export const checkLocalOptions = (options: Options): void => {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) usage(`invalid option: "${unknown}"`, 'the local driver has type, device and o');
  if (options['size'] !== undefined) {
    if (parseSize(options['size']) === undefined) usage(`invalid size: '${options['size']}'`);
    usage('quota size requested but no quota support', 'use --opt type=tmpfs --opt device=tmpfs --opt o=size=… for a volume in memory with a limit');
  }
  for (const [name, needed] of Object.entries(companions)) {
    const missing = Object.hasOwn(options, name) ? needed.find((other) => !Object.hasOwn(options, other)) : undefined;
    if (missing !== undefined) usage(`missing required option: "${missing}"`);
  }
};

export type LocalKind = 'directory' | 'bind' | 'tmpfs' | 'other';

const words = ({ o = '' }: Options): readonly string[] => o.split(',').map((word) => word.trim()).filter((word) => word !== '');

/** What the volume is. Docker mounts whatever type is named; with `bind` among the options that is a bind mount of `device`, whatever the type. */
export const localKind = (options: Options): LocalKind => {
  if (options['device'] === undefined) return 'directory';
  if (words(options).some((word) => word === 'bind' || word === 'rbind')) return 'bind';
  return options['type'] === 'tmpfs' ? 'tmpfs' : 'other';
};

/** Of a bind mount: whether it is read-only, and the words that are left and mean nothing here. */
export const bindWords = (options: Options): { readonly readOnly: boolean; readonly strange: readonly string[] } => {
  const rest = words(options).filter((word) => !['bind', 'rbind', 'rw', 'defaults', 'private', 'rprivate'].includes(word));
  return { readOnly: rest.includes('ro'), strange: rest.filter((word) => word !== 'ro') };
};

/** Options of a tmpfs as the holder's mount(2) takes them, behind Docker's defaults. Throws Usage for an owner that no container has. */
export const tmpfsWords = (options: Options, ids: OwnerIds): string => words(options).map((word) => withHostOwner(word, ids)).join(',');
