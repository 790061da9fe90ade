/** The graph of stages: which are needed, in what order, and what each comes from. Pure. */
import { at, wrong } from './dockerfile/location.ts';
import { nearest } from '../core/nearest.ts';
import { splitRecord } from '../core/csv.ts';
import { lex } from './dockerfile/words.ts';
import type { Dockerfile, Instruction, Stage } from './dockerfile/instructions.ts';
import type { Variables } from './dockerfile/words.ts';

/** Where files or layers come from. */
export type Origin =
  | { readonly kind: 'scratch' }
  | { readonly kind: 'stage'; readonly index: number }
  /** An image's name as written, or that of a `--build-context`. */
  | { readonly kind: 'image'; readonly name: string };

export interface PlannedStage {
  readonly index: number;
  readonly stage: Stage;
  /** How it is called in messages: its name, or `stage-N`. */
  readonly title: string;
  readonly base: Origin;
  readonly platform?: string;
  /** Stages that have to be there first, by index. */
  readonly needs: readonly number[];
}

export interface Plan {
  /** Only those that the target needs, each behind what it needs. */
  readonly stages: readonly PlannedStage[];
  readonly target: number;
}

const indexByName = (stages: readonly Stage[], name: string, before: number): number | undefined => {
  const found = stages.slice(0, before).findLastIndex((stage) => stage.name === name.toLowerCase());
  return found < 0 ? undefined : found;
};

/** What `--from` means in stage `index`: a stage before it by name or number, or an image. */
export const originOf = (stages: readonly Stage[], from: string, index: number): Origin => {
  if (from === 'scratch') return { kind: 'scratch' };
  const named = indexByName(stages, from, index);
  if (named !== undefined) return { kind: 'stage', index: named };
  if (!/^\d+$/u.test(from)) {
    return stages[index]?.name === from.toLowerCase() ? wrong(`cannot copy from stage ${JSON.stringify(from)}, it is the same stage`) : { kind: 'image', name: from };
  }
  const number = Number(from);
  return number < index ? { kind: 'stage', index: number } : wrong(`invalid stage index ${from}: there are ${index} stages before this one`);
};

const mountFrom = (mount: string): string | undefined => splitRecord(mount)?.find((field) => /^from=/iu.test(field))?.slice('from='.length);

/** The stages and images that an instruction takes files from, as written. */
export const fromsOf = (instruction: Instruction): readonly string[] => {
  if (instruction.kind === 'COPY') return instruction.from === undefined ? [] : [instruction.from];
  return instruction.kind === 'RUN' ? instruction.mounts.flatMap((mount) => mountFrom(mount) ?? []) : [];
};

const baseOf = (stages: readonly Stage[], index: number, name: string): Origin => {
  if (name === 'scratch') return { kind: 'scratch' };
  const found = indexByName(stages, name, index);
  return found === undefined ? { kind: 'image', name } : { kind: 'stage', index: found };
};

const planStage = ({ stages, directives }: Dockerfile, stage: Stage, index: number, globals: Variables): PlannedStage =>
  at(stage.lines, () => {
    const expand = (text: string): string => lex(text, { escape: directives.escape, variables: globals }).text;
    const name = expand(stage.base);
    if (name === '') wrong(`base name (${stage.base}) should not be blank`);
    const base = baseOf(stages, index, name);
    const platform = stage.platform === undefined ? '' : expand(stage.platform);
    if (stage.platform !== undefined && platform === '') wrong('empty platform value from expression ' + stage.platform);
    const origins = stage.instructions.flatMap((instruction) => at(instruction.lines, () => fromsOf(instruction).map((from) => originOf(stages, from, index))));
    const needs = [base, ...origins].flatMap((origin) => (origin.kind === 'stage' ? [origin.index] : []));
    return { index, stage, title: stage.name ?? `stage-${index}`, base, ...(platform === '' ? {} : { platform }), needs: [...new Set(needs)] };
  });

/** The index of the stage that `--target` names, the last one without it. */
export const targetOf = (stages: readonly Stage[], target: string | undefined): number => {
  if (target === undefined || target === '') return stages.length - 1;
  const named = indexByName(stages, target, stages.length);
  if (named !== undefined) return named;
  if (/^\d+$/u.test(target) && Number(target) < stages.length) return Number(target);
  const near = nearest(target, stages.flatMap(({ name }) => name ?? []));
  return wrong(`target stage ${JSON.stringify(target)} could not be found${near === undefined ? '' : ` (did you mean ${near}?)`}`);
};

/** The stages that `target` needs, in the file's order, in which nothing comes before what it needs. Throws a `DockerfileError`. */
export const planStages = (file: Dockerfile, target: string | undefined, globals: Variables): Plan => {
  const last = targetOf(file.stages, target);
  const planned = new Map<number, PlannedStage>();
  const add = (index: number): void => {
    const stage = file.stages[index];
    if (stage === undefined || planned.has(index)) return;
    const plan = planStage(file, stage, index, globals);
    planned.set(index, plan);
    for (const needed of plan.needs) add(needed);
  };
  add(last);
  return { stages: [...planned.values()].toSorted((a, b) => a.index - b.index), target: last };
};
