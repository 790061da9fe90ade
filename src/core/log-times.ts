/** Moments as `--since` and `--until` take them, and as a log has them (docker/docker api/types/time). */
import { usage } from './invalid.ts';

/** A moment in UTC as a log has it, without the `Z`: `2026-11-20T19:00:00.5`, no zeros at the end. Of two, the later one is the greater string. */
export type Moment = string;

const billion = 1_000_000_000n;
const units: Readonly<Record<string, number>> = { ns: 1, us: 1e3, 'µs': 1e3, 'μs': 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** Go's durations: `10m`, `1h30m`, `1.5h`; with a minus it is a time to come. Nanoseconds, or undefined. */
const durationOf = (text: string): bigint | undefined => {
  if (!/^[-+]?((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, digits = '', unit = ''] of text.matchAll(/([\d.]+)([^\d.]+)/g)) sum += Number(digits) * (units[unit] ?? 0);
  return Number.isFinite(sum) && sum < 2 ** 63 ? BigInt(Math.round(text.startsWith('-') ? -sum : sum)) : undefined;
};

const dateForm = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?)?(Z|[+-]\d{2}:\d{2})?$/;

/** A date, with or without a time; without a zone it is the caller's. Nanoseconds since 1970, or undefined. */
const dateOf = (text: string): bigint | undefined => {
  const [, day, hours = '00', minutes = '00', seconds = '00', fraction = '', zone = ''] = dateForm.exec(text) ?? [];
  if (day === undefined) return undefined;
  const ms = Date.parse(`${day}T${hours}:${minutes}:${seconds}${zone}`);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
};

/** `seconds[.nanoseconds]` since 1970. */
const unixOf = (text: string): bigint | undefined => {
  const [, seconds, fraction = ''] = /^(-?\d{1,15})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  return seconds === undefined ? undefined : BigInt(seconds) * billion + BigInt(fraction.padEnd(9, '0'));
};

const first = 0n;
const last = 253_402_300_799n * billion;

/** Nanoseconds since 1970 as a moment; what lies outside of the years 1970 to 9999 becomes the nearest of them. */
export const momentOf = (nanoseconds: bigint): Moment => {
  const inside = nanoseconds < first ? first : nanoseconds > last ? last : nanoseconds;
  const whole = new Date(Number(inside / 1_000_000n)).toISOString().slice(0, 19);
  return `${whole}.${String(inside % billion).padStart(9, '0')}`.replace(/\.?0+$/, '');
};

/** The moment that a flag's value means, `now` in milliseconds since 1970: so long ago, a date, or a Unix time. Throws a usage error naming `flag`. */
export const parseMoment = (flag: string, text: string, now: number): Moment => {
  const duration = durationOf(text);
  const moment = duration === undefined ? (dateOf(text) ?? unixOf(text)) : BigInt(now) * 1_000_000n - duration;
  return moment === undefined ? usage(`invalid ${flag} '${text}'`, 'write how long ago (10m, 1h30m), a date (2026-11-20T19:00:00Z) or seconds since 1970') : momentOf(moment);
};
