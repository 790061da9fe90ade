/** One stage from its base to its end, instruction by instruction; each that touches files is looked up before it is done. */
import { fail, SkiffFailure } from '../core/errors.ts';
import { maximumLayers } from '../core/oci-image.ts';
import { readParent, wholeHistory } from '../images/commit.ts';
import { parsePlatform } from '../images/platform.ts';
import { applySimple, beginning, noted, workdirOf } from './config.ts';
import { at, DockerfileError, wrong } from './dockerfile/location.ts';
import { parseTrigger } from './dockerfile/parse.ts';
import { originOf } from './stages.ts';
import { stageFiles } from './sources.ts';
import { watched } from './progress.ts';
import { planCopy } from './step-copy.ts';
import { planRun } from './step-run.ts';
import { planWorkdir } from './step-workdir.ts';
import type { Instruction } from './dockerfile/instructions.ts';
import type { Platform } from '../images/platform.ts';
import type { StageConfig } from './config.ts';
import type { BuiltLayer, StepLayer } from './layers.ts';
import type { Files, Finished, Session } from './session.ts';
import type { PlannedStage } from './stages.ts';
import type { Plan } from './step-copy.ts';

/** A stage while it is made. */
interface Making {
  readonly config: StageConfig;
  readonly layers: readonly BuiltLayer[];
}

const begin = async (session: Session, planned: PlannedStage, titled: Titled): Promise<Making & { readonly triggers: readonly string[] }> => {
  const platform = platformOf(planned) ?? session.platform;
  const { base } = planned;
  if (base.kind === 'scratch') return { config: beginning(platform, {}, []), layers: [], triggers: [] };
  if (base.kind === 'stage') {
    const { config, layers } = await session.stage(base.index);
    // Triggers of a stage are for images that are built on it, not for stages of the same file.
    const { OnBuild: _, ...rest } = config.config;
    return { config: { ...config, config: rest, hasCommand: false }, layers, triggers: [] };
  }
  const task = session.progress.begin(titled(1, `FROM ${session.fullName(base.name)}`));
  const image = await watched(task, () => session.image(base.name, platformOf(planned)));
  const parent = readParent(session.workspace.surroundings.paths, image.id) ?? fail({ _tag: 'NotFound', kind: 'image', name: base.name, hint: 'it has just been removed' });
  const diffIds = parent.config.rootfs.diff_ids ?? [];
  const layers = parent.layers.flatMap((file, position): readonly BuiltLayer[] => (diffIds[position] === undefined ? [] : [{ diffId: diffIds[position], file }]));
  await session.layers.hold([...diffIds, ...layers.map(({ file }) => file.descriptor.digest)]);
  task.done();
  const { author } = parent.config;
  return { config: beginning(image.platform, image.config, wholeHistory(parent.config), author ?? undefined), layers, triggers: image.config.OnBuild ?? [] };
};

const platformOf = ({ platform }: PlannedStage): Platform | undefined => {
  if (platform === undefined) return undefined;
  const parsed = parsePlatform(platform);
  return '_tag' in parsed ? fail(parsed) : parsed;
};

const usesCache = ({ options }: Session, { title, stage }: PlannedStage): boolean => !options.noCache && !options.noCacheFilter.includes(stage.name ?? title);

/** The layer of a step: found, or made. */
const doStep = async (session: Session, planned: PlannedStage, title: string, prepare: () => Promise<Plan> | Plan): Promise<StepLayer & { readonly history: string }> => {
  if (session.signal.aborted) wrong('canceled');
  const task = session.progress.begin(title);
  return watched(task, async () => {
    const plan = await prepare();
    const key = await plan.key();
    const found = usesCache(session, planned) ? await session.layers.find(key) : undefined;
    if (found !== undefined) {
      task.cached();
      return { ...found, history: plan.history };
    }
    session.workspace.awake();
    const layer = await plan.make(key, task);
    task.done();
    return { ...layer, history: plan.history };
  });
};

const withLayer = ({ config, layers }: Making, { created, history, ...layer }: StepLayer & { readonly history: string }): Making => {
  if (layers.length >= maximumLayers) fail({ _tag: 'Refused', message: `the image would have more than ${maximumLayers} layers`, hint: 'join instructions, or copy the result into a new stage' });
  return { config: noted(config, history, { created }), layers: [...layers, layer] };
};

/** The instruction in one line, as it is written. */
const shownText = ({ original }: Instruction): string => {
  const [name = '', rest = ''] = original.replace(/\s+/gu, ' ').split(/ (.*)/su);
  return `${name.toUpperCase()} ${rest}`.trim();
};

