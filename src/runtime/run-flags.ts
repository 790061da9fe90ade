/** What `run` and `create` are told: the words of the command line, each under its flag's name, before any is looked into. */
import type { TextFile } from '../core/env.ts';
import type { HealthFlags } from '../core/healthcheck.ts';
import type { LimitFlags } from '../core/limits.ts';
import type { MountedImage } from '../core/mount-points.ts';

/** Absent means that the flag was not given. Lists keep the order of the command line. */
export interface RunFlags extends LimitFlags, HealthFlags {
  /** What follows the image's name (or `--rootfs DIR`). */
  readonly command: readonly string[];
  readonly name?: string;
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly detach?: boolean;
  /** Names of streams in any case; without one, both outputs and, where it is open, the input. */
  readonly attach?: readonly string[];
  readonly rm?: boolean;
  /** `NAME[:TIMES]`. */
  readonly restart?: string;
  readonly env?: readonly string[];
  /** Read by the caller, in order. */
  readonly envFile?: readonly TextFile[];
  readonly label?: readonly string[];
  readonly labelFile?: readonly TextFile[];
  /** `NAME=value` each. */
  readonly annotation?: readonly string[];
  /** `PORT[-PORT][/PROTOCOL]` each. */
  readonly expose?: readonly string[];
  /** Each as `parsePublish` has it. */
  readonly publish?: readonly string[];
  readonly publishAll?: boolean;
  readonly logDriver?: string;
  /** `NAME=value` each. */
  readonly logOpt?: readonly string[];
  readonly user?: string;
  readonly groupAdd?: readonly string[];
  readonly workdir?: string;
  /** The empty string clears the image's entry point. */
  readonly entrypoint?: string;
  readonly hostname?: string;
  readonly domainname?: string;
  readonly volume?: readonly string[];
  readonly mount?: readonly string[];
  /** The images that `mount` names, found by the caller. */
  readonly mountedImages?: readonly MountedImage[];
  readonly tmpfs?: readonly string[];
  /** Of volumes that this container is the first to name. */
  readonly volumeDriver?: string;
  /** `CONTAINER[:ro]` each. */
  readonly volumesFrom?: readonly string[];
  readonly readOnly?: boolean;
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly privileged?: boolean;
  readonly securityOpt?: readonly string[];
  readonly device?: readonly string[];
  readonly ulimit?: readonly string[];
  readonly shmSize?: string;
  readonly sysctl?: readonly string[];
  readonly init?: boolean;
  readonly pid?: string;
  readonly ipc?: string;
  readonly uts?: string;
  readonly userns?: string;
  readonly cgroupns?: string;
  readonly stopSignal?: string;
  /** Seconds; -1 waits for ever. */
  readonly stopTimeout?: string | number;
  readonly addHost?: readonly string[];
  readonly dns?: readonly string[];
  readonly dnsSearch?: readonly string[];
  readonly dnsOption?: readonly string[];
  /** A mode, a network's name or the long form `name=…,alias=…`. */
  readonly network?: string;
  /** Further networks. */
  readonly moreNetworks?: readonly string[];
  /** These six are wishes for the first network. */
  readonly ip?: string;
  readonly ip6?: string;
  readonly macAddress?: string;
  readonly networkAlias?: readonly string[];
  /** `CONTAINER[:ALIAS]` each. */
  readonly link?: readonly string[];
  readonly linkLocalIp?: readonly string[];
  readonly cidfile?: string;
  readonly platform?: string;
  readonly runtime?: string;
  /** A directory instead of an image. */
  readonly rootfs?: string;
  readonly oomScoreAdj?: string | number;
  readonly detachKeys?: string;
  /** Default true. */
  readonly sigProxy?: boolean;
}
