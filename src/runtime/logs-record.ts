/** The launch plan's record of a container's log. Pure. */
import { logAttributes, logLimits } from '../core/log-options.ts';
import type { OciSpec } from '../core/oci-runtime.ts';
import type { PlanRecord } from './plan-records.ts';
import type { SkiffSpec } from './spec-types.ts';

/** As Go's encoder writes them: what could end a script or a line in a browser is escaped. */
const goJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** `log none`, or `log json-file SIZE FILES ATTRIBUTES` (helpers/README.md). */
export const logRecord = (oci: OciSpec, skiff: SkiffSpec): PlanRecord => {
  const { log } = skiff;
  if (log.driver === 'none') return ['log', 'none'];
  const { maxSize, maxFiles } = logLimits(log);
  const attributes = logAttributes(log, { ...skiff, env: oci.process.env });
  const text = Object.keys(attributes).length === 0 ? '' : `"attrs":${goJson(attributes)},`;
  return ['log', 'json-file', String(maxSize), String(maxFiles), text];
};