/** Does one instruction. */
const perform = async (session: Session, planned: PlannedStage, making: Making, instruction: Instruction, title: string): Promise<Making> => {
  const { config, layers } = making;
  const { escape } = session.directives;
  const filesOf = (from: string | undefined): Promise<Files> => filesFrom(session, planned, from);
  switch (instruction.kind) {
    case 'RUN':
      return withLayer(making, await doStep(session, planned, title, () => planRun(session, config, layers, instruction, filesOf)));
    case 'COPY':
    case 'ADD': {
      const files = await filesOf(instruction.kind === 'COPY' ? instruction.from : undefined);
      // The context is read before the step that needs it begins, so that each shows its own time.
      if (files === session.context && instruction.sources.some((source) => !/^(?:[a-z]+:\/\/|git@|\$)/u.test(source))) await files.tree();
      return withLayer(making, await doStep(session, planned, title, () => planCopy(session, config, layers, instruction, files)));
    }
    case 'WORKDIR': {
      const directory = workdirOf(config, instruction.value, escape);
      const moved = { ...config, config: { ...config.config, WorkingDir: directory } };
      if (directory === '/') return { config: noted(moved, 'WORKDIR /'), layers };
      const layer = await doStep(session, planned, title, () => planWorkdir(session, config, layers, directory));
      return withLayer({ config: moved, layers }, layer);
    }
    default:
      return { config: applySimple(config, instruction as Parameters<typeof applySimple>[1], escape, session), layers };
  }
};

const filesFrom = async (session: Session, planned: PlannedStage, from: string | undefined): Promise<Files> => {
  if (from === undefined) return session.context;
  const origin = originOf(session.stages, from, planned.index);
  if (origin.kind === 'scratch') return stageFiles(session, [], 'scratch');
  if (origin.kind === 'image') return session.filesOf(origin.name);
  const { layers } = await session.stage(origin.index);
  return stageFiles(session, layers, session.stages[origin.index]?.name ?? `stage ${origin.index}`);
};

const touchesFiles = ({ kind }: Instruction): boolean => kind === 'RUN' || kind === 'COPY' || kind === 'ADD' || kind === 'WORKDIR';

/** Where things went wrong, for the excerpt; what is no mistake in the Dockerfile keeps its own kind. */
export class StepFailure extends SkiffFailure {
  readonly lines: Instruction['lines'];
  constructor(cause: SkiffFailure, lines: Instruction['lines']) {
    super(cause.error);
    this.lines = lines;
  }
}

const located = async <A>({ lines }: Pick<Instruction, 'lines'>, body: () => Promise<A>): Promise<A> => {
  try {
    return await body();
  } catch (error) {
    if (error instanceof StepFailure) throw error;
    if (error instanceof SkiffFailure) throw new StepFailure(error, lines);
    if (error instanceof DockerfileError && error.lines === undefined) throw new DockerfileError(error.message, lines);
    throw error;
  }
};

/** The title of the step `number` of the stage, in BuildKit's form. */
type Titled = (number: number, text: string, total?: number) => string;

const titling = ({ stages }: Session, { title }: PlannedStage, own: number): Titled => (number, text, total = own) =>
  `[${stages.length === 1 ? '' : `${title} `}${String(number).padStart(String(total).length)}/${total}] ${text}`;

/** Makes the stage `planned`. Throws a `DockerfileError` or SkiffFailure that knows its lines. */
export const runStage = async (session: Session, planned: PlannedStage): Promise<Finished> => {
  const { stage, base } = planned;
  // Fetching an image is a step of its own; a stage that begins with another one has its files already.
  const first = base.kind === 'image' ? 1 : 0;
  const titled = titling(session, planned, first + stage.instructions.filter(touchesFiles).length);
  const { triggers, ...begun } = await located(stage, () => begin(session, planned, titled));
  const inherited = triggers.map((text) => at(stage.lines, () => ({ ...parseTrigger(text), lines: stage.lines })));
  const all = [...inherited, ...stage.instructions];
  const total = first + all.filter(touchesFiles).length;
  let making: Making = begun;
  let number = first;
  for (const instruction of all) {
    if (touchesFiles(instruction)) number += 1;
    const title = titled(number, `${inherited.includes(instruction) ? 'ONBUILD ' : ''}${shownText(instruction)}`, total);
    making = await located(instruction, () => perform(session, planned, making, instruction, title));
  }
  return making;
};

