/** `skiff build`: a Dockerfile and a context become an image in the store. */
import * as TE from 'fp-ts/TaskEither';
import { fail, toSkiffError, SkiffFailure } from '../core/errors.ts';
import { tellTag } from '../images/image-events.ts';
import { hostPlatform } from '../images/platform.ts';
import { documentOf, manifestFor, storeImages } from '../images/store.ts';
import { refuse } from '../core/invalid.ts';
import { maximumDocument, mediaTypes } from '../core/oci-image.ts';
import { automaticArguments, globalArguments } from './arguments.ts';
import { dated } from './config.ts';
import { openContext } from './context.ts';
import { DockerfileError, usageOf } from './dockerfile/location.ts';
import { parseDockerfile } from './dockerfile/parse.ts';
import { ignoreOf } from './ignore.ts';
import { layerStore } from './layers.ts';
import { watched } from './progress.ts';
import { shownContext, shownFiles } from './show-context.ts';
import { needsImage, writeFiles } from './outputs.ts';
import type { Output } from './outputs.ts';
import { contextFiles, imageFiles } from './sources.ts';
import { runStage, StepFailure } from './stage.ts';
import { planStages, targetOf } from './stages.ts';
import { withWorkspace } from './workspace.ts';
import type { SkiffError } from '../core/errors.ts';
import type { ImageConfig } from '../core/oci-image.ts';
import type { FetchContext } from '../images/fetch-url.ts';
import type { Image } from '../images/open.ts';
import type { Platform } from '../images/platform.ts';
import type { Candidate, Stored } from '../images/store.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Dockerfile } from './dockerfile/instructions.ts';
import type { ImportedCache } from './cache-transfer.ts';
import type { LayerStore } from './layers.ts';
import type { ContextOrder, OpenContext } from './context.ts';
import type { Warning } from './dockerfile/check.ts';
import type { Lines } from './dockerfile/location.ts';
import type { Variables } from './dockerfile/words.ts';
import type { Progress } from './progress.ts';
import type { Files, Finished, Session, StepOptions } from './session.ts';
import type { Plan } from './stages.ts';
import type { Workspace } from './workspace.ts';

/** A `--build-context`. */
export type NamedContext = { readonly kind: 'directory'; readonly path: string } | { readonly kind: 'image'; readonly name: string };

export interface BuildOrder {
  readonly context: ContextOrder;
  readonly target?: string;
  readonly buildArgs: Variables;
  readonly labels: Readonly<Record<string, string>>;
  /** In full. */
  readonly names: readonly string[];
  readonly platform?: Platform;
  /** Directories of `--cache-from` and `--cache-to`; `max` takes every step along, not only those of the result. Absolute. */
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly { readonly directory: string; readonly mode: 'min' | 'max' }[];
  readonly contexts: ReadonlyMap<string, NamedContext>;
  readonly steps: StepOptions;
  /** At least one. */
  readonly outputs: readonly Output[];
}

export interface BuildTools {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Finds an image, or pulls it. */
  readonly image: (name: string, platform: Platform | undefined) => Promise<Image>;
  readonly fullName: (name: string) => string;
  readonly fetching: () => Promise<FetchContext>;
}

/** Why a build failed, and which lines of the Dockerfile that is about. */
export interface BuildFailure {
  readonly error: SkiffError;
  readonly lines?: Lines;
  readonly dockerfile?: OpenContext['dockerfile'];
}

const memo = <K, A>(body: (key: K) => Promise<A>): ((key: K) => Promise<A>) => {
  const known = new Map<K, Promise<A>>();
  return (key) => {
    const found = known.get(key) ?? body(key);
    known.set(key, found);
    return found;
  };
};

const namedFiles = async (workspace: Workspace, session: Pick<Session, 'workspace' | 'layers'>, order: BuildOrder, tools: BuildTools, name: string): Promise<Files> => {
  const context = order.contexts.get(name);
  if (context?.kind === 'directory') return contextFiles(workspace, context.path, undefined, `the context ${name}`);
  const image = context?.name ?? name;
  return imageFiles(session, await tools.image(image, order.platform), image);
};

/** The image that FROM names, which a `--build-context` may have replaced. */
const baseImage = ({ contexts }: BuildOrder, { image }: BuildTools): BuildTools['image'] => async (name, platform) => {
  const context = contexts.get(name);
  if (context?.kind === 'directory') refuse(`FROM ${name} cannot begin with a directory, which is what --build-context ${name} names`, `use FROM scratch and COPY --from=${name} / /`);
  return image(context?.kind === 'image' ? context.name : name, platform);
};

