/** What `inspect` says of a container's mounts: those that the user asked for, not those that every container has. Pure. */
import { isRight } from 'fp-ts/Either';
import { goMap, goStruct } from '../images/inspect-config.ts';
import { parseMount } from '../core/mount-flag.ts';
import { cleanPath } from '../core/mounts.ts';
import type { MountPoint } from '../core/mount-points.ts';
import type { MountRequest } from '../core/mounts.ts';
import type { OciMount, OciSpec } from '../core/oci-runtime.ts';
import type { Asked } from './asked.ts';

const mountAt = (oci: OciSpec, target: string): OciMount | undefined => oci.mounts.find(({ destination }) => destination === target);

/** A member of `Mounts`, with Docker's names. */
export interface InspectedMount {
  readonly Type: string;
  /** Of a volume, or an image's reference; empty otherwise, as Driver is, and not in JSON then. */
  readonly Name: string;
  readonly Source: string;
  readonly Destination: string;
  readonly Driver: string;
  readonly Mode: string;
  readonly RW: boolean;
  readonly Propagation: string;
}

/** `Mounts`, in Docker's form. */
export const inspectedMounts = (points: readonly MountPoint[] | undefined): readonly InspectedMount[] =>
  (points ?? []).map(({ type, name, image, source, destination, driver = '', mode, readOnly, propagation }) => {
    const fields: InspectedMount = { Type: type, Name: name ?? image?.reference ?? '', Source: source, Destination: destination, Driver: driver, Mode: mode, RW: !readOnly, Propagation: propagation };
    return goStruct({ ...fields }, ['Name', 'Driver']) as InspectedMount;
  });

/** What `-v` asked for with a source, whose host path was made absolute when the container was made. */
const bindOf = (text: string, points: readonly MountPoint[] | undefined): readonly string[] => {
  const [, target, mode = ''] = text.split(':');
  const point = target === undefined ? undefined : points?.find(({ destination }) => destination === cleanPath(target));
  return point === undefined ? [] : [`${point.name ?? point.source}:${point.destination}${mode === '' ? '' : `:${mode}`}`];
};

/** `HostConfig.Binds`; null where there is none. */
export const bindsOf = (points: readonly MountPoint[] | undefined, asked: Asked): readonly string[] | null => {
  const binds = (asked.volume ?? []).flatMap((text) => bindOf(text, points));
  return binds.length === 0 ? null : binds;
};

const given = (fields: Readonly<Record<string, unknown>>): object | null => {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== false);
  return entries.length === 0 ? null : Object.fromEntries(entries);
};

/** Docker's BindOptions, as far as they are not what they would be anyway. */
const bindOptions = (request: MountRequest): object | null =>
  request.kind !== 'bind'
    ? null
    : given({
        Propagation: request.propagation === 'rprivate' ? undefined : request.propagation,
        NonRecursive: request.recursive === 'disabled',
        CreateMountpoint: request.createSource,
        ReadOnlyNonRecursive: request.recursive === 'writable',
        ReadOnlyForceRecursive: request.recursive === 'readonly',
      });

/** Docker's TmpfsOptions: bytes, and the mode as a number. */
const tmpfsOptions = (request: MountRequest): object | null => {
  if (request.kind !== 'tmpfs') return null;
  const option = (name: string): string | undefined => request.options.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1);
  const [size, mode] = [option('size'), option('mode')];
  return given({ SizeBytes: size === undefined ? undefined : Number(size), Mode: mode === undefined ? undefined : Number.parseInt(mode, 8) });
};

const unlessEmpty = (fields: Readonly<Record<string, string>>): object | undefined => (Object.keys(fields).length === 0 ? undefined : fields);

/** Docker's VolumeOptions. */
const volumeOptions = (request: MountRequest): object | null => {
  if (request.kind !== 'volume') return null;
  const driver = given({ Name: request.driver === '' ? undefined : request.driver, Options: unlessEmpty(request.options) });
  return given({ NoCopy: request.noCopy, Labels: unlessEmpty(request.labels), Subpath: request.subpath === '' ? undefined : request.subpath, DriverConfig: driver ?? undefined });
};

/** Docker's ImageOptions. */
const imageOptions = (request: MountRequest): object | null => (request.kind === 'image' && request.subpath !== '' ? { Subpath: request.subpath } : null);

const requestOf = (text: string): MountRequest | undefined => {
  const request = parseMount(text, '/');
  return isRight(request) ? request.right : undefined;
};

/** `HostConfig.Mounts`: what `--mount` asked for; null where there is none. */
export const mountRequestsOf = (points: readonly MountPoint[] | undefined, asked: Asked): readonly object[] | null => {
  const mounts = (asked.mount ?? []).flatMap((text) => {
    const request = requestOf(text);
    const point = request === undefined ? undefined : points?.find(({ destination }) => destination === request.target);
    if (request === undefined || point === undefined) return [];
    const options = { BindOptions: bindOptions(request), VolumeOptions: volumeOptions(request), ImageOptions: imageOptions(request), TmpfsOptions: tmpfsOptions(request) };
    const source = request.kind === 'volume' ? request.name : request.kind === 'image' ? request.source : point.source;
    const readOnly = request.kind === 'image' ? request.readOnly : point.readOnly;
    return [goStruct({ Type: request.kind, Source: source, Target: request.target, ReadOnly: readOnly ? true : null, ...options }, ['Source', 'ReadOnly', ...Object.keys(options)])];
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
