/** The small plans that `exec` and `attach` hand to the helper, which reads and unlinks them at once. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownIdentity } from '../system/process-identity.ts';
import { encodePlan } from './plan-records.ts';
import type { Paths } from '../system/paths.ts';
import type { PlanRecord } from '../core/plan-record.ts';

/** Where this process puts its plan; `heal` removes it should the process be killed before the helper has read it. */
export const sessionPath = (paths: Paths): string => {
  const { pid, start } = ownIdentity();
  return join(paths.runtime, 'c', `exec-${pid}-${start}`);
};

/** Writes the plan of this process's session for nobody else to read. */
export const writeSession = (path: string, records: readonly PlanRecord[]): void => writeFileSync(path, encodePlan(records), { mode: 0o600 });
