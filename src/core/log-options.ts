/** `--log-driver` and `--log-opt`: which there are and what they mean (moby's daemon/logger). */
import { usage } from './invalid.ts';
import { logDrivers, remoteDrivers } from './log-driver-names.ts';
import { optionsOf } from './log-drivers.ts';
import { fileCount, isYes, logSize } from './log-values.ts';
import type { LogDriver, RemoteDriver } from './log-driver-names.ts';

/** What becomes of a container's output besides being shown. */
export interface LogConfig {
  readonly driver: LogDriver;
  /** As typed; absent without any. */
  readonly options?: Readonly<Record<string, string>>;
}

/** When a log file is full, how many are kept, and whether full ones are compressed. */
export interface LogLimits {
  /** Bytes; 0: never full. */
  readonly maxSize: number;
  /** 1 and up, the file that is written among them. */
  readonly maxFiles: number;
  readonly compress: boolean;
}

/** What attributes and tags are made from. */
export interface LogSubject {
  readonly id: string;
  readonly name: string;
  /** ISO 8601. */
  readonly created: string;
  readonly image?: { readonly reference: string; readonly id: string };
  readonly args: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `NAME=value`. */
  readonly env: readonly string[];
}

/** Drivers of Docker that need a service's own protocol and credentials. */
const missing: readonly string[] = ['awslogs', 'etwlogs', 'gcplogs', 'splunk'];
const works = `use one of ${logDrivers.join(', ')}`;

export const isRemote = (driver: LogDriver): driver is RemoteDriver => remoteDrivers.some((name) => name === driver);

const driverOf = (text: string): LogDriver => {
  const found = logDrivers.find((name) => name === text);
  if (found !== undefined) return found;
  const reason = missing.includes(text) ? `${text} is not supported: it speaks to one service only, with libraries of its own` : `logger: no log driver named '${text}' is registered`;
  return usage(reason, missing.includes(text) ? `${works}; a collector that takes gelf, fluentd or syslog passes on to ${text}` : works);
};

/** The limits of the files that `skiff logs` reads: for a driver that sends, those of its cache. */
const limitsFrom = (options: Readonly<Record<string, string>>, prefix: '' | 'cache-', isLocal: boolean): LogLimits => {
  const [size, files, compress] = [options[`${prefix}max-size`], options[`${prefix}max-file`], options[`${prefix}compress`]];
  const maxFiles = files === undefined ? (isLocal ? 5 : 1) : fileCount(`${prefix}max-file`, files);
  return {
    maxSize: size === undefined ? (isLocal ? 20 * 1024 * 1024 : 0) : logSize(`${prefix}max-size`, size),
    maxFiles,
    compress: compress === undefined ? isLocal && maxFiles > 1 : isYes(compress),
  };
};

/** The limits of a configuration that `parseLogFlags` has made. */
export const logLimits = ({ driver, options = {} }: LogConfig): LogLimits =>
  isRemote(driver) ? limitsFrom(options, 'cache-', true) : limitsFrom(options, '', driver === 'local');

/** Whether files are kept for `skiff logs`. */
export const keepsFiles = ({ driver, options = {} }: LogConfig): boolean => driver !== 'none' && !(isRemote(driver) && isYes(options['cache-disabled'] ?? ''));

/** What no option alone can tell. */
const checkTogether = (config: LogConfig): LogConfig => {
  const { driver, options = {} } = config;
  if (options['max-buffer-size'] !== undefined && options['mode'] !== 'non-blocking') usage("logger: max-buffer-size option is only supported with 'mode=non-blocking'", 'add --log-opt mode=non-blocking');
  const { maxFiles, maxSize, compress } = logLimits(config);
  if (driver === 'json-file' && compress && (maxFiles === 1 || maxSize === 0)) usage('compress cannot be true when max-file is less than 2 or max-size is not set', 'add --log-opt max-size=10m --log-opt max-file=3');
  if (driver !== 'json-file' && compress && maxFiles === 1) usage('compression cannot be enabled when max file count is 1', 'give a max-file of 2 or more');
  return config;
};

const parseOption = (text: string, driver: LogDriver): readonly [string, string] => {
  const at = text.indexOf('=');
  if (at < 1) return usage(`invalid --log-opt '${text}'`, 'write --log-opt NAME=VALUE');
  const name = text.slice(0, at);
  const known = optionsOf(driver);
  const check = Object.hasOwn(known, name) ? known[name] : undefined;
  if (check === undefined) return usage(`unknown log opt '${name}' for ${driver} log driver`, `use one of ${Object.keys(known).join(', ')}`);
  check(text.slice(at + 1), name);
  return [name, text.slice(at + 1)];
};

/** The flags' meaning; of an option given twice the last value counts. Throws Usage for what is no driver or option, Refused for what Docker has and we have not. */
export const parseLogFlags = (driver: string | undefined, options: readonly string[]): LogConfig => {
  const chosen = driverOf(driver || 'json-file');
  if (options.length === 0 && !isRemote(chosen)) return { driver: chosen };
  if (chosen === 'none') return usage('invalid logging opts for driver none', 'leave --log-opt out');
  const config: LogConfig = { driver: chosen, ...(options.length === 0 ? {} : { options: Object.fromEntries(options.map((text) => parseOption(text, chosen))) }) };
  if (isRemote(chosen)) checkRemote(chosen, config.options ?? {});
  return checkTogether(config);
};

const checkRemote = (driver: RemoteDriver, options: Readonly<Record<string, string>>): void => {
  if (driver === 'gelf') checkGelf(options);
};

/** GELF's options depend on the address, which it needs. */
const checkGelf = (options: Readonly<Record<string, string>>): void => {
  const address = options['gelf-address'];
  if (address === undefined || address === '') usage('gelf-address is a required parameter', 'add --log-opt gelf-address=udp://HOST:12201');
  const isUdp = address?.startsWith('udp:') === true;
  for (const name of Object.keys(options)) {
    if (name.startsWith('gelf-compression-') && !isUdp) usage('compression is only supported on UDP', `leave ${name} out`);
    if (name.startsWith('gelf-tcp-') && isUdp) usage(`"${name}" is only valid for TCP`, `leave ${name} out`);
  }
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

/** The labels and variables that the options choose; of the same name the variable counts, as in Docker. */
export const logAttributes = ({ options = {} }: LogConfig, subject: Pick<LogSubject, 'labels' | 'env'>): readonly (readonly [string, string])[] => {
  const { labels, 'labels-regex': labelPattern, env, 'env-regex': envPattern } = options;
  return [...chosen(subject.labels, labels, labelPattern), ...chosen(variables(subject.env), env, envPattern)];
};
