/** What the records of a container's log are made from. */
import type { LogSubject } from '../core/log-options.ts';
import type { OciSpec } from '../core/oci-runtime.ts';
import type { PlanRecord } from '../core/plan-record.ts';
import type { SkiffSpec } from './spec-types.ts';

/** Makes the plan's records once the container has its final name. Throws Usage for a tag that cannot be made. */
export type LogRecords = (oci: OciSpec, skiff: SkiffSpec) => readonly PlanRecord[];

/** Makes a tag of its template. */
export type ExpandTag = (template: string, subject: LogSubject) => string;

export const subjectOf = (oci: OciSpec, skiff: SkiffSpec): LogSubject => ({ ...skiff, env: oci.process.env });
