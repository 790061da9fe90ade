import { closeSync, openSync } from 'node:fs';
import { toSkiffError } from '../core/errors.ts';
import { fail } from '../core/errors.ts';
import { importVolume } from '../runtime/volume-archive.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/volume-import.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Context } from './context.ts';

export { table };

const stdin = 0;

const openFile = (path: string): number => {
  try {
    return openSync(path, 'r');
  } catch (error) {
    return fail(toSkiffError('read', path)(error));
  }
};

/** `skiff volume import`: prints the volume's name; 1 on failure. */
export const run = (context: Context, _: object, [name = '', file = '-']: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    const fd = file === '-' ? stdin : openFile(file);
    try {
      await importVolume(surroundingsOf(context), name, fd);
    } finally {
      if (fd !== stdin) closeSync(fd);
    }
    context.stdout.write(`${name}\n`);
  });
