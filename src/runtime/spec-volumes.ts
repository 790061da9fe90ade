/** The volumes of a container, and those that it takes over from others: from words to mount points. Pure. */
import { fail } from '../core/errors.ts';
import { refuse } from '../core/invalid.ts';
import { cleanPath } from '../core/mounts.ts';
import { parseVolumesFrom } from '../core/volumes.ts';
import type { MountPoint } from '../core/mount-points.ts';
import type { ImageMount, MountRequest, VolumeMount } from '../core/mounts.ts';
import type { RunFlags } from './run-flags.ts';
import type { HostView, ImageConfig } from './spec-types.ts';

/** A request with no name is for this container alone. Docker says `z` where nothing was typed (setBindModeIfNull), but not for what an image declares. */
const volumePoint = (request: VolumeMount, host: HostView, at: number, mode: string): MountPoint => {
  const anonymous = request.name === '';
  const name = anonymous ? host.newVolumeName() : request.name;
  return {
    type: 'volume',
    name,
    source: host.volumeData(name),
    destination: request.target,
    driver: request.driver === '' ? 'local' : request.driver,
    mode,
    readOnly: request.readOnly,
    propagation: '',
    make: { driver: request.driver, options: request.options, labels: request.labels },
    ...(anonymous ? { anonymous } : {}),
    // A volume that is mounted in part, or may not be written to through a mount, is filled as another: Docker does so too.
    copy: !request.noCopy && request.subpath === '',
    ...(request.chown ? { chown: true } : {}),
    ...(request.subpath === '' ? {} : { subpath: request.subpath, stage: `${host.containerDirectory}/volume-${at}` }),
  };
};

/** Where the helpers put an image, and where a part of one. */
const imagePlaces = (place: string, subpath: string | undefined): Pick<MountPoint, 'source' | 'stage'> => ({ source: place, stage: subpath === undefined ? place : `${place}-part` });

/** What Docker shows for one (moby, volume/mounts/linux_parser.go). */
const imagePoint = ({ source, target, subpath }: ImageMount, flags: RunFlags, host: HostView, at: number): MountPoint => {
  const image = flags.mountedImages?.find(({ reference }) => reference === source) ?? fail({ _tag: 'NotFound', kind: 'image', name: source });
  const part = subpath === '' ? {} : { subpath };
  return { type: 'image', ...imagePlaces(`${host.containerDirectory}/image-${at}`, part.subpath), destination: target, mode: '', readOnly: true, propagation: 'rprivate', image, ...part };
};

const pointOf = (request: MountRequest, flags: RunFlags, host: HostView, at: number): MountPoint => {
  const { target: destination } = request;
  if (request.kind === 'image') return imagePoint(request, flags, host, at);
  if (request.kind === 'volume') return volumePoint(request, host, at, request.mode === '' ? 'z' : request.mode);
  if (request.kind === 'tmpfs') return { type: 'tmpfs', source: '', destination, mode: '', readOnly: request.options.includes('ro'), propagation: '' };
  const { source, mode, readOnly, propagation, recursive, chown } = request;
  return { type: 'bind', source, destination, mode, readOnly, propagation, recursive, ...(chown ? { chown } : {}) };
};

/** What `--volumes-from` takes over: volumes, binds and images of another container, not filled again. A later container's beat an earlier one's. */
const takenOver = (flags: RunFlags, host: HostView): readonly MountPoint[] => {
  const points = new Map<string, MountPoint>();
  let at = 0;
  for (const text of flags.volumesFrom ?? []) {
    const { container, readOnly } = parseVolumesFrom(text);
    const donor = host.findContainer(container) ?? fail({ _tag: 'NotFound', kind: 'container', name: container });
    for (const point of donor.mountPoints) {
      if (point.type === 'tmpfs') continue;
      const { copy: _, make: __, chown: ___, stage, ...rest } = point;
      const place = `${host.containerDirectory}/${point.type}-from-${at++}`;
      const places = point.type === 'image' ? imagePlaces(place, point.subpath) : stage === undefined ? {} : { stage: place };
      points.set(point.destination, { ...rest, readOnly: rest.readOnly || readOnly, ...places });
    }
  }
  return [...points.values()];
};

const declared = (image: ImageConfig | undefined): readonly string[] =>
  Object.keys(image?.Volumes ?? {})
    .map(cleanPath)
    .filter((path) => path !== '/');

const imageVolume = (target: string, driver: string): VolumeMount => ({
  kind: 'volume', typed: target, name: '', target, readOnly: false, noCopy: false, chown: false, relabel: false, subpath: '', driver, options: {}, labels: {}, mode: '',
});


/**
 * In Docker's order of precedence: what `-v`, `--mount` and `--tmpfs` ask for, then what other containers have, then what the image declares; of two at
 * one place the first counts. `requests` have no place in common; `others` are places of what is no mount point, as those of `--tmpfs`. Throws NotFound for a
 * container that is not there, Refused for an owner that cannot be given.
 */
export const mountPointsOf = (flags: RunFlags, image: ImageConfig | undefined, requests: readonly MountRequest[], others: ReadonlySet<string>, host: HostView): readonly MountPoint[] => {
  const asked = requests.map((request, at) => pointOf(request, flags, host, at));
  const taken = new Set([...others, ...asked.map(({ destination }) => destination)]);
  const inherited = takenOver(flags, host).filter(({ destination }) => !taken.has(destination));
  for (const { destination } of inherited) taken.add(destination);
  const images = declared(image).filter((path) => !taken.has(path)).map((path, at) => volumePoint(imageVolume(path, flags.volumeDriver ?? ''), host, requests.length + at, ''));
  const points = [...asked, ...inherited, ...images];
  const owned = points.find(({ chown }) => chown === true);
  if (owned !== undefined && host.idMap.mode === 'single') refuse(`cannot give ${owned.destination} to the container's user ('U'): without subordinate ids the container has one user only`, 'leave U out');
  if (owned !== undefined && (flags.runtime ?? '') !== '') refuse(`cannot give ${owned.destination} to the container's user ('U') with --runtime`, 'leave one of them out');
  return points;
};
