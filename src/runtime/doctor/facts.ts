/** All that `skiff doctor` judges by, as data: `look.ts` collects it, the judges are pure. */
import type { DeviceFact, ProgramFact } from '../machine.ts';
import type { Trouble } from './finding.ts';
import type { Leftover } from './leftovers.ts';

/** What a trial of the helpers said by name: undefined where it works, else why not. What is not in it was not tried. */
export type Trials = ReadonlyMap<string, string | undefined>;

export interface Quota {
  /** Bytes and files; a limit of 0 is none. */
  readonly used: number;
  readonly limit: number;
  readonly files: number;
  readonly fileLimit: number;
}

export interface KernelFacts {
  readonly trials: Trials;
  /** How each program gets its privileges, by its path. */
  readonly programs: ReadonlyMap<string, 'setuid' | 'capability' | 'nosuid' | 'plain'>;
  /** Undefined where the user has none on the file system of the data, or the kernel does not say. */
  readonly quota: Quota | undefined;
}

/** Files of ids, whole, and what the programs that use them are. */
export interface IdFacts {
  readonly user: string;
  readonly uid: number;
  readonly subuid: string;
  readonly subgid: string;
  /** /etc/passwd and /etc/group, for ids that are somebody's already. */
  readonly passwd: string;
  readonly group: string;
  /** Absolute paths; undefined where they are not installed. */
  readonly newuidmap: string | undefined;
  readonly newgidmap: string | undefined;
  /** Why the user's namespace could not be made; undefined where it was. */
  readonly failure: string | undefined;
  /** The command that gives the user ids; empty where he has them. */
  readonly grant: string;
}

/** One directory of ours, and the file system that it is on. */
export interface PlaceFacts {
  readonly what: 'data' | 'cache' | 'runtime';
  readonly path: string;
  /** As mount(8) calls it; empty where it was not found. */
  readonly type: string;
  readonly options: readonly string[];
  /** Bytes and files that an ordinary user may still make; files is undefined where the file system counts none. */
  readonly free: number;
  readonly freeFiles: number | undefined;
}

export interface CgroupState {
  /** Why there is no way to a control group; undefined where there is one. */
  readonly failure: Trouble | undefined;
  readonly controllers: readonly string[];
}

export interface Facts {
  readonly ids: IdFacts;
  readonly kernel: KernelFacts;
  /** Of /proc/sys, by name, without the line break; only those that are there. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly cgroups: CgroupState;
  readonly programs: readonly ProgramFact[];
  readonly devices: readonly (DeviceFact & { readonly mode: string })[];
  /** The storage driver that `run` would take, or why there is none. */
  readonly driver: { readonly name: string; readonly why: string } | Trouble;
  readonly places: readonly PlaceFacts[];
  /** What the data's file system keeps, tried with the user's ids. */
  readonly keeps: Trials;
  /** XDG_RUNTIME_DIR, where it is set. */
  readonly runtimeVariable: string | undefined;
  readonly settings: { readonly path: string; readonly there: boolean; readonly failure: Trouble | undefined };
  /** Why Skiff's directories cannot be made; then nothing below them was looked at. */
  readonly directories: Trouble | undefined;
  readonly leftovers: readonly Leftover[];
  /** What an earlier `--repair` of this command took away. */
  readonly repaired: readonly Leftover[];
  /** Records that cannot be read, with what to do about each. */
  readonly damaged: readonly Trouble[];
}
