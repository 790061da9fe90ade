/** Where in a Dockerfile something is wrong: an error that knows its lines, so that whoever shows it can show them too. */
import type { SkiffError } from '../../core/errors.ts';

/** Lines of the file, the first one being 1, both included. */
export interface Lines {
  readonly first: number;
  readonly last: number;
}

/** Carries what is wrong, in BuildKit's words, and where. */
export class DockerfileError extends Error {
  readonly lines: Lines | undefined;
  constructor(message: string, lines?: Lines) {
    super(message);
    this.name = 'DockerfileError';
    this.lines = lines;
  }
}

/** Throws a `DockerfileError` that does not know yet where it is. */
export const wrong = (message: string): never => {
  throw new DockerfileError(message);
};

/** Runs `body`; an error in it that does not know its place is in `lines`. */
export const at = <A>(lines: Lines, body: () => A): A => {
  try {
    return body();
  } catch (error) {
    if (error instanceof DockerfileError && error.lines === undefined) throw new DockerfileError(error.message, lines);
    throw error;
  }
};

/** The error as everybody else knows it; the line is part of its message, as in Docker. */
export const usageOf = ({ message, lines }: DockerfileError): SkiffError => ({
  _tag: 'Usage',
  message: lines === undefined ? `dockerfile parse error: ${message}` : `dockerfile parse error on line ${lines.first}: ${message}`,
});

/** Lines that are shown before and after the ones in question. */
const around = 2;

/** The lines of `text` around `lines`, which are pointed at, in the form that `docker build` prints. Not yet printable. */
export const excerpt = (name: string, text: string, { first, last }: Lines): string => {
  const all = text.split(/\r?\n/);
  const rule = '--------------------';
  const from = Math.max(1, first - around);
  const to = Math.min(all.length, last + around);
  const shown = all.slice(from - 1, to).map((line, position) => {
    const number = from + position;
    const mark = number >= first && number <= last ? '>>> ' : '    ';
    return `${String(number).padStart(4)} | ${mark}${line}`.trimEnd();
  });
  return `${name}:${first}\n${rule}\n${shown.join('\n')}\n${rule}\n`;
};
