/** Addresses of receivers of logs: `udp://HOST:PORT`, `tcp://HOST:PORT`, `unix:///PATH`. Nothing is looked up here. */
import { refuse, usage } from './invalid.ts';

export interface LogTarget {
  readonly network: 'udp' | 'tcp' | 'unix' | 'unixgram';
  /** A name or an IP address; of a socket its path. */
  readonly host: string;
  /** 0 for a socket. */
  readonly port: number;
}

interface Rules {
  readonly option: string;
  readonly networks: readonly LogTarget['network'][];
  /** Undefined: it must be given. */
  readonly port?: number;
  readonly example: string;
}

const hostForm = /^(?:\[([0-9a-fA-F:.]+)\]|([^[\]:/]+))(?::(\d{1,5}))?$/;

const networkTarget = (network: 'udp' | 'tcp', text: string, whole: string, { option, port: otherwise, example }: Rules): LogTarget => {
  const [, six, name, digits] = hostForm.exec(text) ?? [];
  const host = six ?? name;
  const port = digits === undefined ? otherwise : Number(digits);
  if (host === undefined) return usage(`invalid ${option} ${whole}`, `write ${example}`);
  if (port === undefined || port < 1 || port > 65535) return usage(`invalid ${option} ${whole}: please provide ${option} as proto://host:port`, `write ${example}`);
  return { network, host, port };
};

const socketTarget = (network: 'unix' | 'unixgram', path: string, whole: string, { option }: Rules): LogTarget =>
  path.startsWith('/') && Buffer.byteLength(path) < 108 ? { network, host: path, port: 0 } : usage(`invalid ${option} ${whole}: the path of a socket is absolute, and at most 107 bytes long`, `write ${network}:///PATH`);

const parse = (text: string, rules: Rules): LogTarget => {
  const { option, networks, example } = rules;
  const [, scheme, rest = ''] = /^([a-z+]+):\/\/(.*)$/.exec(text) ?? [];
  if (scheme === undefined) return usage(`${option} should be in form proto://address, got ${text}`, `write ${example}`);
  if (scheme === 'tcp+tls' || scheme === 'tls') refuse(`${option} ${text} is not supported: the supervisor of a container has no TLS`, 'send to a relay on this machine (rsyslog, syslog-ng, stunnel, fluent-bit) that encrypts');
  const network = networks.find((name) => name === scheme);
  if (network === undefined) return usage(`${option}: endpoint needs to be ${networks.join(', ')}, not ${scheme}`, `write ${example}`);
  return network === 'udp' || network === 'tcp' ? networkTarget(network, rest.replace(/\/$/, ''), text, rules) : socketTarget(network, rest, text, rules);
};

/** The target of `syslog-address`; undefined for the empty text, which means the local syslog. Throws Usage, or Refused for TLS. */
export const syslogAddress = (text: string): LogTarget | undefined =>
  text === '' ? undefined : parse(text, { option: 'syslog-address', networks: ['udp', 'tcp', 'unix', 'unixgram'], port: 514, example: 'udp://HOST:514 or unix:///dev/log' });

/** The target of `gelf-address`. Throws Usage. */
export const gelfAddress = (text: string): LogTarget => parse(text, { option: 'gelf-address', networks: ['udp', 'tcp'], example: 'udp://HOST:12201' });

/** The target of `fluentd-address`, which may be without a scheme; the empty text is the local one. Throws Usage, or Refused for TLS. */
export const fluentdAddress = (text: string): LogTarget => {
  const whole = text === '' ? '127.0.0.1' : text;
  return parse(whole.includes('://') ? whole : `tcp://${whole}`, { option: 'fluentd-address', networks: ['tcp', 'unix'], port: 24224, example: 'HOST:24224 or unix:///PATH' });
};
