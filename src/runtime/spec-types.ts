/** What a container's specification is made from and what it consists of. */
import type { HealthConfig } from '../core/healthcheck.ts';
import type { Healthcheck } from '../core/oci-image.ts';
import type { Signal } from '../core/signals.ts';
import type { IpcMode, PidMode, UserMode } from '../core/namespace-modes.ts';
import type { Limits } from '../core/limits.ts';
import type { LogConfig } from '../core/log-options.ts';
import type { NetworkMode } from '../core/network-mode.ts';
import type { MountPoint } from '../core/mount-points.ts';
import type { OciSpec } from '../core/oci-runtime.ts';
import type { Publication } from '../core/publish.ts';
import type { RestartPolicy } from '../core/restart-policy.ts';
import type { UlimitName } from '../core/ulimits.ts';
import type { Principal, UserSpec } from '../core/users.ts';
import type { IdMap } from '../system/host.ts';
import type { Asked } from './asked.ts';
import type { Confinement } from './confinement.ts';

/** The parts of an image's config that a container takes over; JSON writers leave them out or write null. */
export interface ImageConfig {
  readonly Env?: readonly string[] | null | undefined;
  readonly Cmd?: readonly string[] | null | undefined;
  readonly Entrypoint?: readonly string[] | null | undefined;
  readonly User?: string | null | undefined;
  readonly WorkingDir?: string | null | undefined;
  readonly StopSignal?: string | null | undefined;
  readonly Labels?: Readonly<Record<string, string>> | null | undefined;
  readonly ExposedPorts?: Readonly<Record<string, unknown>> | null | undefined;
  readonly Healthcheck?: Healthcheck | null | undefined;
  readonly Volumes?: Readonly<Record<string, unknown>> | null | undefined;
}

/** An image as far as a container cares. */
export interface ImageConfigView {
  /** As the user typed it. */
  readonly reference: string;
  /** `sha256:…` of its config. */
  readonly id: string;
  /** Absolute directories, the lowest first. */
  readonly layers: readonly string[];
  /** `os/architecture[/variant]`. */
  readonly platform: string;
  readonly config: ImageConfig;
}

export type PathKind = 'file' | 'directory' | 'character-device' | 'block-device' | 'fifo' | 'socket';

/** Another container, when one is named by `container:X` behind `--pid`, `--ipc` or `--network`. */
export interface ContainerView {
  readonly id: string;
  readonly name: string;
  /** Its first process; absent if it does not run. */
  readonly pid?: number;
  /** Whether it was started with `--ipc shareable`. */
  readonly shareable: boolean;
  /** Id of the container whose network it is in: its own, unless it shares another one's. */
  readonly networkOwner: string;
  /** That one's, absolute. */
  readonly ownerDirectory: string;
  readonly hostname: string;
  /** Whether its network is the host's. */
  readonly hasHostNetwork: boolean;
  readonly mountPoints: readonly MountPoint[];
}

/** Facts about the host. The functions are asked only when a flag needs the answer. */
export interface HostView {
  readonly uid: number;
  readonly gid: number;
  readonly idMap: IdMap;
  readonly hostname: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The caller's working directory, absolute. */
  readonly cwd: string;
  /** `linux/amd64`, as in image configs. */
  readonly platform: string;
  /** uname(2) release, such as `6.1.0-18-amd64`. */
  readonly kernelRelease: string;
  /** Whether /sys/fs/cgroup is a pure cgroup v2 mount. */
  readonly cgroup2: boolean;
  /** How many processors have thermal counters to be hidden (`thermalThrottlePaths`); 0 if left out. */
  readonly throttledProcessors?: number;
  readonly storageDriver: string;
  /** This container's own directory, absolute. */
  readonly containerDirectory: string;
  /** ISO 8601. */
  readonly now: string;
  /** In [0, 1), for a made-up name. */
  readonly random: () => number;
  /** stat(2) as the caller, following symlinks; undefined if there is nothing. */
  readonly statPath: (path: string) => PathKind | undefined;
  /** Device nodes below /dev that the caller can open. */
  readonly devices: () => readonly string[];
  /** The caller's own hard limit, Infinity without one; undefined if not known. */
  readonly hardLimit: (name: UlimitName) => number | undefined;
  readonly oomScoreAdj: () => number;
  readonly selinux: () => boolean;
  /** The text of the host's /etc/resolv.conf and /etc/hosts; empty if there is none. */
  readonly resolvConf: () => string;
  readonly hosts: () => string;
  /** The host's own, by which others reach it; undefined where it has none but the loopback's. */
  readonly address: () => string | undefined;
  readonly findContainer: (nameOrId: string) => ContainerView | undefined;
  /** 64 hex digits that no volume has. */
  readonly newVolumeName: () => string;
  /** Where the data of the volume of that name are, absolute. */
  readonly volumeData: (name: string) => string;
  /** Whether the caller may write to this directory or file of the host, and whose it is; undefined if there is nothing. */
  readonly ownerOf: (path: string) => { readonly uid: number; readonly gid: number; readonly writable: boolean } | undefined;
}

