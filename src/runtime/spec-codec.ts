/** Reads config.json and spec.json back. Loaded when a record is read, not when a container is started. */
import * as t from 'io-ts';
import { left, right } from 'fp-ts/Either';
import { logDrivers } from '../core/log-driver-names.ts';
import { ociSpecCodec } from '../core/oci-runtime-codec.ts';
import { isVolumeName } from '../core/volume-name.ts';
import type { SkiffError } from '../core/errors.ts';
import type { OciSpec } from '../core/oci-runtime.ts';
import type { SkiffSpec } from './spec-types.ts';
import type { Either } from 'fp-ts/Either';

const strings = t.readonlyArray(t.string);
const principal = t.union([t.type({ id: t.number }), t.type({ name: t.string })]);
const container = t.type({ mode: t.literal('container'), container: t.string });
const modes = (...names: readonly [string, string, ...string[]]) => t.type({ mode: t.keyof(Object.fromEntries(names.map((name) => [name, null]))) });

const slirp = t.intersection([
  t.type({
    mode: t.literal('slirp4netns'),
    cidr: t.string,
    gateway: t.string,
    dns: t.string,
    address: t.string,
    mtu: t.number,
    hostLoopback: t.boolean,
    ipv6: t.boolean,
  }),
  t.partial({ outboundAddress: t.string }),
]);

const identity = t.intersection([
  t.type({
    version: t.literal(1),
    id: t.refinement(t.string, (id) => /^[0-9a-f]{64}$/.test(id), 'container id'),
    name: t.refinement(t.string, (name) => /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name), 'container name'),
    created: t.string,
    rootfs: t.union([t.type({ kind: t.literal('image'), layers: strings }), t.type({ kind: t.literal('directory'), path: t.string })]),
    storageDriver: t.string,
    platform: t.string,
    args: strings,
    labels: t.record(t.string, t.string),
  }),
  t.partial({ image: t.type({ reference: t.string, id: t.string }), runtime: t.string, cidFile: t.string, entrypointLength: t.number, asked: t.record(t.string, strings) }),
]);

const wish = t.intersection([
  t.type({
    name: t.string,
    aliases: strings,
    linkLocal: strings,
    links: t.readonlyArray(t.type({ target: t.string, alias: t.string })),
    driverOpts: t.record(t.string, t.string),
    gwPriority: t.number,
  }),
  t.partial({ ipv4: t.string, ipv6: t.string, mac: t.string }),
]);

const span = t.type({ first: t.number, last: t.number });
const publication = t.intersection([t.type({ protocol: t.keyof({ tcp: null, udp: null }), container: span }), t.partial({ address: t.string, host: span })]);

const restart = t.type({ name: t.keyof({ no: null, 'on-failure': null, always: null, 'unless-stopped': null }), maximumRetryCount: t.number });

const process = t.type({
  user: t.intersection([t.type({ text: t.string, user: principal }), t.partial({ group: principal })]),
  groupAdd: t.readonlyArray(principal),
  setHome: t.boolean,
  init: t.boolean,
  tty: t.boolean,
  openStdin: t.boolean,
  detached: t.boolean,
  attach: t.type({ stdin: t.boolean, stdout: t.boolean, stderr: t.boolean }),
  autoRemove: t.boolean,
  detachKeys: t.readonlyArray(t.number),
  sigProxy: t.boolean,
  stopSignal: t.type({ name: t.string, number: t.number }),
  stopTimeout: t.number,
});

const healthcheck = t.partial({ Test: strings, Interval: t.number, Timeout: t.number, StartPeriod: t.number, StartInterval: t.number, Retries: t.number });

const mountPoint = t.intersection([
  t.type({
    type: t.keyof({ bind: null, volume: null, tmpfs: null, image: null }),
    source: t.string,
    destination: t.string,
    mode: t.string,
    readOnly: t.boolean,
    propagation: t.string,
  }),
  t.partial({
    name: t.refinement(t.string, isVolumeName, 'volume name'),
    driver: t.string,
    make: t.type({ driver: t.string, options: t.record(t.string, t.string), labels: t.record(t.string, t.string) }),
    anonymous: t.boolean,
    copy: t.boolean,
    chown: t.boolean,
    image: t.type({ reference: t.string, id: t.string, layers: strings }),
    subpath: t.string,
    stage: t.string,
    recursive: t.keyof({ enabled: null, disabled: null, writable: null, readonly: null }),
  }),
]);

