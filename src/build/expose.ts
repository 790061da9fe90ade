/** EXPOSE's words, as BuildKit takes them (dockerfile2llb/convert_expose.go): what may stand before the container's port means nothing here, but must be right. Pure. */
import { isIP } from '../core/ip.ts';
import { wrong } from './dockerfile/location.ts';

const rangeOf = (text: string, what: string): readonly [number, number] => {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/u.exec(text) ?? [];
  const range = [Number(first), Number(last)] as const;
  return first === undefined || range[1] < range[0] || range[1] > 65535 ? wrong(`invalid ${what}: ${text}`) : range;
};

const checkHost = (parts: readonly string[], width: number): void => {
  const port = parts.at(-1) ?? '';
  const address = parts.slice(0, -1).join(':').replace(/^\[(.*)\]$/u, '$1');
  if (address !== '' && !isIP(address)) wrong(`invalid IP address: ${address}`);
  if (port === '') return;
  const [first, last] = rangeOf(port, 'hostPort');
  if (width > 0 && last - first !== width) wrong(`invalid ranges specified for container and host Ports: ${port}`);
};

/** `[[ip:]host:]port[-port][/protocol]` as `port/protocol` for each port. Throws a `DockerfileError`. */
export const exposedBy = (text: string): readonly string[] => {
  const parts = text.split(':');
  const [port = '', protocol = ''] = (parts.at(-1) ?? '').split(/\/(.*)/su);
  if (port === '') return wrong(`no port specified: ${text}<empty>`);
  const name = protocol.toLowerCase() || 'tcp';
  if (!['tcp', 'udp', 'sctp'].includes(name)) wrong(`invalid proto: ${name}`);
  const [first, last] = rangeOf(port, 'containerPort');
  if (parts.length > 1) checkHost(parts.slice(0, -1), last - first);
  return Array.from({ length: last - first + 1 }, (_, n) => `${first + n}/${name}`);
};