/** What a container asks of one of its networks. */
export interface NetworkWish {
  /** The network's name. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly mac?: string;
  readonly linkLocal: readonly string[];
  /** Other names of containers, for this one only; `target` is a short id. */
  readonly links: readonly { readonly target: string; readonly alias: string }[];
  readonly driverOpts: Readonly<Record<string, string>>;
  readonly gwPriority: number;
}

/** Text of the files that are mounted over the image's in /etc. */
export interface EtcFiles {
  readonly hostname: string;
  readonly hosts: string;
  readonly resolvConf: string;
}

export type RootfsSource =
  | { readonly kind: 'image'; readonly layers: readonly string[] }
  | { readonly kind: 'directory'; readonly path: string };

/** What OCI's config.json has no place for; kept as spec.json beside it. */
export interface SkiffSpec {
  readonly version: 1;
  readonly id: string;
  readonly name: string;
  /** ISO 8601. */
  readonly created: string;
  readonly image?: { readonly reference: string; readonly id: string };
  readonly rootfs: RootfsSource;
  readonly storageDriver: string;
  readonly platform: string;
  /** Another OCI runtime: a program's name or path. */
  readonly runtime?: string;
  /** The command and its arguments, for listings. */
  readonly args: readonly string[];
  /** How many of `args` are the entry point's, the others the command's; absent in records from before `inspect`: none. */
  readonly entrypointLength?: number;
  /** Flags as they were typed; absent in such records. */
  readonly asked?: Asked;
  /** Looked up in the container's /etc/passwd and /etc/group when it starts; config.json has 0 until `withResolvedUser`. */
  readonly user: UserSpec;
  readonly groupAdd: readonly Principal[];
  /** No HOME is set: it comes from /etc/passwd. */
  readonly setHome: boolean;
  readonly init: boolean;
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly detached: boolean;
  readonly attach: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  readonly autoRemove: boolean;
  /** Absent: it is not started again. */
  readonly restart?: RestartPolicy;
  readonly detachKeys: readonly number[];
  readonly sigProxy: boolean;
  readonly stopSignal: Signal;
  /** Seconds; -1 waits for ever. */
  readonly stopTimeout: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Ports of image and flags, as `80/tcp`, in order; absent: there is none. */
  readonly exposed?: readonly string[];
  /** Absent: none. */
  readonly published?: readonly Publication[];
  /** Each exposed port that is not among `published` is published, too; absent: no. */
  readonly publishAll?: true;
  readonly hostname: string;
  readonly domainname?: string;
  readonly etc: EtcFiles;
  readonly network: NetworkMode;
  /** In the order of their devices; only with mode `networks`, and empty when it has been taken off all of them. */
  readonly networks?: readonly NetworkWish[];
  readonly pid: PidMode;
  readonly ipc: IpcMode;
  readonly userns: UserMode;
  /** The container whose user namespace is joined, by id. */
  readonly sharesWith?: string;
  /** Host nodes to bind to the same path before the mounts below /dev; an OCI runtime does these itself. */
  readonly deviceBinds: readonly string[];
  /** Missing sources of bind mounts to be made as directories. */
  readonly createDirectories: readonly string[];
  /** Absent: nobody asked for any. */
  readonly mountPoints?: readonly MountPoint[];
  readonly privileged: boolean;
  readonly seccomp: Confinement['seccomp'];
  readonly log: LogConfig;
  /** Absent: there is none, and so no cgroup of its own. */
  readonly limits?: Limits;
  /** Of flags and image; absent where neither has one. */
  readonly healthcheck?: HealthConfig;
  /** Absolute. */
  readonly cidFile?: string;
}

export interface ContainerSpec {
  /** Becomes config.json. */
  readonly oci: OciSpec;
  /** Becomes spec.json. */
  readonly skiff: SkiffSpec;
  /** Lines for stderr. */
  readonly warnings: readonly string[];
}
