/** The rows of `skiff ps`: what is said of each container. Pure but for the clock that it is given. */
import { shortId } from '../core/names.ts';
import { portsText } from '../core/ports-column.ts';
import { humanSize } from '../core/sizes.ts';
import { humanDuration, timeAgo } from '../core/times.ts';
import { networkNames, portMap } from './inspect-network.ts';
import { never } from './container-state.ts';
import { statusWord } from './records.ts';
import type { ContainerSize } from './container-sizes.ts';
import type { MountPoint } from '../core/mount-points.ts';
import type { State } from './container-state.ts';
import type { Container } from './records.ts';
import type { SkiffSpec } from './spec-types.ts';

/** What is said behind the time that it runs. */
const conditionText = ({ paused, health }: State): string => {
  if (paused === true) return ' (Paused)';
  return health === undefined ? '' : ` (${health === 'starting' ? 'health: starting' : health})`;
};

/** Docker's words for a state: `Up 3 minutes`, `Up 3 minutes (healthy)`, `Exited (0) 2 hours ago`, `Created`. */
export const statusText = ({ state }: Container, now: number): string => {
  if (state.status === 'created' || state.startedAt === never) return 'Created';
  if (state.restarting === true) return `Restarting (${state.exitCode}) ${timeAgo(Date.parse(state.finishedAt), now)}`;
  if (state.status === 'running') return `Up ${humanDuration(Math.max(0, now - Date.parse(state.startedAt)) / 1000)}${conditionText(state)}`;
  return `Exited (${state.exitCode}) ${timeAgo(Date.parse(state.finishedAt), now)}`;
};

/** Docker's way: arguments with a space in quotes, then all of it as Go's `strconv.Quote` has it. */
const quoted = ([program = '', ...args]: readonly string[], noTrunc: boolean): string => {
  const words = [program, ...args.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg))].join(' ');
  const characters = Array.from(words);
  const text = noTrunc || characters.length <= 20 ? words : `${characters.slice(0, 19).join('')}…`;
  return JSON.stringify(text).replace(/\\u00([01][0-9a-f])/g, '\\x$1').replace(/\x7f/g, '\\x7f');
};

const localTime = (iso: string): string => {
  const date = new Date(iso);
  const pad = (value: number): string => String(Math.abs(value)).padStart(2, '0');
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${pad(Math.trunc(offset / 60))}${pad(offset % 60)}`;
  const name = /\(([^)]+)\)/.exec(date.toString())?.[1]?.replace(/^Coordinated Universal Time$/, 'UTC') ?? '';
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())} ${zone} ${name}`.trimEnd();
};

/** Docker's words for a size: what was written and, where an image counts too, all of it. */
const sizeText = ({ written, whole }: ContainerSize): string => (whole > written ? `${humanSize(written)} (virtual ${humanSize(whole)})` : humanSize(written));

export interface RowOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly noTrunc: boolean;
  /** Absent where it was not counted, which shows as 0, as in Docker. */
  readonly size?: ContainerSize | undefined;
  /** Whether a word leads to an image now, by its whole id; absent where nobody asks. */
  readonly isCurrent?: (word: string, id: string) => boolean;
  /** The host that has it, where those of other hosts are listed too. */
  readonly host?: string | undefined;
}

/** A volume's or an image's name, or where a bind is from; Docker shortens it to 15 characters. */
const mountText = ({ name, image, source }: MountPoint, noTrunc: boolean): string => {
  const text = name ?? image?.reference ?? source;
  return noTrunc || text.length <= 15 ? text : `${text.slice(0, 14)}…`;
};

const localVolumes = ({ mountPoints = [] }: SkiffSpec): number => mountPoints.filter(({ type, driver }) => type === 'volume' && driver === 'local').length;

/** What the image was called, or its id where that leads to another one or to none now, as in Docker; a directory that was given with --rootfs by its path. */
const imageText = ({ spec: { image, rootfs } }: Container, { noTrunc, isCurrent }: RowOptions): string => {
  if (image === undefined) return rootfs.kind === 'directory' ? rootfs.path : '';
  if (isCurrent === undefined || isCurrent(image.reference, image.id)) return image.reference;
  return noTrunc ? image.id : shortId(image.id.replace('sha256:', ''));
};

/** One row with every field that `--format` may name. */
export const rowOf = (container: Container, options: RowOptions): Readonly<Record<string, string | ((key: string) => string)>> => {
  const { now, noTrunc, size, host } = options;
  const { id, spec, state } = container;
  const created = Date.parse(spec.created);
  return {
    ID: noTrunc ? id : shortId(id),
    Names: spec.name,
    Image: imageText(container, options),
    Command: quoted(spec.args, noTrunc),
    // The name of the time zone alone costs a millisecond: only for those who look.
    get CreatedAt() {
      return localTime(spec.created);
    },
    RunningFor: timeAgo(created, now),
    Ports: portsText(portMap(spec, state)),
    State: statusWord(state),
    Status: statusText(container, now),
    Labels: Object.entries(spec.labels).map(([key, value]) => `${key}=${value}`).join(','),
    LocalVolumes: String(localVolumes(spec)),
    Mounts: (spec.mountPoints ?? []).map((mount) => mountText(mount, noTrunc)).join(','),
    Networks: networkNames(spec).join(','),
    Platform: spec.platform,
    Size: sizeText(size ?? { written: 0, whole: 0 }),
    Label: (key) => spec.labels[key] ?? '',
    ...(host === undefined ? {} : { Host: host }),
  };
};
