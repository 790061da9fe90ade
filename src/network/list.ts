/** What `skiff network ls` lists: Docker's filters (moby daemon/network/filter.go) and fields. Pure. */
import { fail } from '../core/errors.ts';
import { isPredefined } from './predefined.ts';
import type { Network } from './types.ts';

/** One `--filter KEY=VALUE`. */
export interface NetworkFilter {
  readonly key: string;
  readonly value: string;
}

type Test = (network: Network) => boolean;

const invalid = ({ key, value }: NetworkFilter, hint: string): never => fail({ _tag: 'Usage', message: `invalid filter '${key}=${value}'`, hint });

const booleans: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false };

/** Whether a text is in it, or a regular expression is found there. */
const patternTest = (filter: NetworkFilter, textOf: (network: Network) => string): Test => {
  try {
    const pattern = new RegExp(filter.value);
    return (network) => textOf(network) === filter.value || pattern.test(textOf(network));
  } catch {
    return invalid(filter, 'it is not a regular expression');
  }
};

const labelTest = ({ value }: NetworkFilter): Test => {
  const [key = '', wanted] = value.split(/=(.*)/s);
  return ({ labels }) => Object.hasOwn(labels, key) && (wanted === undefined || labels[key] === wanted);
};

const typeTest = (filter: NetworkFilter): Test => {
  if (filter.value !== 'custom' && filter.value !== 'builtin') return invalid(filter, 'use custom or builtin');
  return ({ name }) => isPredefined(name) === (filter.value === 'builtin');
};

const scopeTest = (filter: NetworkFilter): Test =>
  ['local', 'swarm', 'global'].includes(filter.value) ? () => filter.value === 'local' : invalid(filter, 'use local: there is no swarm');

const danglingTest = (filter: NetworkFilter, isUsed: Test): Test => {
  const wanted = Object.hasOwn(booleans, filter.value) ? booleans[filter.value] : invalid(filter, 'use true or false');
  return (network) => !isPredefined(network.name) && isUsed(network) !== wanted;
};

const testOf = (filter: NetworkFilter, isUsed: Test): Test => {
  switch (filter.key) {
    case 'driver':
      return ({ driver }) => driver === filter.value;
    case 'id':
      return patternTest(filter, ({ id }) => id);
    case 'name':
      return patternTest(filter, ({ name }) => name);
    case 'label':
      return labelTest(filter);
    case 'scope':
      return scopeTest(filter);
    case 'type':
      return typeTest(filter);
    case 'dangling':
      return danglingTest(filter, isUsed);
    default:
      return fail({ _tag: 'Usage', message: `invalid filter '${filter.key}'`, hint: 'the filters are dangling, driver, id, label, name, scope and type' });
  }
};

/** Those of `networks` that all filters let through; those of one key are alternatives, but for labels. Throws Usage. */
export const chooseNetworks = (networks: readonly Network[], filters: readonly NetworkFilter[], isUsed: (network: Network) => boolean): readonly Network[] => {
  const groups = new Map<string, Test[]>();
  for (const filter of filters) groups.set(filter.key, [...(groups.get(filter.key) ?? []), testOf(filter, isUsed)]);
  const passes = (network: Network): boolean =>
    [...groups].every(([key, tests]) => (key === 'label' ? tests.every((test) => test(network)) : tests.some((test) => test(network))));
  return networks.filter(passes);
};

/** One row with every field that `--format` may name. */
export const networkRow = ({ id, name, driver, created, enableIPv4, enableIPv6, internal, labels }: Network, noTrunc: boolean): Readonly<Record<string, string | ((key: string) => string)>> => ({
  ID: noTrunc ? id : id.slice(0, 12),
  Name: name,
  Driver: driver,
  Scope: 'local',
  IPv4: String(enableIPv4),
  IPv6: String(enableIPv6),
  Internal: String(internal),
  CreatedAt: created,
  Labels: Object.entries(labels).map(([key, value]) => `${key}=${value}`).join(','),
  Label: (key) => labels[key] ?? '',
});