const surroundings = t.intersection([
  t.type({
    hostname: t.string,
    etc: t.type({ hostname: t.string, hosts: t.string, resolvConf: t.string }),
    network: t.union([modes('none', 'host', 'networks'), slirp, t.intersection([container, t.partial({ owner: t.string, isHosts: t.boolean })])]),
    pid: t.union([modes('private', 'host'), container]),
    ipc: t.union([modes('private', 'shareable', 'none', 'host'), container]),
    userns: t.union([t.type({ mode: t.literal('default') }), t.type({ mode: t.literal('keep-id'), uid: t.number, gid: t.number })]),
    deviceBinds: strings,
    createDirectories: strings,
    privileged: t.boolean,
    seccomp: t.union([
      t.type({ kind: t.union([t.literal('default'), t.literal('unconfined')]) }),
      t.type({ kind: t.literal('file'), path: t.string }),
    ]),
    log: t.intersection([t.type({ driver: t.keyof(Object.fromEntries(logDrivers.map((name) => [name, null]))) }), t.partial({ options: t.record(t.string, t.string) })]),
  }),
  t.partial({ domainname: t.string, sharesWith: t.string, exposed: strings, mountPoints: t.readonlyArray(mountPoint), restart, healthcheck, networks: t.readonlyArray(wish), published: t.readonlyArray(publication), publishAll: t.literal(true) }),
]);

const devices = t.readonlyArray(t.type({ path: t.string, value: t.number }));

const limits = t.partial({
  limits: t.partial({
    memory: t.number,
    memorySwap: t.number,
    memoryReservation: t.number,
    nanoCpus: t.number,
    cpuPeriod: t.number,
    cpuQuota: t.number,
    cpuShares: t.number,
    cpusetCpus: t.string,
    cpusetMems: t.string,
    pidsLimit: t.number,
    blkioWeight: t.number,
    blkioWeightDevice: devices,
    deviceReadBps: devices,
    deviceReadIops: devices,
    deviceWriteBps: devices,
    deviceWriteIops: devices,
    cgroupParent: t.string,
  }),
});

const skiffSpecCodec = t.intersection([identity, process, surroundings, limits]) as unknown as t.Type<SkiffSpec, unknown, unknown>;

/** Where a value does not fit, as `a.b.0`. */
const placeOf = (errors: t.Errors): string => {
  const keys = errors[0]?.context.map(({ key }) => key).filter((key) => key !== '' && !/^\d+$/.test(key)) ?? [];
  return keys.length === 0 ? 'it is not an object' : `the value of ${keys.join('.')} does not fit`;
};

const decode = <A>(codec: t.Type<A, unknown, unknown>, text: string, path: string): Either<SkiffError, A> => {
  const corrupt = (reason: string): Either<SkiffError, A> => left({ _tag: 'Corrupt', subject: path, reason });
  try {
    const result = codec.decode(JSON.parse(text));
    return result._tag === 'Right' ? right(result.right) : corrupt(placeOf(result.left));
  } catch (caught) {
    if (!(caught instanceof SyntaxError)) throw caught;
    return corrupt('it is not JSON');
  }
};

const versionOf = (text: string): unknown => /^\s*\{\s*"version"\s*:\s*(\d+)/.exec(text)?.[1];

/** Decodes spec.json; Corrupt names `path` and the member that does not fit, or a version from another Skiff. */
export const decodeSkiffSpec = (text: string, path: string): Either<SkiffError, SkiffSpec> => {
  const version = versionOf(text);
  if (version !== undefined && version !== '1') {
    return left({ _tag: 'Corrupt', subject: path, reason: `it has version ${version}, written by another version of skiff`, hint: 'use that one' });
  }
  return decode(skiffSpecCodec, text, path);
};

/** Decodes config.json. */
export const decodeOciSpec = (text: string, path: string): Either<SkiffError, OciSpec> => decode(ociSpecCodec, text, path);
