/** What may stand in `config.yaml`, and how a person is told that something else does. Pure. */
import * as t from 'io-ts';
import { isLeft } from 'fp-ts/Either';
import { isPoolSource } from '../core/address-pools.ts';
import { isDomain } from '../core/reference.ts';
import type { PoolSource } from '../core/address-pools.ts';

/** A codec whose name completes "… must be". */
const kind = <A>(name: string, is: (u: unknown) => u is A): t.Type<A> =>
  new t.Type<A>(name, is, (u, context) => (is(u) ? t.success(u) : t.failure(u, context)), t.identity);

const parallel = kind('a whole number from 1 to 16', (u): u is number => Number.isInteger(u) && (u as number) >= 1 && (u as number) <= 16);

const flag = kind('true or false', (u): u is boolean => typeof u === 'boolean');

const domain = kind('HOST[:PORT] as in names of images (Docker Hub is docker.io)', (u): u is string => typeof u === 'string' && isDomain(u));

const driver = kind('auto, overlay or fuse-overlayfs', (u): u is 'auto' | 'overlay' | 'fuse-overlayfs' => u === 'auto' || u === 'overlay' || u === 'fuse-overlayfs');

const identity = kind('machine-id or hostname', (u): u is 'machine-id' | 'hostname' => u === 'machine-id' || u === 'hostname');

/** A mirror is a registry: what follows the host is the distribution protocol's, and a password in it would be shown by `skiff info` and `ps`. */
const isOrigin = (u: unknown): u is string => {
  const [, host = '', port = ':443'] = typeof u === 'string' ? (/^https?:\/\/(\[[^\]]*\]|[^:/]*)(:[0-9]+)?\/?$/.exec(u) ?? []) : [];
  return Number(port.slice(1)) <= 65535 && isDomain(`${host}${port}`);
};

const mirror = kind('http://HOST[:PORT] or https://HOST[:PORT]', isOrigin);

const file = kind('the path of a file', (u): u is string => typeof u === 'string' && u !== '' && !u.includes('\0'));

const isMapping = (u: unknown): u is Record<string, unknown> => typeof u === 'object' && u !== null && !Array.isArray(u);

const unknownKey = (known: string): t.Type<never> => kind(`one of these: ${known}`, (_): _ is never => false);

/** A mapping with some of these keys and no others. */
const only = <P extends t.Props>(props: P): t.Type<t.TypeOf<t.PartialC<P>>> => {
  const codec = t.partial(props);
  const known = Object.keys(props);
  const stranger = unknownKey(known.join(', '));
  return new t.Type('a mapping', codec.is, (u, context) => {
    if (!isMapping(u)) return t.failure(u, context);
    const strangers = Object.keys(u).filter((key) => !known.includes(key));
    const faults = strangers.map((key) => ({ value: u[key], context: t.appendContext(context, key, stranger) }));
    return faults.length > 0 ? t.failures(faults) : codec.validate(u, context);
  }, codec.encode);
};

const list = <A>(element: t.Type<A>): t.Type<readonly A[]> => {
  const codec = t.readonlyArray(element);
  return new t.Type('a list', codec.is, (u, context) => (Array.isArray(u) ? codec.validate(u, context) : t.failure(u, context)), codec.encode);
};

const registry = only({ mirrors: list(mirror), insecure: flag, ca: file });

/** Both keys are needed, and no others. */
const isPool = (u: unknown): u is PoolSource =>
  isMapping(u) && Object.keys(u).length === 2 && typeof u['base'] === 'string' && typeof u['size'] === 'number' && isPoolSource({ base: u['base'], size: u['size'] });

const addressPool = kind('a mapping with base, a range as in 10.20.0.0/16, and size, the prefix of each network in it, as in 24', isPool);

type RegistryDocument = t.TypeOf<typeof registry>;

/** By host; the codec of a key fails under that key. */
const registries = new t.Type<Readonly<Record<string, RegistryDocument>>>(
  'a mapping from HOST[:PORT]',
  (u): u is Readonly<Record<string, RegistryDocument>> => isMapping(u) && Object.entries(u).every(([key, value]) => domain.is(key) && registry.is(value)),
  (u, context) => {
    if (!isMapping(u)) return t.failure(u, context);
    const faults = Object.entries(u).flatMap(([key, value]) => {
      const result = domain.is(key) ? registry.validate(value, t.appendContext(context, key, registry)) : t.failure(key, t.appendContext(context, key, domain));
      return isLeft(result) ? result.left : [];
    });
    return faults.length > 0 ? t.failures(faults) : t.success(u as Readonly<Record<string, RegistryDocument>>);
  },
  t.identity,
);

/** The file as it is written: every key may be missing, no other key may be there. */
export const SettingsDocument = only({
  'default-registry': domain,
  'storage-driver': driver,
  'host-id': identity,
  'default-address-pools': list(addressPool),
  'parallel-downloads': parallel,
  'parallel-uploads': parallel,
  registries,
});

export type SettingsDocument = t.TypeOf<typeof SettingsDocument>;

const isStranger = (type: t.Decoder<unknown, unknown> | undefined): boolean => type?.name.startsWith('one of these: ') === true;

/**
 * The first fault in words: `registries.corp:5000.insecure must be true or false`. Values are never repeated, since one of them may be a
 * password in the wrong place.
 */
export const describeFault = (errors: t.Errors): string => {
  const context = errors[0]?.context ?? [];
  const keys = context.map(({ key }) => key).filter((key) => key !== '');
  const last = context.at(-1)?.type;
  if (keys.length === 0) return 'must be a mapping of settings';
  const wanted = last?.name ?? '';
  return isStranger(last) ? `${keys.join('.')} is no setting; it may be ${wanted}` : `${keys.join('.')} must be ${wanted}`;
};
