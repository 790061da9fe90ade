/** `skiff start`: a container that was made before runs, again or for the first time, on the same writable layer. */
import { spawn } from 'node:child_process';
import { fail } from '../core/errors.ts';
import { need } from '../core/invalid.ts';
import { parseDetachKeys } from '../core/detach-keys.ts';
import { removeIfPresent } from '../system/files.ts';
import { helperPath } from '../system/helper.ts';
import { tell } from './container-events.ts';
import { makeSources } from './create.ts';
import { gather, requireLayers, withVariables, writePlan } from './gather.ts';
import { resolveId } from './records.ts';
import { rootfsNeeds } from './root-filesystem.ts';
import { claimStart } from './start-claim.ts';
import { driverAgain, specAgain, tidy } from './start-spec.ts';
import type { Container } from './records.ts';
import type { ContainerSpec, SkiffSpec } from './spec-types.ts';
import type { Launch, Surroundings } from './surroundings.ts';

/** How the starter is connected to the container. */
export interface StartSession {
  readonly attach: boolean;
  /** Carry input, where the container was made with -i. */
  readonly stdin: boolean;
  /** As typed; the empty string for the container's own. */
  readonly detachKeys: string;
}

const detachedSession: StartSession = { attach: false, stdin: false, detachKeys: '' };

const withSession = (skiff: SkiffSpec, { attach, stdin, detachKeys }: StartSession): SkiffSpec => ({
  ...skiff,
  detached: !attach,
  attach: { stdin: attach && stdin, stdout: attach, stderr: attach },
  detachKeys: detachKeys === '' ? skiff.detachKeys : need(parseDetachKeys(detachKeys)),
  sigProxy: true,
});

const rootfsFlags = ({ rootfs, userns }: SkiffSpec) => ({
  ...(rootfs.kind === 'directory' ? { rootfs: rootfs.path } : {}),
  ...(userns.mode === 'default' ? {} : { userns: userns.mode }),
});

const planAgain = async (surroundings: Surroundings, container: Container, marker: string, session: StartSession): Promise<string> => {
  const { paths, host } = surroundings;
  const made = specAgain(surroundings, container);
  const spec: ContainerSpec = { ...made, skiff: withSession(made.skiff, session) };
  const driver = await driverAgain(surroundings, container);
  const needs = rootfsNeeds(host, rootfsFlags(spec.skiff));
  const gathered = await gather(surroundings, spec, driver, needs);
  await requireLayers(paths, spec.skiff, 'layers of it have been deleted');
  await tidy(container);
  makeSources(spec.skiff.createDirectories);
  const volumes = spec.skiff.mountPoints?.some(({ type }) => type === 'volume') === true ? await (await import('./volumes.ts')).volumesAgain(surroundings, spec.skiff) : undefined;
  const variables = spec.skiff.network.mode === 'networks' ? (await (await import('./network-attach.ts')).joinNetworks(paths, spec, true)).variables : [];
  return writePlan(paths, spec, marker, withVariables(gathered, variables), { again: container.state, outputOnly: session.attach && !session.stdin, ...(volumes === undefined ? {} : { volumes }) });
};

/** Either it runs already, or this process must become the program, which removes the marker that keeps others from starting it too. */
export type Start = { readonly kind: 'runs' } | { readonly kind: 'launch'; readonly launch: Launch };

/** Makes everything ready to start the container that `word` names. On failure it is as before. Throws SkiffFailure. */
export const prepareStart = async (surroundings: Surroundings, word: string, session: StartSession): Promise<Start> => {
  const { paths } = surroundings;
  const claim = await claimStart(paths, resolveId(paths, word), word);
  if (claim.kind === 'runs') {
    if (claim.container.state.paused === true) fail({ _tag: 'Conflict', message: `container ${word} is paused`, hint: `let it go on with 'skiff unpause ${word}'` });
    return claim;
  }
  try {
    const plan = await planAgain(surroundings, claim.container, claim.marker, session);
    if (session.attach) tell(paths, claim.container.spec, 'attach');
    return { kind: 'launch', launch: { program: helperPath(paths, 'skiff-helper'), args: ['launch', plan], warnings: [] } };
  } catch (error) {
    if (claim.container.spec.mountPoints !== undefined) await (await import('./volumes.ts')).releaseVolumes(surroundings, claim.container.spec);
    if (claim.container.spec.network.mode === 'networks') (await import('../network/endpoints.ts')).releaseLeasesOf(paths, [claim.container.id]);
    removeIfPresent(claim.marker);
    throw error;
  }
};

/** Runs the helper until the container has started; it says on its standard error why not. */
const launchDetached = ({ program, args }: Launch, env: NodeJS.ProcessEnv): Promise<{ readonly code: number; readonly words: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...env, SKIFF_PARENT: String(process.pid) } });
    let words = '';
    child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 125, words: words.trim().replace(/^skiff: /, '') }));
  });

/** What a monitor says that finds the container's lock taken (helpers/monitor-start.c), by one that is just ending or by one that was faster. */
const lockIsTaken = 'the container is being started by another command';
const retryMs = 50;
const patienceMs = 10_000;

/**
 * Starts the container that `word` names in the background and waits until it runs; returns whether it had to. One that runs already is left alone.
 * Throws SkiffFailure.
 */
export const startDetached = async (surroundings: Surroundings, word: string): Promise<boolean> => {
  for (const began = Date.now(); ; await new Promise((resolve) => setTimeout(resolve, retryMs))) {
    const start = await prepareStart(surroundings, word, detachedSession);
    if (start.kind === 'runs') return false;
    const { code, words } = await launchDetached(start.launch, surroundings.env);
    if (code === 0) return true;
    if (words === lockIsTaken && Date.now() - began < patienceMs) continue;
    if (code === 126 || code === 127) fail({ _tag: 'Command', message: words, code });
    fail({ _tag: 'Conflict', message: words === '' ? `container ${word} could not be started` : words });
  }
};
