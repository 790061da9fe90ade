/** The networks that are there without a file: `bridge`, `host` and `none`. Pure. */
import type { Network } from './types.ts';

/** SHA-256 of `skiff network NAME`, so that they are the same everywhere and cost nothing. */
const ids = {
  bridge: '003f930d6297513fa44256c5e67941fe9ff982905b7b01fb9f49a023e0bcbc8b',
  host: '7b021d44281452ff8bd59d795a40f40cc7f2b391cde688e52579df2150072464',
  none: 'ee95dc22bbc0e671b3b046d6af41897f11d60e4c4da562f6d9dc522bbb69bb35',
} as const;

/** They have been there since before anybody looked. */
const created = '1970-01-01T00:00:00Z';

const plain = {
  created,
  enableIPv4: true,
  enableIPv6: false,
  pools: [],
  internal: false,
  attachable: false,
  configOnly: false,
  configFrom: '',
  options: {},
  labels: {},
} as const;

/** The network of containers that ask for none, with Docker's addresses; without names, as in Docker. */
export const defaultBridge: Network = {
  ...plain,
  name: 'bridge',
  id: ids.bridge,
  driver: 'bridge',
  pools: [{ family: 4, subnet: '172.17.0.0/16', gateway: '172.17.0.1', auxiliary: {} }],
  options: {
    'com.docker.network.bridge.default_bridge': 'true',
    'com.docker.network.bridge.enable_icc': 'true',
    'com.docker.network.bridge.enable_ip_masquerade': 'true',
    'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
    'com.docker.network.bridge.name': 'docker0',
    'com.docker.network.driver.mtu': '65520',
  },
};

export const predefined: readonly Network[] = [
  defaultBridge,
  { ...plain, name: 'host', id: ids.host, driver: 'host' },
  { ...plain, name: 'none', id: ids.none, driver: 'null' },
];

/** Whether it is one of those that nobody makes or removes. */
export const isPredefined = (name: string): boolean => Object.hasOwn(ids, name);
