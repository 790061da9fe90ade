/** The launch plan's records of a log that is sent: `log-remote`, where to and how, and `log-encode`, in which form (helpers/README.md). */
import { lookup } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { goJson } from '../core/go-json.ts';
import { logAttributes } from '../core/log-options.ts';
import { facilityOf } from '../core/log-drivers.ts';
import { fluentdAddress, gelfAddress, syslogAddress } from '../core/log-addresses.ts';
import { bufferSize, isYes, milliseconds } from '../core/log-values.ts';
import { helperPath } from '../system/helper.ts';
import { subjectOf } from './logs-subject.ts';
import type { LogTarget } from '../core/log-addresses.ts';
import type { RemoteDriver } from '../core/log-driver-names.ts';
import type { LogSubject } from '../core/log-options.ts';
import type { OciSpec } from '../core/oci-runtime.ts';
import type { Paths } from '../system/paths.ts';
import type { ExpandTag, LogRecords } from './logs-subject.ts';
import type { PlanRecord } from '../core/plan-record.ts';
import type { SkiffSpec } from './spec-types.ts';

type Options = Readonly<Record<string, string>>;

/** Where the journal listens (systemd.io/JOURNAL_NATIVE_PROTOCOL). */
export const journalSocket = '/run/systemd/journal/socket';

/** Sockets of the local syslog in the order in which Docker tries them. */
const syslogSockets: readonly string[] = ['/dev/log', '/var/run/syslog', '/var/run/log'];

/** Docker's ring buffer, in bytes. */
const bufferDefault = 1_000_000;
/** How long a full buffer may hold up the container where no mode was asked for, in ms. */
const patienceDefault = 1000;

/** Numeric addresses or the path of a socket; none where `trouble` says why. */
interface Place {
  readonly network: LogTarget['network'] | 'local';
  readonly address: string;
  readonly port: number;
  readonly hosts: readonly string[];
}

const nowhere = (network: Place['network'], trouble: string): Place => ({ network, address: trouble, port: 0, hosts: [] });

const lookupReason = (error: unknown): string => ((error as NodeJS.ErrnoException).code === 'ENOTFOUND' ? 'no such host' : ((error as NodeJS.ErrnoException).code ?? 'it failed'));

/** Names are looked up here, as the system does it, because the monitor shall not wait for a name server. */
const find = async (target: LogTarget): Promise<Place> => {
  const { network, host, port } = target;
  if (network === 'unix' || network === 'unixgram') {
    return existsSync(host) ? { network, address: `${network} ${host}`, port, hosts: [host] } : nowhere(network, `dial ${network} ${host}: no such file or directory`);
  }
  const address = `${network} ${host.includes(':') ? `[${host}]` : host}:${port}`;
  try {
    const found = await lookup(host, { all: true });
    return { network, address, port, hosts: found.map((entry) => entry.address) };
  } catch (error) {
    return nowhere(network, `dial ${network}: lookup ${host}: ${lookupReason(error)}`);
  }
};

const findLocalSyslog = (): Place => {
  const path = syslogSockets.find((name) => existsSync(name));
  return path === undefined
    ? nowhere('local', `Unix syslog delivery error: there is none of ${syslogSockets.join(', ')}; give --log-opt syslog-address`)
    : { network: 'local', address: `unixgram ${path}`, port: 0, hosts: [path] };
};

const findJournal = (): Place =>
  existsSync(journalSocket) ? { network: 'unixgram', address: `unixgram ${journalSocket}`, port: 0, hosts: [journalSocket] } : nowhere('unixgram', 'journald is not enabled on this host');

const placeOf = async (driver: RemoteDriver, options: Options): Promise<Place> => {
  if (driver === 'journald') return findJournal();
  if (driver === 'gelf') return await find(gelfAddress(options['gelf-address'] ?? ''));
  if (driver === 'fluentd') return await find(fluentdAddress(options['fluentd-address'] ?? ''));
  const target = syslogAddress(options['syslog-address'] ?? '');
  return target === undefined ? findLocalSyslog() : await find(target);
};

interface Manner {
  /** Attempts to connect after which what waits is dropped; 0: any number. */
  readonly tries: number;
  /** Milliseconds from one attempt to the next, at first and at most; it doubles. */
  readonly delay: number;
  readonly longest: number;
  /** Whether the first connection may come later. */
  readonly lazy: boolean;
  readonly limit: number;
}

const mannerOf = (driver: RemoteDriver, options: Options): Manner => {
  const size = options['max-buffer-size'];
  const usual: Manner = { tries: 0, delay: 100, longest: 10_000, lazy: false, limit: size === undefined ? bufferDefault : bufferSize('max-buffer-size', size) };
  if (driver === 'gelf') {
    const delay = Math.max(1, Number(options['gelf-tcp-reconnect-delay'] ?? 1) * 1000);
    return { ...usual, tries: Math.max(1, Number(options['gelf-tcp-max-reconnect'] ?? 3)), delay, longest: delay };
  }
  if (driver !== 'fluentd') return usual;
  const { 'fluentd-buffer-limit': limit, 'fluentd-retry-wait': wait = '1s', 'fluentd-max-retries': tries = '0' } = options;
  const most = Number(tries);
  return {
    tries: most > 2 ** 31 - 1 ? 0 : most,
    delay: milliseconds('fluentd-retry-wait', wait),
    longest: Math.max(60_000, milliseconds('fluentd-retry-wait', wait)),
    lazy: isYes(options['fluentd-async'] ?? ''),
    limit: limit === undefined ? usual.limit : bufferSize('fluentd-buffer-limit', limit),
  };
};

