/** Clients of published ports: TCP and UDP of the host, from one of its addresses. */
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';

/** An address of this machine's that is not on the loopback; throws without an IPv4 one, as the tests need it. Undefined where there is no IPv6. */
export function ownAddress(family: 4): string;
export function ownAddress(family: 6): string | undefined;
export function ownAddress(family: 4 | 6): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const found = all.find((one) => one.family === `IPv${family}` && !one.internal && !one.address.startsWith('fe80:'))?.address;
  if (found === undefined && family === 4) throw new Error('this machine has no address but the loopback: the tests of published ports need one');
  return found;
}

/** A TCP port that nobody has at this moment. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

export interface Talk {
  readonly host: string;
  readonly port: number;
  /** Where from; the kernel's choice without it. */
  readonly from?: string;
  readonly say?: string | Buffer;
}

/** Connects, says something, closes its half, and reads to the end. Rejects with the system's error. */
export const talk = ({ host, port, from, say = '' }: Talk): Promise<string> =>
  new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect({ host, port, ...(from === undefined ? {} : { localAddress: from }) });
    socket.setTimeout(20000, () => socket.destroy(new Error('silence')));
    socket.on('connect', () => socket.end(say));
    socket.on('data', (bytes: Buffer) => void (heard += bytes.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(heard));
  });

/** The word for how a connection fails: `ECONNREFUSED`, or `ECONNRESET` where somebody took it and nobody is behind; `open` where it does not. */
export const fate = (how: Talk): Promise<string> => talk(how).then(() => 'open', (error: NodeJS.ErrnoException) => error.code ?? error.message);

/** One page by HTTP/1.0, headers and all. */
export const page = (how: Omit<Talk, 'say'>, path = '/'): Promise<string> => talk({ ...how, say: `GET ${path} HTTP/1.0\r\n\r\n` });

/** Sends a datagram again and again until one comes back. */
export const ask = ({ host, port, from, say = 'x' }: Talk): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const finish = (error: Error | undefined, text = ''): void => {
      clearInterval(again);
      clearTimeout(end);
      socket.close();
      if (error === undefined) resolve(text);
      else reject(error);
    };
    const again = setInterval(() => socket.send(say, port, host), 200);
    const end = setTimeout(() => finish(new Error(`no answer from ${host} ${port} to ${say.length} bytes`)), 20000);
    socket.on('message', (bytes, sender) => (sender.port === port ? finish(undefined, bytes.toString()) : undefined));
    socket.on('error', (error) => finish(error));
    socket.bind(0, from, () => socket.send(say, port, host));
  });
