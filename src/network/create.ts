/** `skiff network create`: what a new network is, by its flags and what is there already. */
import { fail } from '../core/errors.ts';
import { refuse, usage } from '../core/invalid.ts';
import { hasDeviceKind, hostDevices, hostRoutes } from '../system/host-network.ts';
import { newId } from '../system/new-id.ts';
import { parseCidr } from './cidr.ts';
import { chooseDriver } from './drivers/choose.ts';
import { checkNewName } from './name.ts';
import { tellNetwork } from './network-events.ts';
import { askedPools, checkOverlap, completePools, withGateway } from './pools.ts';
import { addNetwork, listNetworks, readNetwork, whileChanging } from './store.ts';
import type { PoolSource } from '../core/address-pools.ts';
import type { HostFacts } from './drivers/driver.ts';
import type { PoolFlags } from './pools.ts';
import type { Network } from './types.ts';
import type { Paths } from '../system/paths.ts';
import type { Settings } from '../system/settings.ts';

/** The flags of `network create` as typed. */
export interface NetworkRequest extends PoolFlags {
  readonly name: string;
  readonly driver: string;
  /** `NAME=VALUE`. */
  readonly options: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly ipv4: boolean;
  /** Undefined where nobody said: an IPv6 subnet alone asks for it too, as in newer Docker. */
  readonly ipv6: boolean | undefined;
  readonly configOnly: boolean;
  readonly configFrom: string;
}

/** What `makeNetwork` looks at. */
export interface NetworkView {
  readonly others: readonly Network[];
  readonly facts: HostFacts;
  readonly routes: readonly string[];
  /** Ten hex digits of this user's. */
  readonly seed: string;
  /** Where ranges come from that nobody asks for: the setting. */
  readonly sources: readonly PoolSource[];
  readonly id: string;
  readonly created: string;
}

const readOptions = (texts: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      const name = at < 0 ? text : text.slice(0, at);
      return name === '' ? usage(`invalid --opt '${text}'`, 'write it as NAME=VALUE') : [name, at < 0 ? '' : text.slice(at + 1)];
    }),
  );

const frameOf = (request: NetworkRequest, { id, created }: NetworkView): Omit<Network, 'pools' | 'driver' | 'options' | 'labels'> => ({
  name: checkNewName(request.name),
  id,
  created,
  enableIPv4: request.ipv4,
  enableIPv6: request.ipv6 ?? false,
  internal: request.internal,
  attachable: request.attachable,
  configOnly: request.configOnly,
  configFrom: request.configFrom,
});

/** A set of options for others: nothing is checked against what is there, nothing is taken. */
const makeConfig = (request: NetworkRequest, view: NetworkView): Network => {
  if (request.configFrom !== '') usage('a configuration network cannot depend on another configuration network', 'leave one of --config-only and --config-from out');
  const pools = askedPools(request);
  return { ...frameOf(request, view), driver: 'null', pools, options: readOptions(request.options), labels: request.labels, enableIPv6: request.ipv6 ?? pools.some(({ family }) => family === 6) };
};

interface Basis {
  readonly pools: Network['pools'];
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly ipv4: boolean;
  readonly ipv6: boolean;
}

/** What a config-only network lends. Docker takes all of it from there, or nothing. */
const basisFrom = (request: NetworkRequest, others: readonly Network[]): Basis => {
  const source = others.find(({ name }) => name === request.configFrom) ?? fail({ _tag: 'NotFound', kind: 'network', name: request.configFrom });
  if (!source.configOnly) refuse(`network ${source.name} is not a configuration network`, 'make one with --config-only');
  const given = [...request.subnet, ...request.ipRange, ...request.gateway, ...request.auxAddress, ...request.options, ...Object.keys(request.labels)];
  if (given.length > 0 || request.ipv6 !== undefined) usage('user supplied configurations are not supported if the network depends on a configuration network', `change network ${source.name}, or leave --config-from out`);
  return { pools: source.pools, options: source.options, labels: source.labels, ipv4: source.enableIPv4, ipv6: source.enableIPv6 };
};

const basisOf = (request: NetworkRequest, others: readonly Network[]): Basis => {
  if (request.configFrom !== '') return basisFrom(request, others);
  const pools = askedPools(request);
  return { pools, options: readOptions(request.options), labels: request.labels, ipv4: request.ipv4, ipv6: request.ipv6 ?? pools.some(({ family }) => family === 6) };
};

const checkFamilies = ({ pools, ipv4, ipv6 }: Basis): void => {
  if (!ipv4 && !ipv6) usage('IPv4 or IPv6 must be enabled', 'leave --ipv4=false out, or give --ipv6');
  for (const [family, isOn] of [[4, ipv4], [6, ipv6]] as const) {
    const pool = pools.find((candidate) => candidate.family === family);
    if (!isOn && pool !== undefined) usage(`--subnet ${pool.subnet}: IPv${family} is not enabled in this network`, `leave --ipv${family}=false out`);
  }
};

/**
 * The network that is asked for; pure. Throws Usage in Docker's words for flags that make no sense together, Conflict for what another network has, Refused
 * for what cannot be had without root.
 */
export const makeNetwork = (request: NetworkRequest, view: NetworkView): Network => {
  const frame = frameOf(request, view);
  if (request.configOnly) return makeConfig(request, view);
  const driver = chooseDriver(request.driver);
  const { others } = view;
  const basis = basisOf(request, others);
  checkFamilies(basis);
  const bare: Network = { ...frame, driver: driver.name, pools: [], options: basis.options, labels: basis.labels, enableIPv4: basis.ipv4, enableIPv6: basis.ipv6 };
  driver.check(bare, others, view.facts);
  const routes = view.routes.map(parseCidr).filter((cidr) => cidr !== undefined);
  const pools = completePools(basis.pools, { ipv4: basis.ipv4, ipv6: basis.ipv6, others, routes, seed: view.seed, sources: view.sources });
  checkOverlap(pools, others);
  return { ...bare, pools: driver.hasGateway(bare) ? pools.map(withGateway) : pools };
};

const factsHere: HostFacts = { devices: hostDevices, hasDevice: hasDeviceKind };

/** Of the user and this store, the same for each of its networks: where the store is and whose tells it from others. */
const seedOf = async ({ root }: Paths): Promise<string> => (await import('node:crypto')).createHash('sha256').update(`${root}\0${process.getuid?.() ?? 0}`).digest('hex').slice(0, 10);

/**
 * Makes a network, durably, and tells of it. Nothing of the kernel's is made before the first container needs it. Throws as `makeNetwork`, Conflict where
 * the name is taken.
 */
export const createNetwork = async (paths: Paths, request: NetworkRequest, { addressPools = [] }: Pick<Settings, 'addressPools'>): Promise<Network> => {
  const seed = await seedOf(paths);
  const network = await whileChanging(paths, () => {
    checkNewName(request.name);
    if (readNetwork(paths, request.name) !== undefined) fail({ _tag: 'Conflict', message: `network with name ${request.name} already exists`, hint: 'choose another name' });
    const made = makeNetwork(request, {
      others: listNetworks(paths).networks,
      facts: factsHere,
      routes: hostRoutes().map(({ cidr }) => cidr),
      seed,
      sources: addressPools,
      id: newId(),
      created: new Date().toISOString(),
    });
    addNetwork(paths, made);
    return made;
  });
  tellNetwork(paths, 'create', network);
  return network;
};
