/** A health check in the form of Docker's API. Pure. */
import { GoDuration } from '../core/durations.ts';
import type { HealthConfig } from '../core/healthcheck.ts';
import type { Healthcheck } from '../core/oci-image.ts';

const spans = ['Interval', 'Timeout', 'StartPeriod', 'StartInterval'] as const;

/** With all members of Docker's Go type in its order: those that are empty or zero are there for templates and not in JSON. Null without a check. */
export const inspectedHealthcheck = (config: Healthcheck | HealthConfig | null | undefined): object | null => {
  if (!config) return null;
  const members = {
    Test: config.Test ?? null,
    ...Object.fromEntries(spans.map((span) => [span, new GoDuration(config[span] ?? 0)])),
    Retries: config.Retries ?? 0,
  };
  const result = {};
  for (const [name, value] of Object.entries(members)) {
    const empty = Array.isArray(value) ? value.length === 0 : Number(value) === 0;
    Object.defineProperty(result, name, { value, enumerable: !empty });
  }
  return result;
};
