/** `skiff exec`: a second command in a running container, under the same confinement. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../core/errors.ts';
import { mergeEnvironment, readEnvironmentFlags } from '../core/env.ts';
import { parseDetachKeys } from '../core/detach-keys.ts';
import { cleanPath } from '../core/mounts.ts';
import { hasLinks } from '../core/network-mode.ts';
import { need } from '../core/invalid.ts';
import { groupWords, parseUser } from '../core/users.ts';
import { eventsPath } from '../system/events.ts';
import { helperPath } from '../system/helper.ts';
import { capabilityLimit } from '../system/kernel.ts';
import { newId } from '../system/new-id.ts';
import { startTimeOf } from '../system/process-identity.ts';
import { allCapabilities, isCapabilityName } from './capabilities.ts';
import { tell } from './container-events.ts';
import { eventTexts } from './event-texts.ts';
import { processRecords, sessionRecords } from './plan-records.ts';
import { findContainer, requireActive } from './records.ts';
import { seccompProgram } from './seccomp-cache.ts';
import { sessionPath, writeSession } from './session-file.ts';
import { onlyIds, singleUidParts } from './single-uid.ts';
import { decodeOciSpec } from './spec-codec.ts';
import type { TextFile } from '../core/env.ts';
import type { OciProcess, OciSpec } from '../core/oci-runtime.ts';
import type { PlanRecord } from '../core/plan-record.ts';
import type { ProcessIdentity } from '../system/process-identity.ts';
import type { Launch, Surroundings } from './surroundings.ts';
import type { Container } from './records.ts';

export interface ExecFlags {
  readonly command: readonly string[];
  readonly detach: boolean;
  readonly interactive: boolean;
  readonly tty: boolean;
  readonly privileged: boolean;
  readonly env: readonly string[];
  readonly envFile: readonly TextFile[];
  readonly user: string;
  readonly workdir: string;
  readonly detachKeys: string;
}

const directoryOf = (flags: ExecFlags, oci: OciSpec): string => {
  if (flags.workdir === '') return oci.process.cwd;
  if (!flags.workdir.startsWith('/')) return fail({ _tag: 'Usage', message: `invalid --workdir '${flags.workdir}': the working directory must be an absolute path` });
  return cleanPath(flags.workdir);
};

const processOf = (flags: ExecFlags, oci: OciSpec, env: NodeJS.ProcessEnv): OciProcess => {
  const own = need(readEnvironmentFlags(flags.envFile, flags.env, env));
  const terminal = flags.tty ? [{ name: 'TERM', value: 'xterm' }] : [];
  const capabilities = flags.privileged
    ? { bounding: allCapabilities, effective: allCapabilities, permitted: allCapabilities, inheritable: [], ambient: [] }
    : oci.process.capabilities;
  return { ...oci.process, args: flags.command, terminal: flags.tty, cwd: directoryOf(flags, oci), capabilities, env: mergeEnvironment(terminal, oci.process.env, own) };
};

/** Lines of `more` whose names `env` does not have. */
const withoutThose = (more: readonly string[], env: readonly string[]): readonly string[] => more.filter((line) => !env.some((other) => other.startsWith(line.slice(0, line.indexOf('=') + 1))));

const isSingleUid = (oci: OciSpec): boolean => (oci.linux.uidMappings ?? []).reduce((sum, { size }) => sum + size, 0) === 1;

/** Until the runtime has changed its root, its child is still in the host's file system, and must not be joined. */
const hasOwnRoot = (pid: number): boolean => {
  const ours = statSync('/');
  try {
    const theirs = statSync(`/proc/${pid}/root`, { throwIfNoEntry: false });
    return theirs !== undefined && (theirs.dev !== ours.dev || theirs.ino !== ours.ino);
  } catch (error) {
    // A FUSE mount lets nobody in from outside its user namespace (fuse(4), allow_other); our own root does.
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
};

/** Another OCI runtime stays between us and the container's first process, which is a child of one of its threads (proc_tid_children(5)). */
const targetOf = ({ spec, state }: Container): ProcessIdentity => {
  if (spec.runtime === undefined) return { pid: state.pid, start: state.pidStart };
  const threads = readdirSync(`/proc/${state.pid}/task`);
  const children = threads.flatMap((thread) => readFileSync(`/proc/${state.pid}/task/${thread}/children`, 'latin1').trim().split(' ').map(Number));
  const [pid = 0] = children.filter((child) => child > 0 && hasOwnRoot(child));
  const start = startTimeOf(pid);
  return start === undefined ? fail({ _tag: 'Conflict', message: `the runtime ${spec.runtime} has not started container ${spec.name} yet`, hint: 'try again' }) : { pid, start };
};

const cgroupOf = async ({ env, host }: Surroundings, { state }: Container): Promise<readonly PlanRecord[]> =>
  state.cgroup === undefined ? [] : [(await import('./cgroup-records.ts')).cgroupJoinRecord(env, host.uid, state.cgroup)];

/** Says how to run `flags.command` in the container that `word` names. Throws NotFound, Conflict where it does not run, Usage. */
export const prepareExec = async (surroundings: Surroundings, word: string, flags: ExecFlags): Promise<Launch> => {
  const { paths, env } = surroundings;
  const container = requireActive(word, findContainer(paths, word));
  const { directory, spec } = container;
  const target = targetOf(container);
  const configPath = join(directory, 'config.json');
  const oci = need(decodeOciSpec(readFileSync(configPath, 'utf8'), configPath));
  const singleUid = isSingleUid(oci);
  const process = processOf(flags, oci, env);
  const deps = { cache: paths.cache, helper: () => helperPath(paths, 'skiff-seccomp') };
  // The filter of the container itself: it depends on the capabilities that the container was started with.
  const seccomp = need(
    await seccompProgram(deps, spec, oci.process.capabilities.bounding.filter(isCapabilityName), singleUid ? { singleUid: onlyIds(oci) } : {})(),
  );
  const { extraEnvironment } = singleUid ? singleUidParts(oci, directory) : { extraEnvironment: [] };
  const linked = hasLinks(spec.networks) ? (await import('./link-targets.ts')).linkVariables(directory) : [];
  const user = flags.user === '' ? spec.user.text : need(parseUser(flags.user)).text;
  const path = sessionPath(paths);
  const execID = newId();
  const records = [
    ['start', 'join'] as const,
    ['target', String(target.pid), target.start] as const,
    ['exec-events', eventsPath(paths), ...eventTexts(spec), container.id, execID] as const,
    ...(await cgroupOf(surroundings, container)),
    ...sessionRecords({ tty: flags.tty, stdin: flags.interactive, detached: flags.detach, detachKeys: need(parseDetachKeys(flags.detachKeys)), sigProxy: true }),
    ...processRecords(
      { ...process, env: [...withoutThose(linked, process.env), ...process.env, ...extraEnvironment] },
      { user, groups: groupWords(spec.groupAdd), seccomp, singleUid, capabilityLimit: capabilityLimit() },
    ),
    ['release', path] as const,
  ];
  writeSession(path, records);
  for (const action of ['exec_create', 'exec_start']) tell(paths, spec, `${action}: ${flags.command.join(' ')}`, { execID });
  return { program: helperPath(paths, 'skiff-helper'), args: ['launch', path], warnings: [] };
};