/** Stages begin as soon as those that they need are done; the first failure ends the others. */
const runStages = async (session: Omit<Session, 'stage'>, plan: Plan, stop: () => void): Promise<Finished> => {
  const stage: (index: number) => Promise<Finished> = memo(async (index: number) => {
    const planned = plan.stages.find((candidate) => candidate.index === index);
    if (planned === undefined) return fail({ _tag: 'Usage', message: `stage ${index} is not part of this build` });
    return runStage({ ...session, stage }, planned);
  });
  const all = plan.stages.map(({ index }) => stage(index).catch((error: unknown) => {
    stop();
    throw error;
  }));
  const ends = await Promise.allSettled(all);
  const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
  const first = failures.find((reason) => !(reason instanceof DockerfileError && reason.message === 'canceled')) ?? failures[0];
  if (first !== undefined) throw first;
  return stage(plan.target);
};

const configOf = ({ config, layers }: Finished, { labels, steps }: BuildOrder): ImageConfig => {
  const history = dated(config.history, steps.epoch);
  const created = history.at(-1)?.created;
  const { architecture, os, variant } = config.platform;
  const Labels = { ...config.config.Labels, ...labels };
  return {
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    ...(created ? { created } : {}),
    ...(config.author === undefined ? {} : { author: config.author }),
    config: { ...config.config, ...(Object.keys(Labels).length === 0 ? {} : { Labels }) },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: [...history],
  };
};

const store = async (workspace: Workspace, finished: Finished, order: BuildOrder): Promise<Stored> => {
  const { paths, host } = workspace.surroundings;
  const decodedConfig = configOf(finished, order);
  const config = documentOf(JSON.stringify(decodedConfig));
  if (config.size > maximumDocument) refuse(`the image's configuration would have ${config.size} bytes, more than ${maximumDocument}`, 'use fewer or shorter variables and labels');
  const layers = finished.layers.map(({ file }) => file);
  const candidate: Candidate = {
    subject: 'the image that was built',
    manifest: manifestFor(config, layers.map(({ descriptor }) => descriptor)),
    manifestType: mediaTypes.ociManifest,
    config,
    decodedConfig,
    layers,
    names: order.names,
  };
  const [stored] = await storeImages(paths, host, workspace.spool, [candidate]);
  return stored ?? fail({ _tag: 'System', operation: 'store', subject: 'the image', reason: 'nothing was stored' });
};

interface Understood {
  readonly file: Dockerfile;
  readonly globals: Variables;
  readonly plan: Plan;
  readonly platform: Platform;
}

const understand = (order: BuildOrder, { dockerfile }: OpenContext): Understood => {
  const file = parseDockerfile(dockerfile.text);
  const platform = order.platform ?? hostPlatform();
  const title = file.stages[targetOf(file.stages, order.target)]?.name ?? '';
  const globals = globalArguments(file, order.buildArgs, automaticArguments(hostPlatform(), platform, title));
  return { file, globals, plan: planStages(file, order.target, globals), platform };
};

const importCaches = async ({ cacheFrom }: BuildOrder, { progress }: BuildTools): Promise<readonly ImportedCache[]> => {
  if (cacheFrom.length === 0) return [];
  const { openCache } = await import('./cache-transfer.ts');
  return Promise.all(cacheFrom.map(async (directory) => {
    const task = progress.begin(`importing cache manifest from local:${directory}`);
    const cache = await watched(task, async () => openCache(directory));
    if (cache === undefined) task.note('there is none yet');
    task.done();
    return cache;
  })).then((caches) => caches.filter((cache) => cache !== undefined));
};

const exportCaches = async ({ surroundings }: Workspace, layers: LayerStore, finished: Finished, { cacheTo }: BuildOrder, { progress }: BuildTools): Promise<void> => {
  const ofResult = new Set(finished.layers.map(({ diffId }) => diffId));
  for (const { directory, mode } of cacheTo) {
    const { writeCache } = await import('./cache-transfer.ts');
    const task = progress.begin('exporting cache to client directory');
    const records = new Map([...layers.used()].filter(([, { diffId }]) => mode === 'max' || ofResult.has(diffId)));
    await watched(task, async () => writeCache(surroundings.paths, records, directory));
    task.done();
  }
};

