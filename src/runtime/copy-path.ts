/** What the arguments of `skiff cp` mean. Pure but for the working directory. */
import { posix } from 'node:path';
import { usage } from '../core/invalid.ts';

export interface CopyPath {
  /** The container as typed; undefined on the host. */
  readonly container?: string;
  /** As typed. */
  readonly typed: string;
  /** Absolute and clean, with a slash at its end where the user says that it is a directory. */
  readonly path: string;
  /** The last component; what a copy in a directory is called. */
  readonly name: string;
  /** A directory's contents are meant (`/.` at the end), not the directory. */
  readonly contents: boolean;
}

/** `-`, or one side. */
export type CopyArgument = { readonly kind: 'stream' } | ({ readonly kind: 'path' } & CopyPath);

/** `CONTAINER:PATH`; a word that begins with `/` or `.`, or has no colon, is a path of the host (docker cp). */
const split = (word: string): readonly [container: string | undefined, path: string] => {
  const at = word.indexOf(':');
  return word.startsWith('/') || word.startsWith('.') || at < 0 ? [undefined, word] : [word.slice(0, at), word.slice(at + 1)];
};

/** One argument. `cwd` is where relative paths of the host begin; those of a container begin at its root. Throws `Usage`. */
export const parseCopyArgument = (word: string, cwd: string): CopyArgument => {
  if (word === '-') return { kind: 'stream' };
  const [container, typed] = split(word);
  if (word === '' || container === '') return usage(`'${word}' names no ${word === '' ? 'path' : 'container'}`, 'give CONTAINER:PATH and PATH');
  if (typed.includes('\0')) return usage('a path cannot contain a NUL');
  const clean = posix.resolve(container === undefined ? cwd : '/', container === undefined ? typed : `./${typed}`);
  const contents = clean === '/' || /(?:^|\/)\.$/.test(typed);
  const isDirectory = contents || typed.endsWith('/') || /(?:^|\/)\.\.$/.test(typed);
  const path = isDirectory && clean !== '/' ? `${clean}/` : clean;
  return { kind: 'path', ...(container === undefined ? {} : { container }), typed, path, name: posix.basename(clean) || 'root', contents };
};
