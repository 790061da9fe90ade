/** What of a command line is kept with the container, as it was typed, because neither config.json nor the rest of spec.json tells it. */
import type { RunFlags } from './run-flags.ts';

const kept = [
  'volume', 'mount', 'tmpfs', 'device', 'capAdd', 'capDrop', 'securityOpt', 'sysctl', 'dns', 'dnsSearch', 'dnsOption', 'addHost',
  'uts', 'cgroupns', 'userns', 'volumeDriver', 'volumesFrom',
] as const satisfies readonly (keyof RunFlags)[];

/** Values of flags, by the flags' names in camel case; one that was not given has no member. */
export type Asked = Readonly<Partial<Record<(typeof kept)[number], readonly string[]>>>;

/** The part of `flags` that `inspect` shows as it was typed. */
export const askedOf = (flags: RunFlags): Asked => {
  const asked: Partial<Record<(typeof kept)[number], readonly string[]>> = {};
  for (const name of kept) {
    const value = flags[name];
    const values = typeof value === 'string' ? [value] : (value ?? []);
    if (values.some((text) => text !== '')) asked[name] = values;
  }
  return asked;
};
