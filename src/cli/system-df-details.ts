/** `skiff system df -v`: each image, container and volume, and each step that builds remember. */
import { shortId } from '../core/digest.ts';
import { familiarRepository, parseReference } from '../core/reference.ts';
import { humanSize } from '../core/sizes.ts';
import { timeAgo } from '../core/times.ts';
import type { ImageUsage, StoreUsage } from '../images/usage.ts';
import type { ContainerUsage } from '../runtime/container-usage.ts';
import { rowOf } from '../runtime/list.ts';
import type { VolumeUsage } from '../runtime/volume-usage.ts';
import type { CacheItem } from '../images/build-cache-prune.ts';
import { cacheBytes, cacheItemRow, cacheView } from './system-df-cache.ts';
import type { Output } from './context.ts';
import { renderList, renderObject } from './format.ts';
import type { ListView, Row } from './format.ts';

const imageView: ListView = {
  headings: {
    Repository: 'REPOSITORY',
    Tag: 'TAG',
    ID: 'IMAGE ID',
    CreatedSince: 'CREATED',
    Size: 'SIZE',
    SharedSize: 'SHARED SIZE',
    UniqueSize: 'UNIQUE SIZE',
    Containers: 'CONTAINERS',
  },
  columns: ['Repository', 'Tag', 'ID', 'CreatedSince', 'Size', 'SharedSize', 'UniqueSize', 'Containers'],
};

const containerView: ListView = {
  headings: {
    ID: 'CONTAINER ID',
    Image: 'IMAGE',
    Command: 'COMMAND',
    LocalVolumes: 'LOCAL VOLUMES',
    Size: 'SIZE',
    RunningFor: 'CREATED',
    Status: 'STATUS',
    Names: 'NAMES',
  },
  columns: ['ID', 'Image', 'Command', 'LocalVolumes', 'Size', 'RunningFor', 'Status', 'Names'],
};

/** An image is shown once, by the first of its names, as in Docker. */
const imageRow = ({ id, names, created, shared, unique, containers }: ImageUsage, now: number, whole: boolean): Row => {
  const [name] = names;
  const parsed = name === undefined ? undefined : parseReference(name);
  const reference = parsed === undefined || '_tag' in parsed ? undefined : parsed;
  return {
    Repository: reference === undefined ? '<none>' : familiarRepository(reference),
    Tag: reference?.tag ?? '<none>',
    ID: whole ? id : shortId(id),
    CreatedSince: created === 0 ? 'N/A' : timeAgo(created, now),
    Size: humanSize(shared + unique),
    SharedSize: humanSize(shared),
    UniqueSize: humanSize(unique),
    Containers: String(containers),
  };
};

const containerRow = ({ container, bytes }: ContainerUsage, now: number, whole: boolean): Row => ({
  ...rowOf(container, { now, noTrunc: whole }),
  Size: humanSize(bytes),
});

const volumeView: ListView = { headings: { Name: 'VOLUME NAME', Links: 'LINKS', Size: 'SIZE' }, columns: ['Name', 'Links', 'Size'] };

/** With the members that Docker has of a volume there; `N/A` as there where it has none. */
const volumeRow = ({ volume: { name, driver, labels }, mountpoint, bytes, links }: VolumeUsage): Row => ({
  Availability: 'N/A',
  Driver: driver,
  Group: 'N/A',
  Labels: Object.entries(labels).map(([key, value]) => `${key}=${value}`).sort().join(','),
  Links: String(links),
  Mountpoint: mountpoint,
  Name: name,
  Scope: 'local',
  Size: bytes === undefined ? 'N/A' : humanSize(bytes),
  Status: 'N/A',
});

/** Leaves out what a template calls with an argument: an object that is printed whole has no place for it. */
const plain = (row: Row): Row => Object.fromEntries(Object.entries(row).filter(([, field]) => typeof field === 'string'));

export interface Details {
  readonly store: StoreUsage;
  readonly containers: readonly ContainerUsage[];
  readonly volumes: readonly VolumeUsage[];
  readonly cache: readonly CacheItem[];
}

/** The tables, or one object with Docker's members `Images`, `Containers`, `Volumes` and `BuildCache` through `format`. */
export const renderDetails = async ({ store, containers, volumes, cache }: Details, format: string | undefined, output: Output): Promise<string> => {
  const now = Date.now();
  const typed = format?.trim() ?? '';
  const whole = typed !== '' && typed !== 'table';
  const images = store.images.map((image) => imageRow(image, now, whole));
  const rows = containers.map((container) => containerRow(container, now, whole));
  const steps = cache.map((item) => cacheItemRow(item, store.cached, now, whole));
  if (whole) return renderObject(typed, { Images: images, Containers: rows.map(plain), Volumes: volumes.map(volumeRow), BuildCache: steps }, output);
  const { leftovers, cached } = store;
  return [
    `Images space usage:\n\n${await renderList(imageView, images, { format: undefined }, output)}`,
    `\nContainers space usage:\n\n${await renderList(containerView, rows, { format: undefined }, output)}`,
    `\nLocal Volumes space usage:\n\n${await renderList(volumeView, volumes.map(volumeRow), { format: undefined }, output)}`,
    `\nBuild cache usage: ${humanSize(cacheBytes(cache, cached))}\n\n${await renderList(cacheView, steps, { format: undefined }, output)}`,
    ...(leftovers.count === 0 ? [] : [`\nLeftovers: ${leftovers.count} taking ${humanSize(leftovers.bytes)}; 'skiff image prune' removes them\n`]),
  ].join('');
};
