/** What instructions do to an image's configuration and history, as BuildKit does it and says it (dockerfile2llb/convert.go). Pure. */
import { posix } from 'node:path';
import { parseSignal } from '../core/signals.ts';
import { quote } from './go-format.ts';
import { wrong } from './dockerfile/location.ts';
import { declare } from './arguments.ts';
import { exposedBy } from './expose.ts';
import { lex } from './dockerfile/words.ts';
import type { ContainerDefaults, ImageConfig } from '../core/oci-image.ts';
import type { CommandLine, Simple } from './dockerfile/instructions.ts';
import type { Platform } from '../images/platform.ts';
import type { Variables } from './dockerfile/words.ts';

export type History = NonNullable<NonNullable<ImageConfig['history']>[number]>;

/** A stage as far as it has come, but for its files. */
export interface StageConfig {
  readonly platform: Platform;
  readonly config: ContainerDefaults;
  readonly author?: string;
  /** Empty steps have no date yet (`dated`). */
  readonly history: readonly History[];
  /** What RUN and `$NAME` see: the image's variables, and arguments. */
  readonly env: Variables;
  /** Arguments in the order of their ARGs, for the history of RUN. */
  readonly args: Variables;
  /** CMD was given in this stage: ENTRYPOINT leaves it alone. */
  readonly hasCommand: boolean;
}

/** The PATH of an image that has none. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const comment = 'buildkit.dockerfile.v0';

const pairOf = (line: string): readonly [string, string] => {
  const sign = line.indexOf('=');
  return sign < 0 ? [line, ''] : [line.slice(0, sign), line.slice(sign + 1)];
};

/** Where a stage begins: what its image says. Triggers of ONBUILD are the caller's to run. */
export const beginning = (platform: Platform, config: ContainerDefaults, history: readonly History[], author?: string): StageConfig => {
  const env = new Map((config.Env ?? []).map(pairOf));
  const { OnBuild: _, ...rest } = config;
  const path = env.has('PATH') ? {} : { Env: [`PATH=${defaultPath}`, ...(config.Env ?? [])] };
  if (!env.has('PATH')) env.set('PATH', defaultPath);
  return { platform, config: { ...rest, ...path, WorkingDir: config.WorkingDir || '/' }, history, env, args: new Map(), hasCommand: false, ...(author === undefined ? {} : { author }) };
};

/** `stage` with one more line of history. */
export const noted = (stage: StageConfig, text: string, layer?: { readonly created: string }): StageConfig => {
  const line: History = layer === undefined ? { created_by: text, comment, empty_layer: true } : { created: layer.created, created_by: text, comment };
  return { ...stage, history: [...stage.history, line] };
};

/** `text` with the variables of `stage`. */
export const expandIn = (stage: StageConfig, escape: string) => (text: string): string => lex(text, { escape, variables: stage.env }).text;

const setEnv = (lines: readonly string[], key: string, value: string): string[] =>
  lines.some((line) => pairOf(line)[0] === key) ? lines.map((line) => (pairOf(line)[0] === key ? `${key}=${value}` : line)) : [...lines, `${key}=${value}`];

/** The words that a command line runs: text is given to the shell. */
export const wordsOf = ({ config }: StageConfig, command: CommandLine): readonly string[] =>
  command.form === 'exec' ? command.words : [...(config.Shell ?? ['/bin/sh', '-c']), command.text];

const withConfig = (stage: StageConfig, change: ContainerDefaults, text: string): StageConfig => noted({ ...stage, config: { ...stage.config, ...change } }, text);

const applyEnv = (stage: StageConfig, pairs: readonly { readonly key: string; readonly value: string }[], expand: (text: string) => string): StageConfig => {
  const expanded = pairs.map(({ key, value }) => [expand(key), expand(value)] as const);
  const Env = expanded.reduce<string[]>((lines, [key, value]) => setEnv(lines, key, value), [...(stage.config.Env ?? [])]);
  return withConfig({ ...stage, env: new Map([...stage.env, ...expanded]) }, { Env }, `ENV ${expanded.map(([key, value]) => `${key}=${value}`).join(' ')}`);
};

/** What an ARG is worth in this build: `--build-arg`, and what holds before the first FROM. */
export interface Given {
  readonly buildArgs: Variables;
  readonly globals: Variables;
}

const applyArg = (stage: StageConfig, arg: Extract<Simple, { kind: 'ARG' }>, escape: string, { buildArgs, globals }: Given): StageConfig => {
  const env = declare(stage.env, arg, buildArgs, globals, (text, scope) => lex(text, { escape, variables: scope }).text);
  const keys = arg.names.map(({ key }) => expandIn(stage, escape)(key));
  const known = new Set(keys.filter((key) => env.has(key)));
  const text = keys.map((key) => (known.has(key) ? `${key}=${env.get(key) ?? ''}` : key)).join(' ');
  return noted({ ...stage, env, args: new Map([...stage.args, ...keys.map((key) => [key, env.get(key) ?? ''] as const)]) }, `ARG ${text}`);
};

