/** `--detach-keys`: the key sequence that leaves a terminal (moby/term ascii.go). */
import { attempt, usage } from './invalid.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

export const defaultDetachKeys = 'ctrl-p,ctrl-q';

const control: Readonly<Record<string, number>> = { '@': 0, '[': 27, '\\': 28, ']': 29, '^': 30, _: 31 };

const keyByte = (key: string, whole: string): number => {
  if (/^[\x20-\x7e]$/.test(key)) return key.charCodeAt(0);
  const bare = /^ctrl-(.)$/i.exec(key)?.[1]?.toLowerCase() ?? '';
  if (/^[a-z]$/.test(bare)) return bare.charCodeAt(0) - 96;
  return control[bare] ?? usage(`invalid detach keys '${whole}': unknown key '${key}'`, 'write keys separated by commas, such as ctrl-p,ctrl-q or ctrl-],d');
};

/** The bytes of a sequence such as `ctrl-p,ctrl-q` or `a,b,ctrl-[`; the empty string is Docker's default. */
export const parseDetachKeys = (text: string): Either<SkiffError, readonly number[]> =>
  attempt(() => (text === '' ? defaultDetachKeys : text).split(',').map((key) => keyByte(key, text)));
