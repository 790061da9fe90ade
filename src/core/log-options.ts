/** `--log-driver` and `--log-opt`: Docker's json-file, local and none (daemon/logger/jsonfilelog and local). */
import { usage, refuse } from './invalid.ts';

export const logDrivers = ['json-file', 'local', 'none'] as const;
export type LogDriver = (typeof logDrivers)[number];

/** What becomes of a container's output besides being shown. */
export interface LogConfig {
  readonly driver: LogDriver;
  /** As typed; absent without any. */
  readonly options?: Readonly<Record<string, string>>;
}

/** When a log file is full, and how many are kept. */
export interface LogLimits {
  /** Bytes; 0: never full. */
  readonly maxSize: number;
  /** 1 and up, the file that is written among them. */
  readonly maxFiles: number;
}

/** What attributes are made from. */
export interface LogSubject {
  readonly id: string;
  readonly name: string;
  readonly image?: { readonly reference: string; readonly id: string };
  readonly args: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `NAME=value`. */
  readonly env: readonly string[];
}

/** Drivers of Docker that send the output somewhere. */
const remote: readonly string[] = ['awslogs', 'etwlogs', 'fluentd', 'gcplogs', 'gelf', 'journald', 'splunk', 'syslog'];
const works = 'use json-file, local or none';

const driverOf = (text: string): LogDriver => {
  const found = logDrivers.find((name) => name === text);
  if (found !== undefined) return found;
  return remote.includes(text) ? refuse(`--log-driver ${text} is not supported: logs are kept in files only`, works) : usage(`unknown log driver '${text}'`, works);
};

/** Go's ParseBool. */
const yes: readonly string[] = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const no: readonly string[] = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

const sizeForm = /^(\d+(?:\.\d+)?|\.\d+)\s?([kmgtp]?)b?$/i;

/** Docker takes this one flag's units as decimal (go-units' FromHumanSize): `10m` is 10,000,000 bytes. */
const sizeOf = (text: string): number => {
  const [, digits, unit = ''] = sizeForm.exec(text) ?? [];
  const bytes = digits === undefined ? 0 : Math.floor(Number(digits) * 1000 ** (' kmgtp'.indexOf(unit.toLowerCase() || ' ')));
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : usage(`invalid --log-opt max-size=${text}`, 'write a size such as 500k, 10m or 1g');
};

const filesOf = (text: string): number => {
  const files = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return files >= 1 && files <= 1000 ? files : usage(`invalid --log-opt max-file=${text}`, 'give a number of files from 1 to 1000');
};

/** The limits of a configuration that `parseLogFlags` has made; throws usage errors otherwise. */
export const logLimits = ({ driver, options = {} }: LogConfig): LogLimits => {
  const { 'max-size': size, 'max-file': files } = options;
  const local = driver === 'local';
  return {
    maxSize: size === undefined ? (local ? 20 * 1024 * 1024 : 0) : sizeOf(size),
    maxFiles: files === undefined ? (local ? 5 : 1) : filesOf(files),
  };
};

const expressionOf = (option: string, text: string): RegExp => {
  try {
    return new RegExp(text);
  } catch {
    return usage(`invalid --log-opt ${option}=${text}: it is not a regular expression`);
  }
};

const checkCompress = (text: string): void => {
  if (![...yes, ...no].includes(text)) usage(`invalid --log-opt compress=${text}`, 'write true or false');
  if (yes.includes(text)) refuse('--log-opt compress=true is not supported: full log files are kept as they are', 'leave it out, and limit them with max-size and max-file');
};

const checkMode = (text: string): void => {
  if (text === 'non-blocking') refuse('--log-opt mode=non-blocking is not supported: no output is dropped from a log', 'leave it out');
  if (text !== 'blocking') usage(`invalid --log-opt mode=${text}`, 'leave it out');
};

/** What a tag may be made of; Docker's loggerutils.ParseLogTag has these fields. */
const tagFields = (subject: LogSubject): ReadonlyMap<string, string> =>
  new Map([
    ['ID', subject.id.slice(0, 12)],
    ['FullID', subject.id],
    ['Name', subject.name],
    ['ImageName', subject.image?.reference ?? ''],
    ['ImageID', (subject.image?.id ?? '').replace('sha256:', '').slice(0, 12)],
    ['ImageFullID', subject.image?.id ?? ''],
    ['Command', subject.args.join(' ')],
    ['DaemonName', 'skiff'],
  ]);

const nobody: LogSubject = { id: '', name: '', args: [], labels: {}, env: [] };

/** Fields only: no other part of Go's templates makes sense in a tag. */
const expandTag = (text: string, subject: LogSubject): string => {
  const fields = tagFields(subject);
  const hint = `a tag may have the fields ${[...fields.keys()].map((name) => `{{.${name}}}`).join(', ')}`;
  return text.replace(/\{\{(.*?)\}\}/g, (whole, inner: string) => fields.get(/^\s*\.(\w+)\s*$/.exec(inner)?.[1] ?? '') ?? usage(`invalid --log-opt tag=${text}: ${whole} is not known`, hint));
};

const checks: Readonly<Record<string, (text: string) => unknown>> = {
  'max-size': sizeOf,
  'max-file': filesOf,
  compress: checkCompress,
  mode: checkMode,
  labels: () => undefined,
  'labels-regex': (text) => expressionOf('labels-regex', text),
  env: () => undefined,
  'env-regex': (text) => expressionOf('env-regex', text),
  tag: (text) => expandTag(text, nobody),
};

const parseOption = (text: string, driver: LogDriver): readonly [string, string] => {
  const at = text.indexOf('=');
  if (at < 1) return usage(`invalid --log-opt '${text}'`, 'write --log-opt NAME=VALUE');
  const name = text.slice(0, at);
  const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
  if (check === undefined) return usage(`unknown log opt '${name}' for ${driver} log driver`, `use one of ${Object.keys(checks).join(', ')}`);
  check(text.slice(at + 1));
  return [name, text.slice(at + 1)];
};

/** The flags' meaning; of an option given twice the last value counts. Throws Usage for what is no driver or option, Refused for what Docker has and we have not. */
export const parseLogFlags = (driver: string | undefined, options: readonly string[]): LogConfig => {
  const chosen = driverOf(driver || 'json-file');
  if (options.length === 0) return { driver: chosen };
  if (chosen === 'none') return usage('invalid logging opts for driver none', 'leave --log-opt out');
  return { driver: chosen, options: Object.fromEntries(options.map((text) => parseOption(text, chosen))) };
};

const words = (list: string | undefined): readonly string[] => (list === undefined || list === '' ? [] : list.split(','));

/** Those of `all` that are named in a list or match an expression. */
const chosen = (all: Readonly<Record<string, string>>, list: string | undefined, expression: string | undefined): readonly (readonly [string, string])[] => {
  const names = new Set(words(list));
  const pattern = expression === undefined || expression === '' ? undefined : new RegExp(expression);
  return Object.entries(all).filter(([name]) => names.has(name) || pattern?.test(name) === true);
};

const variables = (env: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(env.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));

/** What every entry of the log says of its container, sorted by name as Go writes a map. */
export const logAttributes = ({ options = {} }: LogConfig, subject: LogSubject): Readonly<Record<string, string>> => {
  const { labels, 'labels-regex': labelPattern, env, 'env-regex': envPattern, tag = '' } = options;
  const pairs = [
    ...chosen(subject.labels, labels, labelPattern),
    ...chosen(variables(subject.env), env, envPattern),
    ...(tag === '' ? [] : [['tag', expandTag(tag, subject)] as const]),
  ];
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
};
