/** What the tests' own servers share. */
import type { Server, Socket } from 'node:net';

const open = new WeakMap<Server, Set<Socket>>();

/** Listens on a free port of 127.0.0.1 and returns it. */
export const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    const sockets = new Set<Socket>();
    open.set(server, sockets);
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });

/** Stops listening and cuts every connection, also those that have left HTTP by CONNECT. */
export const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of open.get(server) ?? []) socket.destroy();
  });
