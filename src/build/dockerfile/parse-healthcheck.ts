/** HEALTHCHECK, in BuildKit's words. Pure. */
import { durationText, parseDuration } from '../../core/durations.ts';
import type { Healthcheck } from '../../core/oci-image.ts';
import { readFlags } from './flags.ts';
import { wrong } from './location.ts';

/** Docker checks no more often than that. */
const shortest = 1e6;

const spanOf = (name: string, typed: string | undefined): number => {
  if (typed === undefined || typed === '') return 0;
  const value = parseDuration(typed) ?? wrong(`time: invalid duration ${JSON.stringify(typed)}`);
  return value === 0 || value >= shortest ? value : wrong(`Interval ${JSON.stringify(name)} cannot be less than ${durationText(shortest)}`);
};

const retriesOf = (typed: string | undefined): number => {
  if (typed === undefined || typed === '') return 0;
  if (!/^[+-]?\d{1,10}$/.test(typed) || Math.abs(Number(typed)) >= 2 ** 31) return wrong(`--retries must be a number, not ${JSON.stringify(typed)}`);
  return Number(typed) < 0 ? wrong(`--retries cannot be negative (${typed})`) : Number(typed);
};

const testOf = (words: readonly string[] | undefined, text: string): string[] => {
  if (words !== undefined) return words.length === 0 ? wrong('Missing command after HEALTHCHECK CMD') : ['CMD', ...words];
  return text === '' ? wrong('Missing command after HEALTHCHECK CMD') : ['CMD-SHELL', text];
};

/** The check that `rest` and `flags` say. `exec` reads the exec form. Throws a `DockerfileError`. */
export const parseHealthcheck = (rest: string, flags: readonly string[], exec: (text: string) => readonly string[] | undefined): Healthcheck => {
  const [, word = '', text = ''] = /^(\S*)\s*(.*)$/su.exec(rest) ?? [];
  if (word === '') return wrong('HEALTHCHECK requires at least one argument');
  const kind = word.toUpperCase();
  if (kind === 'NONE') return text === '' ? { Test: ['NONE'] } : wrong('HEALTHCHECK NONE takes no arguments');
  const given = readFlags(flags, { interval: 'string', timeout: 'string', 'start-period': 'string', 'start-interval': 'string', retries: 'string' });
  if (kind !== 'CMD') return wrong(`Unknown type ${JSON.stringify(kind)} in HEALTHCHECK (try CMD)`);
  const settings = {
    Interval: spanOf('interval', given.interval),
    Timeout: spanOf('timeout', given.timeout),
    StartPeriod: spanOf('start-period', given['start-period']),
    StartInterval: spanOf('start-interval', given['start-interval']),
    Retries: retriesOf(given.retries),
  };
  return { Test: testOf(exec(text), text), ...Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== 0)) };
};
