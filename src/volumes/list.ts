/** What `skiff volume ls` lists: Docker's filters (moby volume/service/convert.go) and fields. Pure. */
import { fail } from '../core/errors.ts';
import type { Volume } from './types.ts';

/** One `--filter KEY=VALUE`. */
export interface VolumeFilter {
  readonly key: string;
  readonly value: string;
}

type Test = (volume: Volume) => boolean;

const invalid = ({ key, value }: VolumeFilter, hint: string): never => fail({ _tag: 'Usage', message: `invalid filter '${key}=${value}'`, hint });

const booleans: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false };

/** Whether a text is in it, or a regular expression is found there. */
const nameTest = (filter: VolumeFilter): Test => {
  try {
    const pattern = new RegExp(filter.value);
    return ({ name }) => name === filter.value || pattern.test(name);
  } catch {
    return invalid(filter, 'it is not a regular expression');
  }
};

const labelTest = ({ value }: VolumeFilter): Test => {
  const [key = '', wanted] = value.split(/=(.*)/s);
  return ({ labels }) => Object.hasOwn(labels, key) && (wanted === undefined || labels[key] === wanted);
};

const danglingTest = (filter: VolumeFilter, isUsed: Test): Test => {
  const wanted = Object.hasOwn(booleans, filter.value) ? booleans[filter.value] : invalid(filter, 'use true or false');
  return (volume) => isUsed(volume) !== wanted;
};

const testOf = (filter: VolumeFilter, isUsed: Test): Test => {
  switch (filter.key) {
    case 'driver':
      return ({ driver }) => driver === filter.value;
    case 'name':
      return nameTest(filter);
    case 'label':
      return labelTest(filter);
    case 'dangling':
      return danglingTest(filter, isUsed);
    default:
      return fail({ _tag: 'Usage', message: `invalid filter '${filter.key}'`, hint: 'the filters are dangling, driver, label and name' });
  }
};

/** Those of `volumes` that all filters let through; those of one key are alternatives, but for labels. Throws Usage. */
export const chooseVolumes = (volumes: readonly Volume[], filters: readonly VolumeFilter[], isUsed: (volume: Volume) => boolean): readonly Volume[] => {
  const groups = new Map<string, Test[]>();
  for (const filter of filters) groups.set(filter.key, [...(groups.get(filter.key) ?? []), testOf(filter, isUsed)]);
  const passes = (volume: Volume): boolean => [...groups].every(([key, tests]) => (key === 'label' ? tests.every((test) => test(volume)) : tests.some((test) => test(volume))));
  return volumes.filter(passes);
};

/** One row with every field that `--format` may name; what only `system df` counts is not available here, as in Docker. */
export const volumeRow = ({ name, driver, labels }: Volume, mountpoint: string): Readonly<Record<string, string | ((key: string) => string)>> => ({
  Availability: 'N/A',
  Driver: driver,
  Group: 'N/A',
  Labels: Object.entries(labels).map(([key, value]) => `${key}=${value}`).join(','),
  Links: 'N/A',
  Mountpoint: mountpoint,
  Name: name,
  Scope: 'local',
  Size: 'N/A',
  Status: 'N/A',
  Label: (key) => labels[key] ?? '',
});
