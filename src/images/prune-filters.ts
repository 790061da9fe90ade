/** The filters of `image prune` and `container prune`: what may go. Two of them `images` has too. */
import { ImageConfig } from '../core/oci-image.ts';
import { fail } from '../core/errors.ts';
import type { Paths } from '../system/paths.ts';
import { readBlob } from './layout.ts';
import type { Entry } from './layout.ts';

const units: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, 'µs': 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const durationForm = /^(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+$/;

/** Go's ParseDuration for spans that are not negative; milliseconds. */
const parseDuration = (text: string): number | undefined =>
  durationForm.test(text)
    ? [...text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)].reduce((sum, [, digits, unit = '']) => sum + Number(digits) * (units[unit] ?? 0), 0)
    : undefined;

const dateForm = /^\d{4}-\d{2}-\d{2}(?:T\d{2}(?::\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|[+-]\d{2}:\d{2})?)?$/;

/** Go's layouts allow an hour alone; a date without a zone is local time there, and for JavaScript unless it is a date alone. */
const parseDate = (text: string): number | undefined => {
  if (!dateForm.test(text)) return undefined;
  const complete = text.includes('T') ? text.replace(/T(\d{2})(?=$|Z|[+-])/, 'T$1:00') : `${text}T00:00`;
  const value = Date.parse(complete);
  return Number.isNaN(value) ? undefined : value;
};

/**
 * The moment that `until` names: seconds since 1970, a date of RFC 3339 or the beginning of one, or a Go duration before `now`.
 * Milliseconds since 1970. Throws `Usage`.
 */
export const parseUntil = (text: string, now: number): number => {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  const span = parseDuration(text);
  if (span !== undefined) return now - span;
  return parseDate(text) ?? fail({ _tag: 'Usage', message: `invalid filter 'until=${text}'`, hint: 'give a time such as 24h, 2026-11-20T12:00:00 or seconds since 1970' });
};

/** `KEY[=VALUE]` of a label filter against labels. */
export const hasLabel = (labels: Readonly<Record<string, string>>, value: string): boolean => {
  const at = value.indexOf('=');
  const key = at < 0 ? value : value.slice(0, at);
  return Object.hasOwn(labels, key) && (at < 0 || labels[key] === value.slice(at + 1));
};

interface Parsed {
  readonly until: readonly string[];
  readonly label: readonly string[];
  readonly 'label!': readonly string[];
}

const parse = (filters: readonly string[]): Parsed => {
  const parsed: Record<string, string[]> = { until: [], label: [], 'label!': [] };
  for (const filter of filters) {
    const at = filter.indexOf('=');
    if (at < 0) fail({ _tag: 'Usage', message: `invalid filter '${filter}'`, hint: 'write it as KEY=VALUE' });
    const key = filter.slice(0, at);
    const values = Object.hasOwn(parsed, key) ? parsed[key] : undefined;
    (values ?? fail({ _tag: 'Usage', message: `invalid filter '${key}'`, hint: 'the filters are until, label and label!' })).push(filter.slice(at + 1));
  }
  if ((parsed['until'] ?? []).length > 1) fail({ _tag: 'Usage', message: 'the filter until was given several times', hint: 'give it once' });
  return parsed as unknown as Parsed;
};

/** The filters of a `prune` of anything that has a date and labels. */
export interface PruneFilters {
  /** Only what is older than this, milliseconds since 1970; Infinity without `until`. */
  readonly limit: number;
  /** False where labels play no part, and need not be looked up. */
  readonly needsLabels: boolean;
  /** All of `label`, and not all of `label!` together (Docker's rule). */
  readonly passes: (labels: Readonly<Record<string, string>>) => boolean;
}

/** Reads `filters` as typed. Throws `Usage`. */
export const readPruneFilters = (filters: readonly string[], now: number): PruneFilters => {
  const { until: [until], label: wanted, 'label!': unwanted } = parse(filters);
  return {
    limit: until === undefined ? Infinity : parseUntil(until, now),
    needsLabels: wanted.length + unwanted.length > 0,
    passes: (labels) =>
      wanted.every((value) => hasLabel(labels, value)) && !(unwanted.length > 0 && unwanted.every((value) => hasLabel(labels, value))),
  };
};

/**
 * A test of index entries for `filters` as typed: made before `until`, with all of `label`, without all of `label!` together (Docker's rule).
 * Throws `Usage` for a bad filter, and the test `Corrupt` for an image whose labels cannot be read.
 */
export const pruneTest = (paths: Paths, filters: readonly string[], now: number): ((entry: Entry) => boolean) => {
  const { limit, needsLabels, passes } = readPruneFilters(filters, now);
  return (entry) => entry.created <= limit && (!needsLabels || passes(readBlob(paths, entry.id, ImageConfig).config?.Labels ?? {}));
};
