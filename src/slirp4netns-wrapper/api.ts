/** The API socket of slirp4netns: one JSON request and one JSON reply per connection, slirp4netns(1) "API SOCKET". */
import * as E from 'fp-ts/Either';
import * as t from 'io-ts';
import type { TaskEither } from 'fp-ts/TaskEither';
import { connect } from 'node:net';
import type { SlirpError } from './errors.ts';

export interface HostForward {
  readonly protocol: 'tcp' | 'udp';
  /** IPv4; default 0.0.0.0. */
  readonly hostAddress?: string;
  /** 1-65535. */
  readonly hostPort: number;
  /** IPv4; default network + 100. */
  readonly guestAddress?: string;
  readonly guestPort: number;
}

const Entry = t.type({
  id: t.Int,
  proto: t.union([t.literal('tcp'), t.literal('udp')]),
  host_addr: t.string,
  host_port: t.Int,
  guest_addr: t.string,
  guest_port: t.Int,
});
const Entries = t.type({ entries: t.array(Entry) });
const AddReply = t.type({ return: t.type({ id: t.Int }) });
/** The manual promises `return` around the entries; versions up to 1.2 leave it out. */
const ListReply = t.union([t.type({ return: Entries }), Entries]);
const RemoveReply = t.type({ return: t.UnknownRecord });
const ErrorReply = t.type({ error: t.type({ desc: t.string }) });

export interface ListedForward extends Required<HostForward> {
  readonly id: number;
}

export interface Api {
  /** Publishes a host port; the answer is the id that `remove` takes. */
  readonly add: (forward: HostForward) => TaskEither<SlirpError, number>;
  readonly list: TaskEither<SlirpError, readonly ListedForward[]>;
  readonly remove: (id: number) => TaskEither<SlirpError, void>;
}

/** slirp4netns reads a request with one read(2) into a buffer of this size, and refuses one that fills it. */
const requestLimit = 4096;
const replyLimit = 1 << 20;

/** A client of the socket at `path`. Each call connects anew and gives up after `timeout` milliseconds (default 5000). */
export const apiClient = (path: string, timeout = 5000): Api => {
  const call = <A>(execute: string, args: object | undefined, reply: t.Type<A, unknown>): TaskEither<SlirpError, A> => async () => {
    const answer = await exchange(path, execute, JSON.stringify({ execute, ...(args === undefined ? {} : { arguments: args }) }), timeout);
    return E.isLeft(answer) ? answer : decode(execute, answer.right, reply);
  };
  return {
    add: (forward) => async () => {
      const reply = await call('add_hostfwd', requestOf(forward), AddReply)();
      return E.map((decoded: t.TypeOf<typeof AddReply>) => decoded.return.id)(reply);
    },
    list: async () => {
      const reply = await call('list_hostfwd', undefined, ListReply)();
      return E.map((decoded: t.TypeOf<typeof ListReply>) => ('return' in decoded ? decoded.return : decoded).entries.map(listed))(reply);
    },
    remove: (id) => async () => E.map(() => undefined)(await call('remove_hostfwd', { id }, RemoveReply)()),
  };
};

const requestOf = (forward: HostForward): object => ({
  proto: forward.protocol,
  host_addr: forward.hostAddress ?? '0.0.0.0',
  host_port: forward.hostPort,
  ...(forward.guestAddress === undefined ? {} : { guest_addr: forward.guestAddress }),
  guest_port: forward.guestPort,
});

const listed = (entry: t.TypeOf<typeof Entry>): ListedForward => ({
  id: entry.id,
  protocol: entry.proto,
  hostAddress: entry.host_addr,
  hostPort: entry.host_port,
  guestAddress: entry.guest_addr,
  guestPort: entry.guest_port,
});

const decode = <A>(command: string, text: string, codec: t.Type<A, unknown>): E.Either<SlirpError, A> => {
  const refuse = (reason: string): E.Either<SlirpError, A> => E.left({ _tag: 'Api', command, reason });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(text === '' ? 'the connection was closed without an answer' : `the answer is not JSON: ${text.slice(0, 80)}`);
  }
  if (ErrorReply.is(value)) return refuse(value.error.desc);
  const decoded = codec.decode(value);
  return E.isRight(decoded) ? decoded : refuse(`the answer has an unknown form: ${text.slice(0, 80)}`);
};

/** Sends one request, half-closes, and reads to the end. */
const exchange = (path: string, command: string, request: string, timeout: number): Promise<E.Either<SlirpError, string>> =>
  new Promise((resolve) => {
    const refuse = (reason: string): void => resolve(E.left({ _tag: 'Api', command, reason }));
    if (Buffer.byteLength(request) >= requestLimit) return refuse(`the request is larger than ${requestLimit} bytes`);
    let reply = '';
    const socket = connect(path);
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(E.left({ _tag: 'TimedOut', operation: command, milliseconds: timeout }));
    }, timeout);
    socket.on('connect', () => socket.end(request));
    socket.on('data', (chunk: Buffer) => {
      reply += chunk.toString();
      if (reply.length > replyLimit) socket.destroy(new Error('the answer is too long'));
    });
    socket.on('error', (error) => refuse(error.message));
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(E.right(reply));
    });
  });
