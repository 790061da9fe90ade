/** Where an archive goes: a file that is there as a whole or not at all, or somebody's function. */
import { fstatSync, fsyncSync, writeSync } from 'node:fs';
import { withOutputFile } from '../system/output-file.ts';

/** Takes bytes, all of them before it returns. */
export type Write = (chunk: Uint8Array) => void;

const writeTo =
  (fd: number): Write =>
  (chunk) => {
    for (let offset = 0; offset < chunk.length; ) offset += writeSync(fd, chunk, offset);
  };

/** Runs `body` with a function that writes to `target`. A file is as with `withOutputFile`, which also says what is thrown, and on the disk in the end. */
export const withOutput = async (target: string | Write, body: (write: Write) => Promise<void>): Promise<void> => {
  if (typeof target !== 'string') return body(target);
  await withOutputFile(target, async (fd) => {
    await body(writeTo(fd));
    if (fstatSync(fd).isFile()) fsyncSync(fd);
  });
};
