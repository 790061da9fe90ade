/** Talking to the monitor of a running container over its control socket; frames as in helpers/frames.h. */
import { closeSync, constants, openSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Paths } from '../system/paths.ts';

const headerLength = 8;
const stopFrame = 'T'.charCodeAt(0);
const exitFrame = 'X'.charCodeAt(0);

const frame = (type: number, payload: Buffer): Buffer => {
  const header = Buffer.alloc(headerLength);
  header.writeUInt8(type, 0);
  header.writeUInt32LE(payload.length, 4);
  return Buffer.concat([header, payload]);
};

/** The exit code in the first EXIT frame of `bytes`, if it has come. */
const exitCodeIn = (bytes: Buffer): number | undefined => {
  for (let at = 0; at + headerLength <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    if (at + headerLength + length > bytes.length) return undefined;
    if (bytes.readUInt8(at) === exitFrame && length === 4) return bytes.readUInt32LE(at + headerLength);
    at += headerLength + length;
  }
  return undefined;
};

/**
 * Asks the monitor of `id` to end its container: `signal` first, SIGKILL after `graceMs`. Resolves with the exit code once the
 * container has ended and been cleared up, or with undefined where no monitor answers (it is gone, or goes meanwhile).
 */
export const stopContainer = (paths: Paths, id: string, signal: number, graceMs: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    // Through the directory's fd: a socket's name has room for 108 bytes, unix(7), and the directory may be deeper.
    const directory = openSync(join(paths.runtime, 'c'), constants.O_RDONLY | constants.O_DIRECTORY);
    const payload = Buffer.alloc(8);
    payload.writeUInt32LE(signal, 0);
    payload.writeUInt32LE(graceMs, 4);
    let received = Buffer.alloc(0);
    const socket = connect(`/proc/self/fd/${directory}/${id}`, () => socket.write(frame(stopFrame, payload)));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk as Buffer]);
      if (exitCodeIn(received) !== undefined) socket.destroy(); // its end may come late: somebody else may be slow to take the container's output
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      closeSync(directory);
      resolve(exitCodeIn(received));
    });
  });
