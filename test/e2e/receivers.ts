/** Receivers of logs for the tests of log drivers: they take what comes, or stop taking it, or go away and come back at the same place. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { eventually, skiffCommand } from './skiff.ts';

export interface Receiver {
  readonly port: number;
  /** All bytes of streams, in the order in which they came. */
  readonly bytes: () => Buffer;
  readonly text: () => string;
  /** Datagrams one by one. */
  readonly datagrams: readonly Buffer[];
  /** Begins anew. */
  readonly forget: () => void;
  /** Ends all connections and listens no more. */
  readonly close: () => Promise<void>;
}

export interface StreamReceiver extends Receiver {
  /** Reads nothing more until `resume`. */
  readonly pause: () => void;
  readonly resume: () => void;
  readonly connections: () => number;
}

/** A TCP server on `port` (0: any) or a stream socket at a path. */
export const streamReceiver = async (place: number | string = 0): Promise<StreamReceiver> => {
  const chunks: Buffer[] = [];
  const sockets = new Set<Socket>();
  let paused = false;
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    if (paused) socket.pause();
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(typeof place === 'number' ? { port: place, host: '127.0.0.1' } : { path: place, writableAll: true }, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    bytes: () => Buffer.concat(chunks),
    text: () => Buffer.concat(chunks).toString(),
    datagrams: [],
    forget: () => void chunks.splice(0),
    connections: () => connections,
    pause: () => {
      paused = true;
      sockets.forEach((socket) => socket.pause());
    },
    resume: () => {
      paused = false;
      sockets.forEach((socket) => socket.resume());
    },
    close: async () => {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** A UDP socket on `port` of the loopback, 0 for any. */
export const udpReceiver = async (port = 0): Promise<Receiver> => {
  const datagrams: Buffer[] = [];
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  socket.on('message', (message) => datagrams.push(message));
  await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
  return {
    port: socket.address().port,
    bytes: () => Buffer.concat(datagrams),
    text: () => Buffer.concat(datagrams).toString(),
    datagrams,
    forget: () => void datagrams.splice(0),
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
};

/** Runs `skiff` to its end while receivers of this process go on receiving. */
export const start = (args: readonly string[]): Promise<{ readonly status: number | null; readonly stderr: string }> =>
  new Promise((resolve, reject) => {
    const [program, ...words] = skiffCommand;
    const child = spawn(program, [...words, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stderr }));
  });

/** Waits until the receiver has `count` lines, and returns them. */
export const linesAt = async (receiver: Receiver, count: number): Promise<readonly string[]> => {
  const lines = (): readonly string[] => receiver.text().split('\n').slice(0, -1);
  await eventually(`${count} lines arrive, not ${lines().length}`, () => lines().length >= count, 20000);
  return lines();
};

/** GELF datagrams put together again, as a server does it. */
export const gelfMessages = (datagrams: readonly Buffer[]): readonly Buffer[] => {
  const parts = new Map<string, Buffer[]>();
  const whole: Buffer[] = [];
  for (const datagram of datagrams) {
    if (datagram[0] !== 0x1e || datagram[1] !== 0x0f) {
      whole.push(datagram);
      continue;
    }
    const id = datagram.toString('hex', 2, 10);
    const list = parts.get(id) ?? [];
    list[datagram[10] ?? 0] = datagram.subarray(12);
    parts.set(id, list);
    if (list.filter(() => true).length === datagram[11]) whole.push(Buffer.concat(list));
  }
  return whole;
};

/** A MessagePack value at `at`: what fluentd's protocol has. Returns it with the place behind it. */
export const unpack = (bytes: Buffer, at: number): readonly [unknown, number] => {
  const type = bytes[at] ?? 0;
  const text = (length: number, from: number): readonly [string, number] => [bytes.toString('utf8', from, from + length), from + length];
  const map = (count: number, from: number): readonly [unknown, number] => {
    const entries: [string, unknown][] = [];
    let place = from;
    for (let i = 0; i < count; i++) {
      const [name, behind] = unpack(bytes, place);
      const [value, next] = unpack(bytes, behind);
      entries.push([String(name), value]);
      place = next;
    }
    return [Object.fromEntries(entries), place];
  };
  if (type >= 0x90 && type <= 0x9f) {
    const items: unknown[] = [];
    let place = at + 1;
    for (let i = 0; i < type - 0x90; i++) {
      const [item, next] = unpack(bytes, place);
      items.push(item);
      place = next;
    }
    return [items, place];
  }
  if (type >= 0x80 && type <= 0x8f) return map(type - 0x80, at + 1);
  if (type === 0xde) return map(bytes.readUInt16BE(at + 1), at + 3);
  if (type >= 0xa0 && type <= 0xbf) return text(type - 0xa0, at + 1);
  if (type === 0xd9) return text(bytes[at + 1] ?? 0, at + 2);
  if (type === 0xda) return text(bytes.readUInt16BE(at + 1), at + 3);
  if (type === 0xce) return [bytes.readUInt32BE(at + 1), at + 5];
  if (type === 0xd7) return [[bytes.readUInt32BE(at + 2), bytes.readUInt32BE(at + 6)], at + 10];
  throw new Error(`no MessagePack that is expected here: ${type.toString(16)} at ${at}`);
};

/** All values in a row. */
export const unpackAll = (bytes: Buffer): readonly unknown[] => {
  const values: unknown[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [value, next] = unpack(bytes, at);
    values.push(value);
    at = next;
  }
  return values;
};
