/** `skiff update`: other limits for containers that are there. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../core/errors.ts';
import { cgroupWrites } from '../core/cgroup-values.ts';
import { changeLimits, checkLimits, completeLimits, parseLimits } from '../core/limits.ts';
import { encodeOciSpec } from '../core/oci-runtime.ts';
import { need } from '../core/invalid.ts';
import { parseRestartPolicy } from '../core/restart-policy.ts';
import { withLock, writeFileAtomic } from '../system/files.ts';
import { cgroupRecords } from './cgroup-records.ts';
import { tell } from './container-events.ts';
import { pristineConfig } from './create.ts';
import { deviceNumber, limitFacts, withLimitValues } from './limits.ts';
import { readContainer } from './records.ts';
import { decodeOciSpec } from './spec-codec.ts';
import { changeSpecFile } from './spec-file.ts';
import { forEachContainer } from './stop.ts';
import { hasLimits } from './limit-flags.ts';
import { updateRestart } from './update-restart.ts';
import type { CgroupWrite } from '../core/cgroup-values.ts';
import type { LimitFlags, Limits } from '../core/limits.ts';
import type { RestartPolicy } from '../core/restart-policy.ts';
import type { Container } from './records.ts';
import type { RunFlags } from './run-flags.ts';
import type { Outcome } from './stop.ts';
import type { Surroundings } from './surroundings.ts';

const writeOne = (cgroup: string, { choices, must }: CgroupWrite): void => {
  const there = choices.find(([file]) => existsSync(join(cgroup, file)));
  const [file, value] = there ?? choices[0] ?? ['', ''];
  if (there === undefined) return must ? fail({ _tag: 'System', operation: 'set', subject: join(cgroup, file), reason: 'it is not there: its controller has not been delegated to you, or this kernel has none' }) : undefined;
  try {
    writeFileSync(join(cgroup, file), value);
  } catch (error) {
    fail({ _tag: 'System', operation: `write '${value}' to`, subject: join(cgroup, file), reason: (error as NodeJS.ErrnoException).code ?? 'failed' });
  }
};

/** Its processes cannot be counted from their beginning any more, and its cgroup namespace has a root already. */
const requireCgroup = ({ spec, state }: Container): string =>
  state.cgroup ??
  fail({
    _tag: 'Refused',
    message: `container ${spec.name} runs without a cgroup of its own, because it was started without limits`,
    hint: `stop it, update it, and start it again`,
  });

/** Both files by rename; the next start reads them. */
const writeRecord = ({ directory, spec }: Container, limits: Limits): void => {
  for (const name of ['config.json', pristineConfig]) {
    const path = join(directory, name);
    if (!existsSync(path)) continue;
    const oci = need(decodeOciSpec(readFileSync(path, 'utf8'), path));
    writeFileAtomic(path, encodeOciSpec(withLimitValues({ oci, skiff: spec, warnings: [] }, limits).oci), { mode: 0o600 });
  }
  changeSpecFile(directory, (members) => ({ ...members, limits }));
};

const updateLimits = ({ env, host }: Surroundings, container: Container, given: Limits): void => {
  const limits = completeLimits(changeLimits(container.spec.limits ?? {}, given));
  checkLimits(limits, limitFacts());
  if (container.state.status === 'running') {
    const cgroup = requireCgroup(container);
    // The quota needs its period, the limit of swap that of memory: so all of what belongs together, not only what is new.
    for (const write of cgroupWrites(limits, deviceNumber)) writeOne(cgroup, write);
  } else cgroupRecords(env, host.uid, container.spec, limits);
  writeRecord(container, limits);
};

/** What is wanted of a container; absent: as it is. */
interface Wanted {
  readonly limits?: Limits;
  readonly restart?: RestartPolicy;
}

const update = async (surroundings: Surroundings, { id, directory }: Container, { limits, restart }: Wanted): Promise<void> => {
  const { paths } = surroundings;
  // `rename` writes the same file.
  await withLock(paths, join(directory, 'rename.lock'), 'exclusive', async () => {
    const container = readContainer(paths, id);
    if (limits !== undefined) updateLimits(surroundings, container, limits);
    if (restart !== undefined) await updateRestart(paths, container, restart);
    tell(paths, container.spec, 'update');
  });
};

/**
 * Gives the containers behind `words` other limits and another restart policy: those that run at once, the others at their next start. One outcome for each word, in order; what fails for
 * one stops no other. Throws Usage for a value that is none. Errors: NotFound, Usage for limits that do not go together, Refused where they cannot be had, System.
 */
export const updateAll = (surroundings: Surroundings, words: readonly string[], flags: LimitFlags & Pick<RunFlags, 'restart'>): Promise<readonly Outcome[]> => {
  const wanted: Wanted = {
    ...(hasLimits(flags) ? { limits: parseLimits(flags) } : {}),
    ...(flags.restart === undefined ? {} : { restart: need(parseRestartPolicy(flags.restart)) }),
  };
  return forEachContainer(surroundings.paths, words, (container) => update(surroundings, container, wanted));
};
