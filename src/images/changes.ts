/** `--change`: Dockerfile instructions applied to an image's configuration, as `docker import` and `docker commit` take them. Pure. */
import { posix } from 'node:path';
import { durationText, parseDuration } from '../core/durations.ts';
import type { ContainerDefaults, Healthcheck } from '../core/oci-image.ts';
import type { SkiffError } from '../core/errors.ts';
import { fail, SkiffFailure } from '../core/errors.ts';
import { execForm, splitWords } from './words.ts';
import type { Variables } from './words.ts';

type Instruction = (config: ContainerDefaults, rest: string, line: string) => ContainerDefaults;

const wrong = (line: string, reason: string): never =>
  fail({ _tag: 'Usage', message: `cannot apply --change '${line}': ${reason}` });

const variablesOf = (config: ContainerDefaults): Variables =>
  new Map((config.Env ?? []).map((item) => [item.slice(0, item.indexOf('=')), item.slice(item.indexOf('=') + 1)]));

const wordsOf = (config: ContainerDefaults, rest: string, line: string): readonly string[] => {
  const words = splitWords(rest, variablesOf(config)) ?? wrong(line, 'a quote is not closed');
  return words.length === 0 ? wrong(line, 'it needs an argument') : words;
};

const oneWord = (config: ContainerDefaults, rest: string, line: string): string => {
  const [word = '', ...more] = wordsOf(config, rest, line);
  return more.length === 0 ? word : wrong(line, 'it takes exactly one argument');
};

const command = (rest: string): string[] => [...(execForm(rest) ?? ['/bin/sh', '-c', rest])];

/** `KEY=VALUE…`, or the old `KEY VALUE` whose value goes to the end of the line. */
const pairs = (config: ContainerDefaults, rest: string, line: string): readonly (readonly [string, string])[] => {
  const words = wordsOf(config, rest, line);
  const [first = ''] = words;
  if (!first.includes('=')) return words.length < 2 ? wrong(line, 'it must have the form KEY=VALUE') : [[first, words.slice(1).join(' ')]];
  return words.map((word) => {
    const at = word.indexOf('=');
    return at > 0 ? ([word.slice(0, at), word.slice(at + 1)] as const) : wrong(line, `'${word}' must have the form KEY=VALUE`);
  });
};

const portForm = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i;

const portsOf = (word: string, line: string): readonly string[] => {
  const [whole, low, high, protocol = 'tcp'] = portForm.exec(word) ?? [];
  const first = Number(low);
  const last = Number(high ?? low);
  if (whole === undefined || first < 1 || last > 65535 || last < first) return wrong(line, `'${word}' is no port (1-65535[/tcp|udp|sctp])`);
  return Array.from({ length: last - first + 1 }, (_, n) => `${first + n}/${protocol.toLowerCase()}`);
};

const asKeys = (names: readonly string[]): Record<string, unknown> => Object.fromEntries(names.map((name) => [name, {}]));

/** Docker's shortest interval and timeout, in nanoseconds. */
const shortest = 1e6;

/** A Go duration such as `1m30s` in nanoseconds; 0 leaves the default. */
const durationOf = (name: string, text: string, line: string): number => {
  const value = parseDuration(text) ?? wrong(line, `'${text}' is no duration such as 30s or 1m30s`);
  return value === 0 || value >= shortest ? value : wrong(line, `--${name} cannot be less than ${durationText(shortest)}`);
};

const healthOption = (word: string, line: string): Healthcheck => {
  const [, name, value = ''] = /^--([a-z-]+)=(.*)$/.exec(word) ?? [];
  switch (name) {
    case 'interval':
      return { Interval: durationOf(name, value, line) };
    case 'timeout':
      return { Timeout: durationOf(name, value, line) };
    case 'start-period':
      return { StartPeriod: durationOf(name, value, line) };
    case 'start-interval':
      return { StartInterval: durationOf(name, value, line) };
    case 'retries':
      return /^\d{1,9}$/.test(value) ? { Retries: Number(value) } : wrong(line, `'${value}' is no number of retries`);
    default:
      return wrong(line, `unknown option '${word}'`);
  }
};

const healthcheck: Instruction = (config, rest, line) => {
  if (/^none$/i.test(rest)) return { ...config, Healthcheck: { Test: ['NONE'] } };
  const [, options = '', test] = /^((?:--\S+\s+)*)cmd\s+(.*)$/is.exec(rest) ?? [];
  if (test === undefined) return wrong(line, 'it must be NONE or [OPTIONS] CMD COMMAND');
  const words = options.split(/\s+/).filter((word) => word !== '');
  const settings = words.map((word) => healthOption(word, line));
  const exec = execForm(test);
  const Test = exec === undefined ? ['CMD-SHELL', test] : ['CMD', ...exec];
  return { ...config, Healthcheck: Object.assign({ Test }, ...settings) as Healthcheck };
};

const env: Instruction = (config, rest, line) => {
  const added = pairs(config, rest, line);
  const merged = new Map([...variablesOf(config), ...added]);
  return { ...config, Env: [...merged].map(([key, value]) => `${key}=${value}`) };
};

const instructions: Readonly<Record<string, Instruction>> = {
  CMD: (config, rest) => ({ ...config, Cmd: command(rest) }),
  ENTRYPOINT: (config, rest) => ({ ...config, Entrypoint: command(rest) }),
  ENV: env,
  EXPOSE: (config, rest, line) => ({
    ...config,
    ExposedPorts: { ...config.ExposedPorts, ...asKeys(wordsOf(config, rest, line).flatMap((word) => portsOf(word, line))) },
  }),
  LABEL: (config, rest, line) => ({ ...config, Labels: { ...config.Labels, ...Object.fromEntries(pairs(config, rest, line)) } }),
  USER: (config, rest, line) => ({ ...config, User: oneWord(config, rest, line) }),
  VOLUME: (config, rest, line) => ({ ...config, Volumes: { ...config.Volumes, ...asKeys(execForm(rest) ?? wordsOf(config, rest, line)) } }),
  WORKDIR: (config, rest, line) => ({ ...config, WorkingDir: posix.resolve('/', config.WorkingDir ?? '/', wordsOf(config, rest, line).join(' ')) }),
  STOPSIGNAL: (config, rest, line) => ({ ...config, StopSignal: oneWord(config, rest, line) }),
  ONBUILD: (config, rest) => ({ ...config, OnBuild: [...(config.OnBuild ?? []), rest] }),
  HEALTHCHECK: healthcheck,
};

const applyOne = (config: ContainerDefaults, line: string): ContainerDefaults => {
  const [, name = '', rest = ''] = /^\s*([A-Za-z]+)\s*(.*?)\s*$/s.exec(line) ?? [];
  const instruction = Object.hasOwn(instructions, name.toUpperCase()) ? instructions[name.toUpperCase()] : undefined;
  if (instruction === undefined) return wrong(line, `it must begin with one of ${Object.keys(instructions).join(' ')}`);
  return rest === '' ? wrong(line, 'it needs an argument') : instruction(config, rest, line);
};

/** `config` with the instructions `lines` applied in order; or a `Usage` error that quotes the line. */
export const applyChanges = (config: ContainerDefaults, lines: readonly string[]): ContainerDefaults | SkiffError => {
  try {
    return lines.reduce(applyOne, config);
  } catch (error) {
    if (error instanceof SkiffFailure) return error.error;
    throw error;
  }
};
