/** Which containers `skiff ps` lists: Docker's filters (moby daemon/list.go). Pure. */
import { fail } from '../core/errors.ts';
import { readPortRange } from '../core/ports.ts';
import { networkNames, portMap } from './inspect-network.ts';
import { statusWord } from './records.ts';
import type { PortBinding } from '../core/published-ports.ts';
import type { State } from './container-state.ts';
import type { Container } from './records.ts';

/** One `--filter KEY=VALUE`. */
export interface Filter {
  /** Without blanks around it, in lower case. */
  readonly key: string;
  readonly value: string;
}

export interface ListChoice {
  readonly all: boolean;
  /** Newest so many, in any state; -1 for no limit. */
  readonly last: number;
  readonly filters: readonly Filter[];
}

/** An image, as far as one can be another's ancestor. */
export interface Ancestor {
  readonly id: string;
  /** Absolute directories, the lowest first. */
  readonly layers: readonly string[];
}

/** What filters have to look up. */
export interface Lookups {
  /** The stored image behind a word; undefined where there is none. */
  readonly imageOf: (word: string) => Ancestor | undefined;
  /** Names of the networks whose ids begin so. */
  readonly networkNamesOf: (start: string) => readonly string[];
}

/** For filters that look nothing up. */
export const noLookups: Lookups = { imageOf: () => undefined, networkNamesOf: () => [] };

/** A filter as it was typed, behind the flag `flag`. Throws Usage without a `=`. */
export const readFilter = (text: string, flag: '-f, --filter' | '--filter'): Filter => {
  const at = text.indexOf('=');
  if (at < 0) return fail({ _tag: 'Usage', message: `invalid argument "${text}" for "${flag}": bad format of filter (expected name=value)` });
  return { key: text.slice(0, at).trim().toLowerCase(), value: text.slice(at + 1).trim() };
};

type Test = (container: Container) => boolean;

const invalid = ({ key, value }: Filter, hint: string): never => fail({ _tag: 'Usage', message: `invalid filter '${key}=${value}'`, hint });

const stateTest = (filter: Filter, words: readonly string[], wordOf: (state: State) => string): Test =>
  words.includes(filter.value) ? ({ state }) => wordOf(state) === filter.value : invalid(filter, `use one of ${words.join(', ')}`);

const positionOf = (containers: readonly Container[], word: string): number => {
  const bare = word.replace(/^\//, '');
  const named = containers.findIndex(({ spec }) => spec.name === bare);
  const at = named < 0 && bare !== '' ? containers.findIndex(({ id }) => id.startsWith(bare)) : named;
  return at < 0 ? fail({ _tag: 'NotFound', kind: 'container', name: word }) : at;
};

const positionTest = (all: readonly Container[], word: string, isIn: (own: number, named: number) => boolean): Test => {
  const named = positionOf(all, word);
  return (container) => isIn(all.indexOf(container), named);
};

const labelTest = ({ value }: Filter): Test => {
  const [key = '', wanted] = value.split(/=(.*)/s);
  return ({ spec }) => Object.hasOwn(spec.labels, key) && (wanted === undefined || spec.labels[key] === wanted);
};

/** The text itself, or a regular expression that is found somewhere in it. */
const patternTest = (filter: Filter, textOf: (container: Container) => string): Test => {
  const typed = filter.value.replace(/^\//, '');
  try {
    const pattern = new RegExp(typed);
    return (container) => textOf(container) === typed || pattern.test(textOf(container));
  } catch {
    return invalid(filter, 'it is not a regular expression');
  }
};

const statuses = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];
const healths = ['none', 'starting', 'healthy', 'unhealthy'];

const exitedTest = (filter: Filter): Test => {
  if (!/^[+-]?\d+$/.test(filter.value)) return invalid(filter, 'give an exit code');
  return ({ state }) => state.status === 'exited' && state.exitCode === Number(filter.value);
};

const booleans: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false };

const isTaskTest = (filter: Filter): Test => {
  const wanted = Object.hasOwn(booleans, filter.value) ? booleans[filter.value] : invalid(filter, 'use true or false');
  return () => wanted === false;
};

const beginsWith = (layers: readonly string[], ancestor: readonly string[]): boolean => ancestor.length > 0 && ancestor.every((layer, at) => layers[at] === layer);

/** An image that is not stored (any more) is known by what its containers call it. */
const ancestorTest = ({ value }: Filter, { imageOf }: Lookups): Test => {
  const ancestor = imageOf(value);
  const hex = value.replace(/^sha256:/, '');
  return ({ spec: { image, rootfs } }) => {
    if (image === undefined || rootfs.kind !== 'image') return false;
    if (ancestor !== undefined) return image.id === ancestor.id || beginsWith(rootfs.layers, ancestor.layers);
    return image.reference === value || image.reference === `${value}:latest` || (hex !== '' && image.id.startsWith(`sha256:${hex}`));
  };
};

