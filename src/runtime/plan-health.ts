/** What the monitor needs to run a container's health checks: one record in the launch plan, and a plan of its own for each check. Pure. */
import { healthCommand, healthTimes } from '../core/healthcheck.ts';
import { groupWords } from '../core/users.ts';
import { processRecords } from './plan-records.ts';
import type { OciSpec } from '../core/oci-runtime.ts';
import type { PlanRecord } from '../core/plan-record.ts';
import type { SkiffSpec } from './spec-types.ts';

/** What a check has in common with the container's own process. */
export interface CheckInputs {
  readonly oci: OciSpec;
  readonly skiff: SkiffSpec;
  readonly seccomp: readonly string[];
  readonly singleUid: boolean;
  readonly extraEnvironment: readonly string[];
}

/** The file in a container's directory that has the plan of a check. */
export const healthPlanName = 'health';

/** Whether the container has a health check that can be run. */
export const isChecked = ({ healthcheck }: SkiffSpec): boolean => healthcheck !== undefined && healthCommand(healthcheck) !== undefined;

/** The record `health` of the launch plan; nothing without a check. */
export const healthRecords = (skiff: SkiffSpec): readonly PlanRecord[] => {
  if (skiff.healthcheck === undefined || !isChecked(skiff)) return [];
  const { interval, startInterval, startPeriod, timeout, retries, timeoutText } = healthTimes(skiff.healthcheck);
  return [['health', ...[interval, startInterval, startPeriod, timeout, retries].map(String), timeoutText]];
};

/**
 * The plan of one check: the command as the container's own process, with its user, environment and confinement (as `exec` without flags does), for
 * `join`, which is told by the monitor whom to join. Undefined without a check.
 */
export const healthPlan = ({ oci, skiff, seccomp, singleUid, extraEnvironment }: CheckInputs, capabilityLimit: bigint): readonly PlanRecord[] | undefined => {
  const command = skiff.healthcheck === undefined ? undefined : healthCommand(skiff.healthcheck);
  if (command === undefined) return undefined;
  const process = { ...oci.process, args: command, terminal: false, env: [...oci.process.env, ...extraEnvironment] };
  return processRecords(process, { user: skiff.user.text, groups: groupWords(skiff.groupAdd), seccomp, singleUid, capabilityLimit });
};
