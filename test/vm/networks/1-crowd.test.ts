/**
 * Ten thousand connections to a published port at once: each takes two open files of what carries it, and the machine that builds us may have fewer.
 * @as user
 * @time-limit 400
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
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

/** Of the machine's card, so that these clients are not the loopback's, which appear as the gateway. */
const ownAddress = (): string => Object.values(networkInterfaces()).flat().find((one) => one?.family === 'IPv4' && !one.internal)?.address ?? '';

const heard = async (socket: Socket): Promise<string> => String(((await once(socket, 'data')) as [Buffer])[0]);

const come = async (address: string): Promise<Socket> => {
  const socket = connect(8080, address);
  assert.is(await heard(socket), `${address}:${socket.localPort}\n`);
  return socket;
};

const answers = async (socket: Socket): Promise<void> => {
  const answer = heard(socket);
  socket.write('still here');
  assert.is(await answer, 'still here');
};

const inBatches = async <A, B>(all: readonly A[], each: (one: A) => Promise<B>): Promise<B[]> => {
  const done: B[] = [];
  for (let at = 0; at < all.length; at += batch) done.push(...(await Promise.all(all.slice(at, at + batch).map(each))));
  return done;
};

test('ten thousand at once, each with its own address, and all of them are heard', async () => {
  const directory = scratch();
  const address = ownAddress();
  writeFileSync(join(directory, 'server.js'), server);
  const runtime = ['-v', '/lib/x86_64-linux-gnu:/lib/x86_64-linux-gnu:ro', '-v', '/lib64:/lib64:ro', '-v', `${skiffCommand[0]}:/bun:ro`, '-v', `${directory}:/server:ro`, '-e', 'BUN_BE_BUN=1'];
  output(['run', '-d', '--name', 'web', '-p', '8080:80', '--ulimit', 'nofile=65536', ...runtime, 'busybox', '/bun', '/server/server.js']);
  await eventually('the server answers', () => come(address).then((socket) => socket.destroy() !== undefined, () => false), 60000);
  const clients = await inBatches(Array.from({ length: crowd }), () => come(address));
  await inBatches(clients, answers);
  for (const socket of clients) socket.destroy();
  (await come(address)).destroy();
});

test.run();
