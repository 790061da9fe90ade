/** The rows of `skiff ps`: which containers, and what is said of each. Pure but for the clock that it is given. */
import { fail } from '../core/errors.ts';
import { shortId } from '../core/names.ts';
import { portsText } from '../core/ports.ts';
import { humanSize } from '../core/sizes.ts';
import { humanDuration, timeAgo } from '../core/times.ts';
import { shownPorts } from './inspect-network.ts';
import { never, statusWord } from './records.ts';
import type { ContainerSize } from './container-sizes.ts';
import type { Container } from './records.ts';

export interface ListChoice {
  readonly all: boolean;
  /** Newest so many, in any state; -1 for no limit. */
  readonly last: number;
  readonly filters: readonly string[];
}

const statusWords: readonly string[] = ['created', 'running', 'exited', 'paused', 'restarting', 'removing', 'dead'];

type Test = (container: Container) => boolean;

const positionOf = (containers: readonly Container[], word: string): number => {
  const at = containers.findIndex(({ id, spec }) => spec.name === word || id.startsWith(word));
  return at < 0 ? fail({ _tag: 'NotFound', kind: 'container', name: word }) : at;
};

const labelTest = (value: string): Test => {
  const [key = '', wanted] = value.split(/=(.*)/s);
  return ({ spec }) => Object.hasOwn(spec.labels, key) && (wanted === undefined || spec.labels[key] === wanted);
};

const nameTest = (value: string): Test => {
  try {
    const pattern = new RegExp(value.replace(/^\/?/, ''));
    return ({ spec }) => pattern.test(spec.name);
  } catch {
    return fail({ _tag: 'Usage', message: `invalid filter 'name=${value}': it is not a regular expression` });
  }
};

const statusTest = (value: string): Test =>
  statusWords.includes(value)
    ? ({ state }) => statusWord(state) === value
    : fail({ _tag: 'Usage', message: `invalid filter 'status=${value}'`, hint: `use one of ${statusWords.join(', ')}` });

const exitedTest = (value: string): Test =>
  /^\d{1,3}$/.test(value)
    ? ({ state }) => state.status === 'exited' && state.exitCode === Number(value)
    : fail({ _tag: 'Usage', message: `invalid filter 'exited=${value}'`, hint: 'give an exit code' });

/** Docker's filters; `ancestor` compares with the image as it was named, and with its id. `all` is newest first. */
const testOf = (key: string, value: string, all: readonly Container[]): Test => {
  switch (key) {
    case 'id':
      return ({ id }) => id.startsWith(value);
    case 'name':
      return nameTest(value);
    case 'label':
      return labelTest(value);
    case 'status':
      return statusTest(value);
    case 'exited':
      return exitedTest(value);
    case 'ancestor':
      return ({ spec }) => spec.image !== undefined && (spec.image.reference === value || `${value}:latest` === spec.image.reference || spec.image.id.replace('sha256:', '').startsWith(value.replace('sha256:', '')));
    case 'before': {
      const at = positionOf(all, value);
      return (container) => all.indexOf(container) > at;
    }
    case 'since': {
      const at = positionOf(all, value);
      return (container) => all.indexOf(container) < at;
    }
    default:
      return fail({ _tag: 'Usage', message: `invalid filter '${key}'`, hint: 'use id, name, label, status, exited, ancestor, before or since' });
  }
};

/** Filters of one key are alternatives (labels must all match), different keys must all match: docker ps(1). */
const combine = (filters: readonly string[], all: readonly Container[]): Test => {
  const groups = new Map<string, Test[]>();
  for (const filter of filters) {
    const [key = '', value] = filter.split(/=(.*)/s);
    if (value === undefined) return fail({ _tag: 'Usage', message: `invalid filter '${filter}'`, hint: 'write KEY=VALUE' });
    groups.set(key, [...(groups.get(key) ?? []), testOf(key, value, all)]);
  }
  return (container) => [...groups].every(([key, tests]) => (key === 'label' ? tests.every((test) => test(container)) : tests.some((test) => test(container))));
};

/** The containers that were asked for. `containers` is newest first and stays so. Throws Usage and NotFound for a bad filter. */
export const chooseContainers = (containers: readonly Container[], { all, last, filters }: ListChoice): readonly Container[] => {
  const test = combine(filters, containers);
  const anyState = all || last >= 0 || filters.some((filter) => /^(status|exited)=/.test(filter));
  const chosen = containers.filter((container) => (anyState || container.state.status === 'running') && test(container));
  return last >= 0 ? chosen.slice(0, last) : chosen;
};

/** Docker's words for a state: `Up 3 minutes`, `Exited (0) 2 hours ago`, `Created`. */
export const statusText = ({ state }: Container, now: number): string => {
  if (state.status === 'created' || state.startedAt === never) return 'Created';
  if (state.restarting === true) return `Restarting (${state.exitCode}) ${timeAgo(Date.parse(state.finishedAt), now)}`;
  if (state.status === 'running') return `Up ${humanDuration(Math.max(0, now - Date.parse(state.startedAt)) / 1000)}${state.paused === true ? ' (Paused)' : ''}`;
  return `Exited (${state.exitCode}) ${timeAgo(Date.parse(state.finishedAt), now)}`;
};

const quoted = (args: readonly string[], noTrunc: boolean): string => {
  const text = args.join(' ');
  return `"${noTrunc || text.length <= 20 ? text : `${text.slice(0, 19)}…`}"`;
};

const localTime = (iso: string): string => {
  const date = new Date(iso);
  const pad = (value: number): string => String(Math.abs(value)).padStart(2, '0');
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${pad(Math.trunc(offset / 60))}${pad(offset % 60)}`;
  const name = /\(([^)]+)\)/.exec(date.toString())?.[1]?.replace(/^Coordinated Universal Time$/, 'UTC') ?? '';
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())} ${zone} ${name}`.trimEnd();
};

/** What the image was called; a directory that was given with --rootfs by its path. */
const imageText = ({ spec }: Container): string => spec.image?.reference ?? (spec.rootfs.kind === 'directory' ? spec.rootfs.path : '');

/** Docker's words for a size: what was written and, where an image counts too, all of it. */
const sizeText = ({ written, whole }: ContainerSize): string => (whole > written ? `${humanSize(written)} (virtual ${humanSize(whole)})` : humanSize(written));

export interface RowOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly noTrunc: boolean;
  /** Absent where it was not counted, which shows as 0, as in Docker. */
  readonly size?: ContainerSize | undefined;
}

/** One row with every field that `--format` may name. */
export const rowOf = (container: Container, { now, noTrunc, size }: RowOptions): Readonly<Record<string, string | ((key: string) => string)>> => {
  const { id, spec, state } = container;
  const created = Date.parse(spec.created);
  return {
    ID: noTrunc ? id : shortId(id),
    Names: spec.name,
    Image: imageText(container),
    Command: quoted(spec.args, noTrunc),
    CreatedAt: localTime(spec.created),
    RunningFor: timeAgo(created, now),
    Ports: portsText(shownPorts(spec, state.status === 'running')),
    State: statusWord(state),
    Status: statusText(container, now),
    Labels: Object.entries(spec.labels).map(([key, value]) => `${key}=${value}`).join(','),
    Networks: spec.network.mode,
    Size: sizeText(size ?? { written: 0, whole: 0 }),
    Label: (key) => spec.labels[key] ?? '',
  };
};
