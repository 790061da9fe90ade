/** What `inspect` says of a container's mounts: those that the user asked for, not those that every container has. Pure. */
import { isRight } from 'fp-ts/Either';
import { goMap, goStruct } from '../images/inspect-config.ts';
import { parseMount } from '../core/mount-flag.ts';
import { cleanPath } from '../core/mounts.ts';
import type { MountRequest } from '../core/mounts.ts';
import type { OciMount, OciSpec } from '../core/oci-runtime.ts';
import type { Asked } from './asked.ts';

interface Shown {
  readonly type: 'bind' | 'tmpfs';
  readonly source: string;
  readonly target: string;
  /** The options as they were typed after `-v HOST:CONTAINER:`. */
  readonly mode: string;
  readonly readOnly: boolean;
  readonly propagation: string;
  /** What --mount asked for. */
  readonly request?: MountRequest;
}

const readOnlyWords: readonly string[] = ['ro', 'rro'];
const propagations: readonly string[] = ['private', 'rprivate', 'slave', 'rslave'];

const shown = (mount: OciMount, type: Shown['type'], mode: string): Shown => ({
  type,
  source: type === 'bind' ? mount.source : '',
  target: mount.destination,
  mode,
  readOnly: mount.options.some((option) => readOnlyWords.includes(option)),
  propagation: type === 'bind' ? (mount.options.find((option) => propagations.includes(option)) ?? '') : '',
});

const mountAt = (oci: OciSpec, target: string): OciMount | undefined => oci.mounts.find(({ destination }) => destination === target);

/** `-v`: what it was made of stands in config.json, with a source that no longer depends on a working directory. */
const volumesOf = (oci: OciSpec, asked: Asked): readonly Shown[] =>
  (asked.volume ?? []).flatMap((text) => {
    const [, target = '', mode = ''] = text.split(':');
    const mount = mountAt(oci, cleanPath(target));
    return mount === undefined ? [] : [shown(mount, 'bind', mode)];
  });

/** `--mount`. */
const mountsOf = (oci: OciSpec, asked: Asked): readonly Shown[] =>
  (asked.mount ?? []).flatMap((text) => {
    const request = parseMount(text, '/');
    const mount = isRight(request) ? mountAt(oci, request.right.target) : undefined;
    return isRight(request) && mount !== undefined ? [{ ...shown(mount, request.right.kind, ''), request: request.right }] : [];
  });

/** A member of `Mounts`, with Docker's names. */
export interface InspectedMount {
  readonly Type: string;
  /** Of a volume; empty here, as Driver is, and not in JSON. */
  readonly Name: string;
  readonly Source: string;
  readonly Destination: string;
  readonly Driver: string;
  readonly Mode: string;
  readonly RW: boolean;
  readonly Propagation: string;
}

/** `Mounts`, in Docker's form. */
export const inspectedMounts = (oci: OciSpec, asked: Asked): readonly InspectedMount[] =>
  [...volumesOf(oci, asked), ...mountsOf(oci, asked)].map(({ type, source, target, mode, readOnly, propagation }) => {
    const fields: InspectedMount = { Type: type, Name: '', Source: source, Destination: target, Driver: '', Mode: mode, RW: !readOnly, Propagation: propagation };
    return goStruct({ ...fields }, ['Name', 'Driver']) as InspectedMount;
  });

/** `HostConfig.Binds`: what `-v` asked for, its source absolute; null where there is none. */
export const bindsOf = (oci: OciSpec, asked: Asked): readonly string[] | null => {
  const binds = volumesOf(oci, asked).map(({ source, target, mode }) => `${source}:${target}${mode === '' ? '' : `:${mode}`}`);
  return binds.length === 0 ? null : binds;
};

const given = (fields: Readonly<Record<string, unknown>>): object | null => {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== false);
  return entries.length === 0 ? null : Object.fromEntries(entries);
};

/** Docker's BindOptions, as far as they are not what they would be anyway. */
const bindOptions = (request: MountRequest | undefined): object | null =>
  request?.kind !== 'bind'
    ? null
    : given({
        Propagation: request.propagation === 'rprivate' ? undefined : request.propagation,
        NonRecursive: request.recursive === 'disabled',
        CreateMountpoint: request.createSource,
        ReadOnlyNonRecursive: request.recursive === 'writable',
        ReadOnlyForceRecursive: request.recursive === 'readonly',
      });

/** Docker's TmpfsOptions: bytes, and the mode as a number. */
const tmpfsOptions = (request: MountRequest | undefined): object | null => {
  if (request?.kind !== 'tmpfs') return null;
  const option = (name: string): string | undefined => request.options.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1);
  const [size, mode] = [option('size'), option('mode')];
  return given({ SizeBytes: size === undefined ? undefined : Number(size), Mode: mode === undefined ? undefined : Number.parseInt(mode, 8) });
};

/** `HostConfig.Mounts`: what `--mount` asked for; null where there is none. */
export const mountRequestsOf = (oci: OciSpec, asked: Asked): readonly object[] | null => {
  const mounts = mountsOf(oci, asked).map(({ type, source, target, readOnly, request }) => {
    const options = { BindOptions: bindOptions(request), TmpfsOptions: tmpfsOptions(request) };
    return goStruct({ Type: type, Source: source, Target: target, ReadOnly: readOnly ? true : null, ...options }, ['Source', 'ReadOnly', ...Object.keys(options)]);
  });
  return mounts.length === 0 ? null : mounts;
};

/** `HostConfig.Tmpfs`: the options of each `--tmpfs` by its place; null where there is none. */
export const tmpfsOf = (asked: Asked): ReadonlyMap<string, string> | null => {
  const entries = (asked.tmpfs ?? []).map((text) => {
    const at = text.indexOf(':');
    return at < 0 ? ([text, ''] as const) : ([text.slice(0, at), text.slice(at + 1)] as const);
  });
  return entries.length === 0 ? null : goMap(Object.fromEntries(entries));
};

/** Bytes of the container's own /dev/shm; 0 where it has none. */
export const sharedMemoryOf = (oci: OciSpec): number => {
  const size = mountAt(oci, '/dev/shm')?.options.find((option) => option.startsWith('size='));
  return size === undefined ? 0 : Number(size.slice('size='.length)) || 0;
};
