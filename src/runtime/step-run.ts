/** A step of a build: a container like any other, but that its changes are the builder's, it ends with the builder, and nobody else hears of it. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import { need } from '../core/invalid.ts';
import { helperPath } from '../system/helper.ts';
import { newId } from '../system/new-id.ts';
import { createContainer } from './create.ts';
import { gather, writePlan } from './gather.ts';
import { makeHostView } from './host-view.ts';
import { hasLimits } from './limit-flags.ts';
import { chooseStorage, overlayOf, rootfsNeeds } from './root-filesystem.ts';
import { makeSpec } from './spec.ts';
import { doomedPath } from './trees.ts';
import type { RunFlags } from './run-flags.ts';
import type { ImageConfigView } from './spec-types.ts';
import type { Surroundings } from './surroundings.ts';

export interface Step {
  readonly image: ImageConfigView;
  readonly flags: RunFlags;
  /** Empty directories on the store's file system; what the step changes is in `upper` afterwards. */
  readonly upper: string;
  readonly work: string;
}

/** What a step says while it runs. */
export interface StepOutput {
  readonly stdout: (bytes: Buffer) => void;
  readonly stderr: (bytes: Buffer) => void;
}

interface Prepared {
  readonly id: string;
  readonly plan: string;
  readonly directory: string;
}

const prepare = async (surroundings: Surroundings, { image, flags, upper, work }: Step): Promise<Prepared> => {
  const { paths, host, env } = surroundings;
  const needs = rootfsNeeds(host, flags);
  const { driver } = await chooseStorage(surroundings, needs);
  const id = newId();
  const view = makeHostView({ paths, host, env, storageDriver: driver.name, id, find: () => undefined });
  const limitless = need(makeSpec(image, { ...flags, rm: true, logDriver: 'none' }, view, id));
  const spec = hasLimits(flags) ? (await import('./limits.ts')).withLimits(limitless, flags) : limitless;
  const gathered = await gather(surroundings, spec, driver, needs);
  const { spec: named, marker } = await createContainer(paths, host, spec, { named: false, toStart: true });
  const overlay = { ...overlayOf(host, named.skiff, gathered.directory, needs), upper, work, volatile: true };
  return { id, plan: writePlan(paths, named, marker, { ...gathered, rootfs: need(driver.plan(overlay)), bound: true }, {}), directory: gathered.directory };
};

/** How often it is looked whether a step that was cut short has been cleared away. */
const clearPoll = 10;
/** After that long somebody else, `heal`, has to see to it. */
const longestClearing = 30_000;

/** A container's directory is renamed before it is removed. */
const untilCleared = async ({ paths }: Surroundings, { directory, id }: Prepared): Promise<void> => {
  const places = [directory, doomedPath(paths, id)];
  for (const end = Date.now() + longestClearing; places.some((place) => existsSync(place)) && Date.now() < end; ) await sleep(clearPoll);
};

const forward = (stream: Readable, to: (bytes: Buffer) => void): void => void stream.on('data', (bytes: Buffer) => to(bytes));

/**
 * Runs `step` to its end. `paths` in `surroundings` are those of the build: containers and names of its own, removed with it. When `signal` is
 * aborted the step is killed. Returns its exit code when all that was mounted for it is gone. Throws SkiffFailure.
 */
export const runStep = async (surroundings: Surroundings, step: Step, output: StepOutput, signal: AbortSignal): Promise<number> => {
  const prepared = await prepare(surroundings, step);
  const helper = helperPath(surroundings.paths, 'skiff-helper');
  const env = { ...surroundings.env, SKIFF_PARENT: String(process.pid) };
  // A session of its own: the terminal's Ctrl-C is for the builder, which then decides.
  const child = spawn(helper, ['launch', prepared.plan], { stdio: ['ignore', 'pipe', 'pipe'], env, detached: true });
  forward(child.stdout, output.stdout);
  forward(child.stderr, output.stderr);
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 137));
    });
  } finally {
    signal.removeEventListener('abort', kill);
    await untilCleared(surroundings, prepared);
  }
};

/** Paths that are covered while a step runs, relative to the root, with the directories that they need: what of them is new and empty is no change. */
export const coveredPaths = (targets: readonly string[]): readonly string[] => {
  const paths = targets.map((target) => join('/', target).slice(1)).filter((path) => path !== '');
  return [...new Set(paths.flatMap((path) => path.split('/').map((_, position, parts) => parts.slice(0, position + 1).join('/'))))];
};
