/** The pure half: typed options to the argument list of slirp4netns. */
import * as E from 'fp-ts/Either';
import { isIPv4, isIPv6 } from 'node:net';
import { addressesOf } from './addresses.ts';
import { introduced } from './capabilities.ts';
import type { Capabilities, Feature } from './capabilities.ts';
import type { SlirpError } from './errors.ts';

/** Whose network namespace gets the tap interface. */
export type Target =
  | { readonly kind: 'pid'; readonly pid: number }
  /**
   * `netns` may be `/proc/self/fd/N` of an inherited fd. `userns` is needed only when slirp4netns is not already
   * in the user namespace that owns `netns`.
   */
  | { readonly kind: 'path'; readonly netns: string; readonly userns?: string };

export interface SlirpOptions {
  readonly target: Target;
  /** Name of the interface, 1-15 bytes; default tap0. */
  readonly tapName?: string;
  /** Brings the interface up with its address and default route; default true. */
  readonly configure?: boolean;
  /** 68-65521; default 65520, which is 10 times faster than Ethernet's 1500. */
  readonly mtu?: number;
  /** Default 10.0.2.0/24. */
  readonly cidr?: string;
  /** Experimental in slirp4netns; default false. */
  readonly ipv6?: boolean;
  /** Own mount namespace with /etc and /run only, and no capability; default true. */
  readonly sandbox?: boolean;
  /** Filters system calls; default true where the installed build can. */
  readonly seccomp?: boolean;
  /** Whether the gateway's address reaches the host's 127.0.0.1; default false. */
  readonly hostLoopback?: boolean;
  /** Whether network + 3 answers DNS; default true. */
  readonly dns?: boolean;
  /** Host addresses (or interface names) that outgoing connections are bound to. */
  readonly outboundAddress?: string;
  readonly outboundAddress6?: string;
  /** Of the tap interface, `aa:bb:cc:dd:ee:ff`; needs `configure`. */
  readonly macAddress?: string;
  /** Absolute path of the API socket that is to be made, at most 107 bytes; an existing file there is removed. */
  readonly apiSocket?: string;
}

/** The numbers that two inherited fds have in the slirp4netns process. */
export interface Descriptors {
  /** slirp4netns writes "1" here once the network works. */
  readonly readyFd?: number;
  /** slirp4netns exits when the other end of this one is closed. */
  readonly exitFd?: number;
}

/** A flag, and the feature it needs of the installed version. */
type Flag = readonly [text: string, needs?: Feature];

/**
 * The arguments after the program's name. Left when a value would be misread or refused by slirp4netns, or when the
 * installed version lacks something that was asked for: nothing is dropped in silence, but for seccomp by default.
 */
export const slirp4netnsArguments = (
  options: SlirpOptions & Descriptors,
  capabilities: Capabilities,
): E.Either<SlirpError, readonly string[]> => {
  const bad = firstInvalid(options);
  if (bad !== undefined) return E.left(bad);
  const flags = flagsOf(options, capabilities);
  for (const [text, needs] of flags) {
    if (needs !== undefined && !capabilities.features.has(needs)) {
      return E.left({ _tag: 'Unsupported', option: text.split('=')[0] ?? text, version: capabilities.version, since: introduced[needs] });
    }
  }
  const { target } = options;
  return E.right([...flags.map(([text]) => text), target.kind === 'pid' ? `${target.pid}` : target.netns, options.tapName ?? 'tap0']);
};

