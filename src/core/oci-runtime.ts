/**
 * The parts of the OCI runtime specification's config.json (v1.0.2, config.md and config-linux.md) that Skiff writes.
 * The codec that reads one back is in oci-runtime-codec.ts, so that starting a container does not load it.
 */
import type { IdMapping } from './id-maps.ts';

export interface OciUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids?: readonly number[];
}

/** Infinity is RLIM_INFINITY, which JSON carries as 18446744073709551615: write with `encodeOciSpec`. */
export interface OciRlimit {
  readonly type: string;
  readonly soft: number;
  readonly hard: number;
}

export interface OciCapabilities {
  readonly bounding: readonly string[];
  readonly effective: readonly string[];
  readonly permitted: readonly string[];
  readonly inheritable: readonly string[];
  readonly ambient: readonly string[];
}

export interface OciProcess {
  readonly terminal: boolean;
  readonly user: OciUser;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: OciCapabilities;
  readonly rlimits: readonly OciRlimit[];
  readonly noNewPrivileges: boolean;
  readonly oomScoreAdj?: number;
}

export interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export type OciNamespaceType = 'user' | 'mount' | 'pid' | 'network' | 'ipc' | 'uts' | 'cgroup';

/** Without a path a new one is made; a kind that is not listed is the starter's own. */
export interface OciNamespace {
  readonly type: OciNamespaceType;
  readonly path?: string;
}

/** Limits, in the form of config-linux.md, "Control groups": members by controller. */
export type OciResources = Readonly<Record<string, unknown>>;

export interface OciLinux {
  readonly namespaces: readonly OciNamespace[];
  readonly uidMappings?: readonly IdMapping[];
  readonly gidMappings?: readonly IdMapping[];
  /** Always empty: nodes come by bind mounts, which an OCI runtime in a user namespace would use too. */
  readonly devices: readonly unknown[];
  readonly sysctl: Readonly<Record<string, string>>;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly rootfsPropagation: 'private' | 'rslave';
  /** A seccomp profile in OCI's form; only filled in for other runtimes. */
  readonly seccomp?: unknown;
  /** Absent: there is no limit. */
  readonly resources?: OciResources;
}

export interface OciSpec {
  readonly ociVersion: string;
  readonly process: OciProcess;
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly hostname?: string;
  readonly domainname?: string;
  readonly mounts: readonly OciMount[];
  /** Absent: there is none. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly linux: OciLinux;
}

/** The text of config.json, compact. Unlimited rlimits become the 64-bit number that no JavaScript number holds. */
export const encodeOciSpec = (spec: OciSpec): string => {
  const text = JSON.stringify(spec, (_key, value: unknown) => (value === Infinity ? 'unlimited' : value));
  // Quotes inside JSON strings are escaped, so this matches members only.
  return text.replaceAll(/"(soft|hard)":"unlimited"/g, '"$1":18446744073709551615');
};
