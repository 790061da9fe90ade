/** The driver of a network. Pure. */
import { refuse, usage } from '../../core/invalid.ts';
import { wordHint } from '../../core/nearest.ts';
import { bridge } from './bridge.ts';
import { ipvlan } from './ipvlan.ts';
import { macvlan } from './macvlan.ts';
import type { NetworkDriver } from './driver.ts';

const drivers: readonly NetworkDriver[] = [bridge, macvlan, ipvlan];

/** Undefined for `host` and `null`, whose containers have no endpoint. */
export const driverOf = (name: string): NetworkDriver | undefined => drivers.find((driver) => driver.name === name);

/** The driver that a person has named for a new network. Throws Refused for those that cannot be had, Usage for others. */
export const chooseDriver = (name: string): NetworkDriver => {
  const driver = driverOf(name);
  if (driver !== undefined) return driver;
  if (name === 'overlay') return refuse('driver overlay: networks over several hosts need a swarm', 'use driver bridge on each host');
  if (name === 'host' || name === 'null' || name === 'none') return refuse(`only one instance of "${name === 'none' ? 'null' : name}" network is allowed`, `use --network ${name === 'null' ? 'none' : name}`);
  return usage(`no such network driver: ${name}`, wordHint(name, drivers.map((known) => known.name)));
};