const patienceOf = (mode: string | undefined): number => (mode === 'non-blocking' ? 0 : mode === 'blocking' ? -1 : patienceDefault);

const remoteRecord = ({ network, address, port, hosts }: Place, manner: Manner, mode: string | undefined): PlanRecord => [
  'log-remote',
  network,
  address,
  String(port),
  String(manner.limit),
  String(patienceOf(mode)),
  manner.lazy ? 'later' : 'now',
  String(manner.tries),
  String(manner.delay),
  String(manner.longest),
  ...hosts,
];

/** A name as the journal takes it: capital letters, digits and underscores, beginning with a letter; empty where nothing is left. */
export const journalField = (name: string): string => name.toUpperCase().replace(/[^A-Z0-9]/g, '_').replace(/^[_0-9]+/, '').slice(0, 64);

const journaldFields = (subject: LogSubject, tag: string, attributes: readonly (readonly [string, string])[]): readonly string[] => {
  const fields = new Map([
    ['CONTAINER_ID', subject.id.slice(0, 12)],
    ['CONTAINER_ID_FULL', subject.id],
    ['CONTAINER_NAME', subject.name],
    ['CONTAINER_TAG', tag],
    ['IMAGE_NAME', subject.image?.reference ?? ''],
    ['SYSLOG_IDENTIFIER', tag],
    ...attributes.map(([name, value]) => [journalField(name), value] as const),
  ]);
  fields.delete('');
  return [...fields].flat();
};

/** Docker's additional fields; names of labels and variables get an underscore in front. */
const gelfExtra = (subject: LogSubject, tag: string, attributes: readonly (readonly [string, string])[]): string => {
  const extra = {
    _command: subject.args.join(' '),
    _container_id: subject.id,
    _container_name: subject.name,
    _created: subject.created,
    _image_id: subject.image?.id ?? '',
    _image_name: subject.image?.reference ?? '',
    _tag: tag,
    ...Object.fromEntries(attributes.map(([name, value]) => [name.startsWith('_') ? name : `_${name}`, value])),
  };
  return `,${goJson(extra).slice(1, -1)}`;
};

const fluentdFields = (subject: LogSubject, attributes: readonly (readonly [string, string])[]): readonly string[] =>
  [...new Map([['container_id', subject.id], ['container_name', `/${subject.name}`], ...attributes])].filter(([name]) => name !== 'source' && name !== 'log').flat();

/** Labels are the image's and may hold anything; nothing in them may end a field of the plan. */
const withoutNul = (text: string): string => text.replaceAll('\0', '\ufffd');

/** A tag stands in the head of a line, which nothing in it may end. */
const onOneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f]/g, '?');

const syslogFormat = (text: string | undefined): string => (text === 'rfc3164' ? '3164' : text === 'rfc5424' ? '5424' : text === 'rfc5424micro' ? 'micro' : 'unix');

const encodeFields = (driver: RemoteDriver, options: Options, subject: LogSubject, tag: string, packer: string): readonly string[] => {
  const attributes = logAttributes({ driver, options }, subject);
  switch (driver) {
    case 'journald':
      return journaldFields(subject, tag, attributes);
    case 'syslog':
      return [syslogFormat(options['syslog-format']), String(facilityOf(options['syslog-facility'] ?? '')), onOneLine(tag), hostname()];
    case 'gelf':
      return [options['gelf-compression-type'] ?? 'none', options['gelf-compression-level'] ?? '1', hostname(), gelfExtra(subject, tag, attributes), packer];
    case 'fluentd':
      return [tag, isYes(options['fluentd-sub-second-precision'] ?? '') ? 'nanoseconds' : 'seconds', ...fluentdFields(subject, attributes)];
  }
};

/**
 * Looks the receiver up. What cannot be found does not fail here, because `create` asks too: the record has no host then, and a sentence
 * with which the start fails.
 */
export const prepareRemote = async (paths: Paths, driver: RemoteDriver, options: Options, expand: ExpandTag): Promise<LogRecords> => {
  const place = await placeOf(driver, options);
  const manner = mannerOf(driver, options);
  const compressed = (options['gelf-compression-type'] ?? 'none') !== 'none';
  return (oci: OciSpec, skiff: SkiffSpec) => {
    const subject = subjectOf(oci, skiff);
    const template = options['tag'] ?? '';
    const tag = template === '' ? subject.id.slice(0, 12) : expand(template, subject);
    const fields = encodeFields(driver, options, subject, tag, compressed ? helperPath(paths, 'skiff-tree') : '');
    return [remoteRecord(place, manner, options['mode']), ['log-encode', driver, ...fields.map(withoutNul)]];
  };
};