const buildIn = async (workspace: Workspace, order: BuildOrder, context: OpenContext, { file, globals, plan, platform }: Understood, tools: BuildTools): Promise<Stored | undefined> => {
  const stopper = new AbortController();
  const signal = AbortSignal.any([tools.signal, stopper.signal]);
  const layers = layerStore(workspace, order.steps.epoch, await importCaches(order, tools));
  const session: Omit<Session, 'stage'> = {
    workspace,
    layers,
    progress: tools.progress,
    signal,
    options: order.steps,
    buildArgs: order.buildArgs,
    globals,
    directives: file.directives,
    stages: file.stages,
    platform,
    context: shownFiles(tools.progress, contextFiles(workspace, context.directory, ignoreOf(context.ignore), 'the build context')),
    filesOf: memo((name: string) => namedFiles(workspace, { workspace, layers }, order, tools, name)),
    image: baseImage(order, tools),
    fullName: tools.fullName,
    fetching: tools.fetching,
  };
  const finished = await runStages(session, plan, () => stopper.abort());
  await writeOutputs(workspace, finished, order, tools);
  await exportCaches(workspace, layers, finished, order, tools);
  if (!order.outputs.some(needsImage)) return undefined;
  const task = tools.progress.begin('exporting to image');
  const stored = await store(workspace, finished, order);
  task.note(`image ${stored.id}`);
  for (const name of stored.names) task.note(`naming to ${name}`);
  task.done();
  return stored;
};

const writeOutputs = async (workspace: Workspace, { layers }: Finished, { outputs }: BuildOrder, { progress }: BuildTools): Promise<void> => {
  for (const output of outputs.filter((candidate) => !needsImage(candidate))) {
    const task = progress.begin(output.kind === 'local' ? 'copying files' : 'sending tarball');
    await writeFiles(workspace, layers, output);
    task.done();
  }
};

/** Where in the Dockerfile the failure is; what went wrong in a step is said as what could not be solved. */
const failureOf = (error: unknown, understood: boolean): BuildFailure => {
  if (error instanceof DockerfileError) {
    const whole: SkiffError = understood ? { _tag: 'Refused', message: `failed to solve: ${error.message}` } : usageOf(error);
    return { error: whole, ...(error.lines === undefined ? {} : { lines: error.lines }) };
  }
  if (error instanceof StepFailure) return { error: error.error, lines: error.lines };
  return { error: error instanceof SkiffFailure ? error.error : toSkiffError('build', 'the image')(error) };
};

/** `# check=error=true`: what `--check` would find is an error, before anything is done. */
const failForWarnings = async (file: Dockerfile, { ignore }: OpenContext): Promise<void> => {
  if (!/(?:^|;)\s*error\s*=\s*true\s*(?:;|$)/iu.test(file.directives.check ?? '')) return;
  const { checkDockerfile } = await import('./dockerfile/check.ts');
  const [first, ...more] = checkDockerfile(file, ignoreOf(ignore));
  if (first !== undefined) throw new DockerfileError(`lint violation found for rules: ${[...new Set([first, ...more].map(({ rule }) => rule))].join(', ')}`, first.lines);
};

/** Reads the Dockerfile and what it may take, and says what should be otherwise in it; builds nothing. */
export const checkBuild = (surroundings: Surroundings, order: BuildOrder, tools: BuildTools): TE.TaskEither<BuildFailure, { readonly warnings: readonly Warning[]; readonly dockerfile: OpenContext['dockerfile'] }> => async () => {
  let dockerfile: OpenContext['dockerfile'] | undefined;
  try {
    const { checkDockerfile } = await import('./dockerfile/check.ts');
    return await withWorkspace(surroundings, async (workspace) => {
      const context = await shownContext(order.context, tools, () => openContext(workspace, order.context, tools.fetching, tools.signal));
      dockerfile = context.dockerfile;
      return { _tag: 'Right', right: { warnings: checkDockerfile(understand(order, context).file, ignoreOf(context.ignore)), dockerfile } };
    });
  } catch (error) {
    return { _tag: 'Left', left: { ...failureOf(error, false), ...(dockerfile === undefined ? {} : { dockerfile }) } };
  }
};

/**
 * Builds the image and stores it under its names, where an output needs that, and writes outputs that are files. Nothing of a build that fails, or is aborted, stays but layers of steps that were done, for the next
 * one. Errors know which lines they are about.
 */
export const buildImage = (surroundings: Surroundings, order: BuildOrder, tools: BuildTools): TE.TaskEither<BuildFailure, Stored | undefined> => async () => {
  let dockerfile: OpenContext['dockerfile'] | undefined;
  let understood: Understood | undefined;
  try {
    const stored = await withWorkspace(surroundings, async (workspace) => {
      const context = await shownContext(order.context, tools, () => openContext(workspace, order.context, tools.fetching, tools.signal));
      dockerfile = context.dockerfile;
      understood = understand(order, context);
      await failForWarnings(understood.file, context);
      return buildIn(workspace, order, context, understood, tools);
    });
    if (stored !== undefined) for (const name of stored.names) tellTag(surroundings.paths, stored.id, name);
    return { _tag: 'Right', right: stored };
  } catch (error) {
    return { _tag: 'Left', left: { ...failureOf(error, understood !== undefined), ...(dockerfile === undefined ? {} : { dockerfile }) } };
  }
};
