/** The ports of a container as `ps` shows them (docker/cli, formatter/container.go, DisplayablePorts). Pure. */
import { joined } from './published-ports.ts';
import type { PortMap } from './published-ports.ts';

/** Of an address first IPv4, then by value: zeros are padded so that text compares as numbers do. */
const addressKey = (address: string): string => {
  if (!address.includes(':')) return `4${address.split('.').map((part) => part.padStart(3, '0')).join('.')}`;
  const [left = [], right] = address.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const groups = right === undefined ? left : [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
  return `6${groups.map((group) => group.padStart(4, '0')).join(':')}`;
};

interface Shown {
  readonly protocol: string;
  readonly port: number;
  /** Absent where it is only exposed. */
  readonly at?: { readonly address: string; readonly port: number; readonly key: string };
}

const compared = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const inOrder = (a: Shown, b: Shown): number =>
  a.port - b.port || compared(a.at?.key ?? '', b.at?.key ?? '') || (a.at?.port ?? 0) - (b.at?.port ?? 0) || compared(a.protocol, b.protocol);

const groupText = (address: string | undefined, protocol: string, { first, last }: { readonly first: number; readonly last: number }): string => {
  const group = first === last ? `${first}` : `${first}-${last}`;
  return `${address === undefined ? '' : `${joined({ HostIp: address, HostPort: group })}->`}${group}/${protocol}`;
};

/**
 * `0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 443/tcp` as `docker ps` prints it: neighbours that have the same number on both sides, or are only exposed, make a
 * range; all others stand alone, behind them.
 */
export const portsText = (ports: PortMap): string => {
  const shown = [...ports].flatMap(([name, bindings]): readonly Shown[] => {
    const [text = '', protocol = ''] = name.split('/');
    const port = Number(text);
    if (bindings === null || bindings.length === 0) return [{ protocol, port }];
    return bindings.map(({ HostIp, HostPort }) => ({ protocol, port, at: { address: HostIp, port: Number(HostPort), key: addressKey(HostIp) } }));
  });
  const open = new Map<string, { readonly address: string | undefined; readonly protocol: string; readonly first: number; last: number }>();
  const done: string[] = [];
  const alone: string[] = [];
  for (const { protocol, port, at } of shown.sort(inOrder)) {
    const key = `${at?.address ?? ''}/${protocol}`;
    const group = open.get(key);
    if (at !== undefined && at.port !== port) alone.push(`${joined({ HostIp: at.address, HostPort: String(at.port) })}->${port}/${protocol}`);
    else if (group !== undefined && port === group.last + 1) group.last = port;
    else {
      if (group !== undefined) done.push(groupText(group.address, protocol, group));
      open.set(key, { address: at?.address, protocol, first: port, last: port });
    }
  }
  return [...done, ...[...open.values()].map((group) => groupText(group.address, group.protocol, group)), ...alone].join(', ');
};
