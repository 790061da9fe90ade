/** Files named on the command line whose text is part of it. */
import { readFileSync, statSync } from 'node:fs';
import { fail, toSkiffError } from '../core/errors.ts';
import type { TextFile } from '../core/env.ts';

/** An environment of more than this is a wrong file: execve(2) takes 2 MiB by default. */
const limit = 4 * 1024 * 1024;

/** Reads each file whole. Throws System when one cannot be read, Usage when it is too large to be meant. */
export const readTextFiles = (paths: readonly string[]): readonly TextFile[] =>
  paths.map((path) => {
    try {
      if (statSync(path).size > limit) fail({ _tag: 'Usage', message: `${path} is larger than 4 MiB`, hint: 'is it the right file?' });
      return { path, text: readFileSync(path, 'utf8') };
    } catch (error) {
      return fail(toSkiffError('read', path)(error));
    }
  });
