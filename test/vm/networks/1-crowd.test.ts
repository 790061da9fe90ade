/**
 * Ten thousand connections to a published port at once: each takes two open files of what carries it, and the machine that builds us may have fewer.
 * @as user
 * @time-limit 400
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, importBusybox, output, removeAll, scratch, skiffCommand } from '../../e2e/skiff.ts';
import type { Socket } from 'node:net';

const crowd = 10000;
const batch = 250;

/** Says to everybody who it is, then whatever it hears. */
const server = `require('net').createServer((socket) => {
  socket.on('error', () => undefined);
  socket.write(socket.remoteAddress.replace('::ffff:', '') + ':' + socket.remotePort + '\\n');
  socket.pipe(socket);
}).listen({ port: 80, backlog: 4096 });`;

test.before(() => importBusybox());
test.after(removeAll);

const heard = async (socket: Socket): Promise<string> => String(((await once(socket, 'data')) as [Buffer])[0]);

interface Client {
  readonly socket: Socket;
  /** As the server knows it. Clients of the loopback appear as the network's gateway, each with a port of its own. */
  readonly name: string;
}

const come = async (): Promise<Client> => {
  const socket = connect(8080, '127.0.0.1');
  return { socket, name: await heard(socket) };
};

const answers = async ({ socket }: Client): Promise<void> => {
  const answer = heard(socket);
  socket.write('still here');
  assert.is(await answer, 'still here');
};

const inBatches = async <A, B>(all: readonly A[], each: (one: A) => Promise<B>): Promise<B[]> => {
  const done: B[] = [];
  for (let at = 0; at < all.length; at += batch) done.push(...(await Promise.all(all.slice(at, at + batch).map(each))));
  return done;
};

test('ten thousand at once, each is somebody of its own, and all of them are heard', async () => {
  const directory = scratch();
  writeFileSync(join(directory, 'server.js'), server);
  const runtime = ['-v', '/lib/x86_64-linux-gnu:/lib/x86_64-linux-gnu:ro', '-v', '/lib64:/lib64:ro', '-v', `${skiffCommand[0]}:/bun:ro`, '-v', `${directory}:/server:ro`, '-e', 'BUN_BE_BUN=1'];
  output(['run', '-d', '--name', 'web', '-p', '8080:80', '--ulimit', 'nofile=65536', ...runtime, 'busybox', '/bun', '/server/server.js']);
  await eventually('the server answers', () => come().then(({ socket }) => socket.destroy() !== undefined, () => false), 60000);
  const clients = await inBatches(Array.from({ length: crowd }), come);
  assert.is(new Set(clients.map(({ name }) => name)).size, crowd);
  assert.equal(clients.filter(({ name }) => !/^172\.17\.0\.1:\d+\n$/.test(name)), []);
  await inBatches(clients, answers);
  for (const { socket } of clients) socket.destroy();
  (await come()).socket.destroy();
});

test.run();
