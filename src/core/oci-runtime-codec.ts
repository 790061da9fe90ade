/** Reads a config.json of ours back. It lies in a directory that belongs to the user, but other programs can damage it. */
import * as t from 'io-ts';
import type { OciSpec } from './oci-runtime.ts';

const strings = t.readonlyArray(t.string);
const id = t.refinement(t.number, (value) => Number.isInteger(value) && value >= 0 && value <= 4294967295, 'id');

/** 2^63 and above is RLIM_INFINITY: JSON.parse rounds 18446744073709551615 up. */
const limit = new t.Type<number, number, unknown>(
  'limit',
  t.number.is,
  (input, context) => {
    if (typeof input !== 'number' || !(input >= 0)) return t.failure(input, context);
    return t.success(input >= 2 ** 63 ? Infinity : input);
  },
  t.identity,
);

const capabilities = t.type({ bounding: strings, effective: strings, permitted: strings, inheritable: strings, ambient: strings });

const process = t.intersection([
  t.type({
    terminal: t.boolean,
    user: t.intersection([t.type({ uid: id, gid: id }), t.partial({ additionalGids: t.readonlyArray(id) })]),
    args: t.refinement(strings, (args) => args.length > 0, 'args'),
    env: strings,
    cwd: t.string,
    capabilities,
    rlimits: t.readonlyArray(t.type({ type: t.string, soft: limit, hard: limit })),
    noNewPrivileges: t.boolean,
  }),
  t.partial({ oomScoreAdj: t.number }),
]);

const namespaceType = t.keyof({ user: null, mount: null, pid: null, network: null, ipc: null, uts: null, cgroup: null });
const mapping = t.type({ containerID: id, hostID: id, size: id });

const linux = t.intersection([
  t.type({
    namespaces: t.readonlyArray(t.intersection([t.type({ type: namespaceType }), t.partial({ path: t.string })])),
    devices: t.readonlyArray(t.unknown),
    sysctl: t.record(t.string, t.string),
    maskedPaths: strings,
    readonlyPaths: strings,
    rootfsPropagation: t.keyof({ private: null, rslave: null }),
  }),
  t.partial({ uidMappings: t.readonlyArray(mapping), gidMappings: t.readonlyArray(mapping), seccomp: t.unknown, resources: t.record(t.string, t.unknown) }),
]);

/** The codec of `OciSpec`. */
export const ociSpecCodec: t.Type<OciSpec, unknown, unknown> = t.intersection([
  t.type({
    ociVersion: t.refinement(t.string, (version) => version.startsWith('1.'), 'ociVersion 1.x'),
    process,
    root: t.type({ path: t.string, readonly: t.boolean }),
    mounts: t.readonlyArray(t.type({ destination: t.string, type: t.string, source: t.string, options: strings })),
    linux,
  }),
  t.partial({ hostname: t.string, domainname: t.string, annotations: t.record(t.string, t.string) }),
]) as unknown as t.Type<OciSpec, unknown, unknown>;
