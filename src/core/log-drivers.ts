/** The options that each log driver takes, as data: a name and what checks its value (moby's ValidateLogOpt of each driver). */
import { refuse, usage } from './invalid.ts';
import { fluentdAddress, gelfAddress, syslogAddress } from './log-addresses.ts';
import { bufferSize, checkBoolean, checkExpression, fileCount, isYes, logSize, milliseconds, wholeNumber } from './log-values.ts';

/** Throws Usage or Refused. */
type Check = (value: string, option: string) => unknown;
type Options = Readonly<Record<string, Check>>;

const anything: Check = () => undefined;

const checkMode: Check = (text) => {
  if (text !== 'blocking' && text !== 'non-blocking' && text !== '') usage(`logger: logging mode not supported: ${text}`, 'write blocking or non-blocking');
};

const common: Options = {
  mode: checkMode,
  'max-buffer-size': (text, name) => bufferSize(name, text),
  labels: anything,
  'labels-regex': checkExpression,
  env: anything,
  'env-regex': checkExpression,
  tag: anything,
};

const files: Options = {
  'max-size': (text, name) => logSize(name, text),
  'max-file': (text, name) => fileCount(name, text),
  compress: checkBoolean,
};

const cache: Options = {
  'cache-disabled': checkBoolean,
  'cache-max-size': (text, name) => logSize(name, text),
  'cache-max-file': (text, name) => fileCount(name, text),
  'cache-compress': checkBoolean,
};

export const syslogFormats = ['', 'rfc3164', 'rfc5424', 'rfc5424micro'] as const;

/** In the order of their numbers, without the gap that syslog(3) has before the local ones. */
const facilityNames = ['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp', '', '', '', '', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'];

/** The number of a syslog facility, given by name or as a number from 0 to 23; the empty text is `daemon`. Throws Usage. */
export const facilityOf = (text: string): number => {
  if (text === '') return facilityOf('daemon');
  const named = facilityNames.indexOf(text);
  const number = named >= 0 ? named : /^\d{1,2}$/.test(text) ? Number(text) : 24;
  return number < 24 ? number : usage(`invalid syslog facility '${text}'`, `use a number from 0 to 23 or one of ${facilityNames.filter((name) => name !== '').join(', ')}`);
};

const noTls: Check = (_, name) => refuse(`--log-opt ${name} is not supported: the supervisor of a container has no TLS`, 'send to a relay on this machine (rsyslog, syslog-ng, stunnel) that encrypts');

const syslog: Options = {
  'syslog-address': syslogAddress,
  'syslog-facility': facilityOf,
  'syslog-format': (text) => (syslogFormats.some((name) => name === text) ? undefined : usage(`invalid syslog format '${text}'`, 'use rfc3164, rfc5424 or rfc5424micro')),
  'syslog-tls-ca-cert': noTls,
  'syslog-tls-cert': noTls,
  'syslog-tls-key': noTls,
  'syslog-tls-skip-verify': noTls,
};

const gelf: Options = {
  'gelf-address': gelfAddress,
  'gelf-compression-type': (text, name) => (['gzip', 'zlib', 'none'].includes(text) ? undefined : usage(`unknown value "${text}" for log opt "${name}" for gelf log driver`, 'use gzip, zlib or none')),
  'gelf-compression-level': (text, name) => wholeNumber(name, text, -1, 9),
  'gelf-tcp-max-reconnect': (text, name) => wholeNumber(name, text, 0, 1_000_000),
  'gelf-tcp-reconnect-delay': (text, name) => wholeNumber(name, text, 0, 86_400),
};

const notHad: Check = (_, name) => refuse(`--log-opt ${name} is not supported: a connection is kept as long as it stands`, 'leave it out');

const fluentd: Options = {
  'fluentd-address': fluentdAddress,
  'fluentd-async': checkBoolean,
  'fluentd-buffer-limit': (text, name) => bufferSize(name, text),
  'fluentd-max-retries': (text, name) => wholeNumber(name, text, 1, 4_294_967_295),
  'fluentd-retry-wait': (text, name) => milliseconds(name, text),
  'fluentd-sub-second-precision': checkBoolean,
  'fluentd-async-reconnect-interval': notHad,
  'fluentd-write-timeout': notHad,
  'fluentd-read-timeout': notHad,
  'fluentd-request-ack': (text, name) => {
    checkBoolean(text, name);
    if (isYes(text)) refuse(`--log-opt ${name}=true is not supported: what was sent is not kept until it is acknowledged`, 'leave it out');
  },
};

const known: Readonly<Record<string, Options>> = {
  'json-file': { ...files, ...common },
  local: { ...files, ...common },
  none: {},
  journald: { ...common, ...cache },
  syslog: { ...syslog, ...common, ...cache },
  gelf: { ...gelf, ...common, ...cache },
  fluentd: { ...fluentd, ...common, ...cache },
};

/** The options of `driver`, by name. */
export const optionsOf = (driver: string): Options => known[driver] ?? {};
