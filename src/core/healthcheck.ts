/** Health checks: what flags and image say of one, Docker's rules for it (its container/opts.go, daemon/container.go, commit.go and health.go), and its defaults. Pure. */
import { durationText, parseDuration } from './durations.ts';
import { fail } from './errors.ts';
import { usage } from './invalid.ts';
import type { Healthcheck } from './oci-image.ts';

/** The flags as they were typed; empty and absent mean the same. */
export interface HealthFlags {
  readonly healthCmd?: string;
  readonly healthInterval?: string;
  readonly healthTimeout?: string;
  readonly healthStartPeriod?: string;
  readonly healthStartInterval?: string;
  readonly healthRetries?: string | number;
  readonly noHealthcheck?: boolean;
}

/** A check as the configuration of a container has it: times in nanoseconds, no member that is zero or empty. */
export interface HealthConfig {
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

const spans = ['Interval', 'Timeout', 'StartPeriod', 'StartInterval'] as const;
type Span = (typeof spans)[number];

const flagNames: Readonly<Record<Span, string>> = { Interval: '--health-interval', Timeout: '--health-timeout', StartPeriod: '--health-start-period', StartInterval: '--health-start-interval' };

/** Docker checks no more often than that. */
const shortest = 1e6;

const spanOf = (span: Span, typed: string | undefined): number => {
  if (typed === undefined || typed === '') return 0;
  const value = parseDuration(typed) ?? usage(`invalid argument "${typed}" for "${flagNames[span]}"`, 'write a duration such as 30s, 500ms or 1m30s');
  return value < 0 ? usage(`${flagNames[span]} cannot be negative`) : value;
};

const retriesOf = (typed: string | number | undefined): number => {
  const value = Number(typed ?? 0);
  if (!Number.isSafeInteger(value)) return usage(`invalid argument "${typed}" for "--health-retries"`, 'give a number');
  if (value > 2 ** 31 - 1) return usage(`invalid argument "${typed}" for "--health-retries"`, 'give a smaller number');
  return value < 0 ? usage('--health-retries cannot be negative') : value;
};

const compact = (config: HealthConfig): HealthConfig =>
  Object.fromEntries(Object.entries(config).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : Boolean(value))));

/** What the flags say; undefined where none was given. Throws Usage in Docker's words. */
const asked = (flags: HealthFlags): HealthConfig | undefined => {
  const config = compact({
    Test: (flags.healthCmd ?? '') === '' ? [] : ['CMD-SHELL', flags.healthCmd ?? ''],
    Interval: spanOf('Interval', flags.healthInterval),
    Timeout: spanOf('Timeout', flags.healthTimeout),
    StartPeriod: spanOf('StartPeriod', flags.healthStartPeriod),
    StartInterval: spanOf('StartInterval', flags.healthStartInterval),
    Retries: retriesOf(flags.healthRetries),
  });
  const given = Object.keys(config).length > 0;
  if (flags.noHealthcheck !== true) return given ? config : undefined;
  return given ? usage('--no-healthcheck conflicts with --health-* options', 'leave one of them out') : { Test: ['NONE'] };
};

/** What is wrong with the numbers, in Docker's words; undefined when nothing is. */
export const healthProblem = (config: Healthcheck | HealthConfig): string | undefined => {
  const { Retries } = config;
  const wrong = spans.find((span) => {
    const value = config[span] ?? 0;
    return value !== 0 && !(Number.isInteger(value) && value >= shortest && value < 2 ** 63);
  });
  if (wrong !== undefined) return `${wrong} in Healthcheck cannot be less than ${durationText(shortest)}`;
  if (Retries && !(Number.isInteger(Retries) && Retries >= 0 && Retries < 2 ** 31)) return 'Retries in Healthcheck cannot be negative';
  return undefined;
};

const ofImage = (image: Healthcheck | null | undefined, subject: string): HealthConfig => {
  if (!image) return {};
  const problem = healthProblem(image);
  if (problem !== undefined) return fail({ _tag: 'Corrupt', subject, reason: problem });
  if (image.Test?.some((word) => word.includes('\0'))) return fail({ _tag: 'Corrupt', subject, reason: 'a word of its health check contains a NUL' });
  return compact({
    Test: image.Test ?? [],
    Interval: image.Interval ?? 0,
    Timeout: image.Timeout ?? 0,
    StartPeriod: image.StartPeriod ?? 0,
    StartInterval: image.StartInterval ?? 0,
    Retries: image.Retries ?? 0,
  });
};

/**
 * The check of a new container: of each setting what a flag says, else what the image says, which is called `subject` in errors. Undefined where
 * nobody says anything. Throws Usage for the flags, Corrupt for the image's.
 */
export const mergeHealthcheck = (flags: HealthFlags, image: Healthcheck | null | undefined, subject: string): HealthConfig | undefined => {
  const own = asked(flags);
  const problem = own === undefined ? undefined : healthProblem(own);
  if (problem !== undefined) usage(problem);
  const inherited = ofImage(image, subject);
  if (own?.Test?.[0] === 'NONE') return own;
  return own === undefined && !image ? undefined : { ...inherited, ...own };
};

/** The command that a check runs; undefined where there is none to run: `NONE`, an unknown kind, or no words. */
export const healthCommand = ({ Test = [] }: HealthConfig): readonly string[] | undefined => {
  const [kind, ...words] = Test;
  if (words.length === 0) return undefined;
  return kind === 'CMD' ? words : kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...words] : undefined;
};

/** When a check runs and how often it may fail: milliseconds, and a number. */
export interface HealthTimes {
  readonly interval: number;
  readonly startInterval: number;
  readonly startPeriod: number;
  readonly timeout: number;
  readonly retries: number;
  /** The timeout as it is told of one that took longer. */
  readonly timeoutText: string;
}

const milliseconds = (nanoseconds: number): number => Math.ceil(nanoseconds / 1e6);

/** The settings with Docker's defaults where there are none: 30 s, 5 s, none, 30 s, 3. */
export const healthTimes = (config: HealthConfig): HealthTimes => {
  const timeout = config.Timeout || 30e9;
  return {
    interval: milliseconds(config.Interval || 30e9),
    startInterval: milliseconds(config.StartInterval || 5e9),
    startPeriod: milliseconds(config.StartPeriod || 0),
    timeout: milliseconds(timeout),
    retries: config.Retries || 3,
    timeoutText: durationText(timeout),
  };
};
