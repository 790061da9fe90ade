/** What all stages of one build have in common. */
import type { LimitFlags } from '../core/limits.ts';
import type { Image } from '../images/open.ts';
import type { Platform } from '../images/platform.ts';
import type { Directives } from './dockerfile/lines.ts';
import type { Stage } from './dockerfile/instructions.ts';
import type { Variables } from './dockerfile/words.ts';
import type { Place } from './files.ts';
import type { FetchContext } from '../images/fetch-url.ts';
import type { BuiltLayer, LayerStore } from './layers.ts';
import type { Progress } from './progress.ts';
import type { SshSource } from './ssh-agent.ts';
import type { Tree } from './tree.ts';
import type { StageConfig } from './config.ts';
import type { Workspace } from './workspace.ts';

/** A secret of `--secret`: where its bytes are. */
export type Secret = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'env'; readonly name: string };

/** What the command line says of all steps. */
export interface StepOptions {
  /** Nothing that was made before is used; or nothing of these stages. */
  readonly noCache: boolean;
  readonly noCacheFilter: readonly string[];
  readonly network: 'default' | 'none' | 'host';
  readonly allowed: ReadonlySet<string>;
  readonly addHost: readonly string[];
  readonly shmSize?: string;
  readonly ulimit: readonly string[];
  readonly securityOpt: readonly string[];
  readonly secrets: ReadonlyMap<string, Secret>;
  /** Agents of `--ssh`, by id. */
  readonly ssh: ReadonlyMap<string, SshSource>;
  /** Of the cgroup that each RUN gets then. */
  readonly limits: LimitFlags;
  /** SOURCE_DATE_EPOCH: no date in the image is later than that (seconds since 1970). */
  readonly epoch?: number;
}

/** Files that instructions may take: a context, a stage, an image. */
export interface Files {
  readonly place: Place;
  readonly tree: () => Promise<Tree>;
  /** Layers of which they consist; absent for a directory of the host's. */
  readonly layers?: readonly BuiltLayer[];
  readonly subject: string;
}

/** A stage that is done. */
export interface Finished {
  readonly config: StageConfig;
  readonly layers: readonly BuiltLayer[];
}

export interface Session {
  readonly workspace: Workspace;
  readonly layers: LayerStore;
  readonly progress: Progress;
  /** Aborted when the build is to end: somebody wants it to, or a part of it has failed. */
  readonly signal: AbortSignal;
  readonly options: StepOptions;
  readonly buildArgs: Variables;
  readonly globals: Variables;
  readonly directives: Directives;
  readonly stages: readonly Stage[];
  /** Of what is built. */
  readonly platform: Platform;
  readonly context: Files;
  /** A `--build-context`, an image; pulled first where that is asked for. */
  readonly filesOf: (name: string) => Promise<Files>;
  readonly image: (name: string, platform: Platform | undefined) => Promise<Image>;
  /** An image's name with its registry and tag, as titles have it. */
  readonly fullName: (name: string) => string;
  /** A stage, once it is done. */
  readonly stage: (index: number) => Promise<Finished>;
  readonly fetching: () => Promise<FetchContext>;
}