const flagsOf = (options: SlirpOptions & Descriptors, capabilities: Capabilities): readonly Flag[] => {
  const { target } = options;
  const when = (condition: boolean, ...flag: Flag): readonly Flag[] => (condition ? [flag] : []);
  const valued = (name: string, value: string | number | undefined, needs?: Feature): readonly Flag[] =>
    value === undefined ? [] : [needs === undefined ? [`${name}=${value}`] : [`${name}=${value}`, needs]];
  return [
    ...when(options.configure !== false, '--configure'),
    ...valued('--mtu', options.mtu ?? 65520, 'mtu'),
    ...valued('--cidr', options.cidr, 'cidr'),
    ...when(options.ipv6 === true, '--enable-ipv6', 'ipv6'),
    ...when(options.sandbox !== false, '--enable-sandbox', 'sandbox'),
    ...when(options.seccomp ?? capabilities.features.has('seccomp'), '--enable-seccomp', 'seccomp'),
    ...when(options.hostLoopback !== true, '--disable-host-loopback', 'disableHostLoopback'),
    ...when(options.dns === false, '--disable-dns', 'disableDns'),
    ...valued('--outbound-addr', options.outboundAddress, 'outboundAddress'),
    ...valued('--outbound-addr6', options.outboundAddress6, 'outboundAddress'),
    ...valued('--macaddress', options.macAddress, 'macAddress'),
    ...valued('--api-socket', options.apiSocket, 'apiSocket'),
    ...valued('--ready-fd', options.readyFd),
    ...valued('--exit-fd', options.exitFd),
    ...when(target.kind === 'path', '--netns-type=path', 'netnsPath'),
    ...valued('--userns-path', target.kind === 'path' ? target.userns : undefined, 'usernsPath'),
  ];
};

type Check = readonly [option: string, value: string | number | undefined, holds: (value: string) => boolean, reason: string];

const interfaceName = /^[^\s/:\u0000-\u001f-][^\s/:\u0000-\u001f]{0,14}$/;
const isPath = (value: string): boolean => value.startsWith('/') && !value.includes('\0');
const within = (minimum: number, maximum: number) => (value: string): boolean =>
  /^\d+$/.test(value) && Number(value) >= minimum && Number(value) <= maximum;

const firstInvalid = (options: SlirpOptions & Descriptors): SlirpError | undefined => {
  const { target } = options;
  const checks: readonly Check[] = [
    ['target pid', target.kind === 'pid' ? target.pid : undefined, within(1, 2 ** 22), 'this is not a process id'],
    ['target netns', target.kind === 'path' ? target.netns : undefined, isPath, 'the path must be absolute'],
    ['target userns', target.kind === 'path' ? target.userns : undefined, isPath, 'the path must be absolute'],
    ['tap name', options.tapName, (v) => interfaceName.test(v) && Buffer.byteLength(v) <= 15, 'an interface name has 1 to 15 bytes, no space, colon or slash'],
    ['mtu', options.mtu, within(68, 65521), 'the MTU must be a number from 68 to 65521'],
    ['outbound address', options.outboundAddress, (v) => isIPv4(v) || interfaceName.test(v), 'this is neither an IPv4 address nor an interface'],
    ['outbound address', options.outboundAddress6, (v) => isIPv6(v) || interfaceName.test(v), 'this is neither an IPv6 address nor an interface'],
    ['MAC address', options.macAddress, (v) => /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(v), 'this is not six hexadecimal bytes'],
    ['MAC address', options.configure === false ? options.macAddress : undefined, () => false, 'it is only used together with configure'],
    ['API socket', options.apiSocket, (v) => isPath(v) && Buffer.byteLength(v) <= 107, 'the path must be absolute and at most 107 bytes'],
    ['ready fd', options.readyFd, within(0, 2 ** 20), 'this is not a file descriptor'],
    ['exit fd', options.exitFd, within(0, 2 ** 20), 'this is not a file descriptor'],
  ];
  const failed = checks.find(([, value, holds]) => value !== undefined && !holds(`${value}`));
  if (failed !== undefined) return { _tag: 'InvalidOption', option: failed[0], value: `${failed[1]}`, reason: failed[3] };
  const network = options.cidr === undefined ? undefined : addressesOf(options.cidr);
  return network !== undefined && E.isLeft(network) ? network.left : undefined;
};