/** A volume's name, a host path, or a place in the container. */
const volumeTest = ({ value }: Filter): Test => ({ spec }) => (spec.mountPoints ?? []).some(({ name, image, source, destination }) => [name, image?.reference, source, destination].includes(value));

/** A network's name, or the beginning of its id, as in Docker. */
const networkTest = ({ value }: Filter, { networkNamesOf }: Lookups): Test => {
  const meant = [value, ...networkNamesOf(value)];
  return ({ spec }) => networkNames(spec).some((name) => meant.includes(name));
};

const portsOf = (filter: Filter): ReturnType<typeof readPortRange> & object => {
  if (filter.value.includes(':')) return fail({ _tag: 'Usage', message: `filter for '${filter.key}' should not contain ':': ${filter.value}` });
  return readPortRange(filter.value) ?? invalid(filter, 'give a port or a range, as in 80, 53/udp or 8000-8010/tcp');
};

/** Ports of a container that runs: on the host, or its own (moby daemon/list.go). */
const portTest = (filter: Filter, portsIn: (name: string, bindings: readonly PortBinding[]) => readonly string[]): Test => {
  const { first, last, protocol } = portsOf(filter);
  const isWanted = (name: string): boolean => {
    const port = readPortRange(name);
    return port !== undefined && port.protocol === protocol && port.first >= first && port.first <= last;
  };
  return ({ spec, state }) => [...portMap(spec, state)].some(([name, bindings]) => portsIn(name, bindings ?? []).some(isWanted));
};

const published = (name: string, bindings: readonly PortBinding[]): readonly string[] => bindings.map(({ HostPort }) => name.replace(/^\d+/, HostPort));

const keys = 'ancestor, before, exited, expose, health, id, is-task, isolation, label, name, network, publish, since, status and volume';

/** `all` is newest first. */
const testOf = (filter: Filter, all: readonly Container[], lookups: Lookups): Test => {
  const { key, value } = filter;
  switch (key) {
    case 'id':
      return patternTest(filter, ({ id }) => id);
    case 'name':
      return patternTest(filter, ({ spec }) => spec.name);
    case 'label':
      return labelTest(filter);
    case 'status':
      return stateTest(filter, statuses, statusWord);
    case 'health':
      return stateTest(filter, healths, ({ health }) => health ?? 'none');
    case 'exited':
      return exitedTest(filter);
    case 'ancestor':
      return ancestorTest(filter, lookups);
    case 'volume':
      return volumeTest(filter);
    case 'network':
      return networkTest(filter, lookups);
    case 'expose':
      return portTest(filter, (name) => [name]);
    case 'publish':
      return portTest(filter, published);
    case 'is-task':
      return isTaskTest(filter);
    // Docker asks it on Windows only, and lets everything through elsewhere.
    case 'isolation':
      return () => true;
    case 'before':
      return positionTest(all, value, (own, named) => own > named);
    case 'since':
      return positionTest(all, value, (own, named) => own < named);
    default:
      return fail({ _tag: 'Usage', message: `invalid filter '${key}'`, hint: `the filters are ${keys}` });
  }
};

/** Docker takes these two for one. */
const groupOf = ({ key }: Filter): string => (key === 'publish' ? 'expose' : key);

/** Filters of one key are alternatives (labels must all match), different keys must all match: docker ps(1). */
const combine = (filters: readonly Filter[], all: readonly Container[], lookups: Lookups): Test => {
  const groups = new Map<string, Test[]>();
  for (const filter of filters) groups.set(groupOf(filter), [...(groups.get(groupOf(filter)) ?? []), testOf(filter, all, lookups)]);
  return (container) => [...groups].every(([key, tests]) => (key === 'label' ? tests.every((test) => test(container)) : tests.some((test) => test(container))));
};

/**
 * The containers that were asked for. `containers` is newest first and stays so; without `all`, a number or a status only those that run.
 * Throws Usage for a bad filter, NotFound for a container that one names.
 */
export const chooseContainers = (containers: readonly Container[], { all, last, filters }: ListChoice, lookups: Lookups): readonly Container[] => {
  const test = combine(filters, containers, lookups);
  const anyState = all || last > 0 || filters.some(({ key }) => key === 'status');
  const chosen = containers.filter((container) => (anyState || container.state.status === 'running') && test(container));
  return last > 0 ? chosen.slice(0, last) : chosen;
};
