/** The answers of the helper's trials. Parsing is pure; the trials run in processes that end. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { explainErrno } from '../../core/errors.ts';
import { helperPath, inUserNamespace } from '../../system/helper.ts';
import { ownIdentity } from '../../system/process-identity.ts';
import type { Host } from '../../system/host.ts';
import type { Paths } from '../../system/paths.ts';
import type { KernelFacts, Quota, Trials } from './facts.ts';

/** Milliseconds; a trial takes 40. */
const patience = 20_000;

const trialLine = /^([a-z0-9-]+) (?:ok|no (.*))$/;

/** `NAME ok` and `NAME no WHY`, a line each; other lines are left out. */
export const parseTrials = (text: string): Trials =>
  new Map(text.split('\n').flatMap((line): readonly [string, string | undefined][] => {
    const [whole, name = '', why] = trialLine.exec(line) ?? [];
    return whole === undefined ? [] : [[name, why]];
  }));

const programLine = /^program (.*) (setuid|capability|nosuid|plain)$/;
const quotaLine = /^quota (\d+) (\d+) (\d+) (\d+)$/m;

const parseQuota = (text: string): Quota | undefined => {
  const [whole, ...numbers] = quotaLine.exec(text) ?? [];
  const [used = 0, limit = 0, files = 0, fileLimit = 0] = numbers.map(Number);
  return whole === undefined ? undefined : { used, limit, files, fileLimit };
};

/** All that `probe-kernel` says (helpers/probe-kernel.c). */
export const parseKernel = (text: string): KernelFacts => {
  const programs = text.split('\n').flatMap((line): readonly [string, 'setuid' | 'capability' | 'nosuid' | 'plain'][] => {
    const [, path, how] = programLine.exec(line) ?? [];
    return path === undefined ? [] : [[path, how as 'setuid' | 'capability' | 'nosuid' | 'plain']];
  });
  return { trials: parseTrials(text), programs: new Map(programs), quota: parseQuota(text) };
};

interface Said {
  readonly text: string;
  /** Undefined where it ended well. */
  readonly failure: string | undefined;
}

const runTrial = ([program = '', ...argv]: readonly string[]): Said => {
  const { status, signal, stdout, stderr, error } = spawnSync(program, argv, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', timeout: patience });
  const words = (stderr ?? '').trim().split('\n').at(-1)?.replace(/^skiff: /, '') ?? '';
  const why = error === undefined ? words || `the trial ended with ${signal ?? status}` : `${program} cannot be run: ${explainErrno((error as NodeJS.ErrnoException).code ?? 'unknown')}`;
  return { text: stdout ?? '', failure: status === 0 ? undefined : why };
};

/** Asks the kernel, for the data in `directory` and about `programs` (absolute paths). */
export const lookAtKernel = (paths: Paths, directory: string, programs: readonly string[]): KernelFacts => parseKernel(runTrial([helperPath(paths, 'skiff-helper'), 'probe-kernel', directory, ...programs]).text);

/** Makes the user's namespace, and tries in it what the file system of this machine's data keeps. */
export const lookAtDirectory = (paths: Paths, host: Host): { readonly keeps: Trials; readonly failure: string | undefined } => {
  const { pid, start } = ownIdentity();
  // Named for its owner, so that `heal` knows a killed one's.
  const directory = mkdtempSync(join(paths.host, `.probe-${pid}-${start}-`));
  try {
    const { text, failure } = runTrial(inUserNamespace(paths, host, [helperPath(paths, 'skiff-helper'), 'probe-directory', directory]));
    return { keeps: parseTrials(text), failure };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};