const healthText = (check: NonNullable<ContainerDefaults['Healthcheck']>): string => {
  const { Test, Interval, Timeout, StartPeriod, StartInterval, Retries } = check;
  const span = (value: number | null | undefined): string => `${(value ?? 0) / 1e9}s`;
  return `{Test:[${(Test ?? []).join(' ')}] Interval:${span(Interval)} Timeout:${span(Timeout)} StartPeriod:${span(StartPeriod)} StartInterval:${span(StartInterval)} Retries:${Retries ?? 0}}`;
};

const stopSignal = (value: string): string => {
  const parsed = parseSignal(value);
  return parsed._tag === 'Left' ? wrong(`invalid signal: ${value}`) : value;
};

const asKeys = (names: readonly string[]): Record<string, unknown> => Object.fromEntries(names.map((name) => [name, {}]));

/** `stage` behind an instruction that touches no files. Throws a `DockerfileError`. */
export const applySimple = (stage: StageConfig, instruction: Exclude<Simple, { value: string }> | { readonly kind: 'USER' | 'STOPSIGNAL' | 'MAINTAINER'; readonly value: string }, escape: string, given: Given): StageConfig => {
  const expand = expandIn(stage, escape);
  const { config } = stage;
  switch (instruction.kind) {
    case 'ENV':
      return applyEnv(stage, instruction.pairs, expand);
    case 'LABEL': {
      const pairs = instruction.pairs.map(({ key, value }) => [expand(key), expand(value)] as const);
      return withConfig(stage, { Labels: { ...config.Labels, ...Object.fromEntries(pairs) } }, `LABEL ${pairs.map(([key, value]) => `${key}=${value}`).join(' ')}`);
    }
    case 'ARG':
      return applyArg(stage, instruction, escape, given);
    case 'CMD': {
      const words = [...wordsOf(stage, instruction.command)];
      return withConfig({ ...stage, hasCommand: true }, { Cmd: words }, `CMD [${words.map(quote).join(' ')}]`);
    }
    case 'ENTRYPOINT': {
      const words = [...wordsOf(stage, instruction.command)];
      const { Cmd, ...rest } = config;
      return withConfig({ ...stage, config: stage.hasCommand && Cmd ? { ...rest, Cmd } : rest }, { Entrypoint: words }, `ENTRYPOINT [${words.map(quote).join(' ')}]`);
    }
    case 'EXPOSE': {
      const ports = instruction.ports.flatMap((port) => lex(port, { escape, variables: stage.env }).words).flatMap(exposedBy);
      return withConfig(stage, { ExposedPorts: { ...config.ExposedPorts, ...asKeys(ports) } }, `EXPOSE [${ports.join(' ')}]`);
    }
    case 'VOLUME': {
      const paths = instruction.paths.map(expand);
      if (paths.includes('')) wrong('VOLUME specified can not be an empty string');
      return withConfig(stage, { Volumes: { ...config.Volumes, ...asKeys(paths) } }, `VOLUME [${paths.join(' ')}]`);
    }
    case 'SHELL':
      return withConfig(stage, { Shell: [...instruction.words] }, `SHELL [${instruction.words.join(' ')}]`);
    case 'HEALTHCHECK':
      return withConfig(stage, { Healthcheck: instruction.check }, `HEALTHCHECK ${healthText(instruction.check)}`);
    case 'ONBUILD':
      return { ...stage, config: { ...config, OnBuild: [...(config.OnBuild ?? []), instruction.trigger] } };
    case 'USER':
      return withConfig(stage, { User: expand(instruction.value) }, `USER ${expand(instruction.value)}`);
    case 'STOPSIGNAL':
      return withConfig(stage, { StopSignal: stopSignal(expand(instruction.value)) }, `STOPSIGNAL ${expand(instruction.value)}`);
    case 'MAINTAINER':
      return noted({ ...stage, author: expand(instruction.value) }, `MAINTAINER ${expand(instruction.value)}`);
  }
};

/** WORKDIR: the new directory, relative to the one before. */
export const workdirOf = (stage: StageConfig, value: string, escape: string): string => posix.resolve('/', stage.config.WorkingDir ?? '/', expandIn(stage, escape)(value));

/** `path` relative to the working directory; a slash at its end, or that it means the directory itself, is kept as a slash. */
export const targetOf = ({ config }: StageConfig, path: string): string => {
  const whole = posix.resolve('/', config.WorkingDir ?? '/', path);
  return /(^|\/)\.?$/u.test(path) && whole !== '/' ? `${whole}/` : whole;
};

/**
 * Every line with a date: an empty step has that of the layer before it, so that the same steps from the cache make the very same image.
 * A history without any layer stays as it is. With `epoch`, seconds since 1970, that is the date of all that this build has added.
 */
export const dated = (history: readonly History[], epoch?: number): readonly History[] => {
  const fixed = epoch === undefined ? undefined : new Date(epoch * 1000).toISOString();
  let last: string | undefined;
  return history.map((line) => {
    const own = line.comment === comment && fixed !== undefined ? fixed : line.created;
    last = own ?? last;
    return last === undefined ? line : { ...line, created: last };
  });
};
