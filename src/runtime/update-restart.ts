/** `skiff update --restart`: another restart policy for a container that is there. */
import { fail } from '../core/errors.ts';
import { survivesReboot } from '../core/restart-policy.ts';
import { makeRecordDurable } from './durable-record.ts';
import { orderPolicy } from './monitor-client.ts';
import { changeSpecFile } from './spec-file.ts';
import { askWhileRunning } from './stop.ts';
import type { RestartPolicy } from '../core/restart-policy.ts';
import type { Paths } from '../system/paths.ts';
import type { Container } from './records.ts';

/** `no` has no member. */
const writePolicy = (directory: string, policy: RestartPolicy): void =>
  changeSpecFile(directory, ({ restart: _, ...spec }) => (policy.name === 'no' ? spec : { ...spec, restart: policy }));

/**
 * Writes the policy into the record, where the next start finds it, and tells a living monitor. Idempotent. Throws Conflict for a container with
 * --rm, in Docker's words. Whoever calls holds the lock under which spec.json is changed.
 */
export const updateRestart = async (paths: Paths, { id, directory, spec }: Container, policy: RestartPolicy): Promise<void> => {
  if (spec.autoRemove && policy.name !== 'no') {
    fail({ _tag: 'Conflict', message: `restart policy of container ${spec.name} cannot be updated because AutoRemove is enabled for the container`, hint: 'it was made with --rm' });
  }
  writePolicy(directory, policy);
  if (survivesReboot(policy)) makeRecordDurable(paths, directory);
  await askWhileRunning(paths, id, () => orderPolicy(paths, id, policy));
};
