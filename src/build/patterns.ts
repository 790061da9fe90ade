/**
 * Patterns of `.dockerignore` and `--exclude`, with the rules of moby/patternmatcher, its odd ones too: `**` takes any number of directories, none
 * included; a pattern that begins with `**` and has nothing else special is the end of a path, whatever comes before; later lines beat earlier ones;
 * what lies in a directory that matches, matches. Pure.
 */
import { posix } from 'node:path';
import { usage } from '../core/invalid.ts';

interface Pattern {
  readonly exception: boolean;
  readonly matches: (path: string) => boolean;
}

export interface Matcher {
  /** Whether the patterns hold for `path`, clean and relative, or for a directory above it. */
  readonly matches: (path: string) => boolean;
  /** Some pattern takes back what another one says, so that a directory which matches may hold what does not. */
  readonly hasExceptions: boolean;
}

const literal = new Set('.+()|{}$');

interface Compiled {
  readonly kind: 'exact' | 'prefix' | 'suffix' | 'expression';
  readonly source: string;
}

/** `[a-z]`, `[^a]`: Go's form is that of a regular expression but for a bracket inside, which must be escaped. */
const compile = (pattern: string): Compiled => {
  let kind: Compiled['kind'] = 'exact';
  let source = '^';
  for (let i = 0; i < pattern.length; i += 1) {
    const c = pattern[i] ?? '';
    if (c === '*' && pattern[i + 1] === '*') {
      const first = i === 0;
      i += pattern[i + 2] === '/' ? 2 : 1;
      const last = i + 1 === pattern.length;
      if (last && kind === 'exact') kind = 'prefix';
      else {
        source += last ? '.*' : '(.*/)?';
        kind = 'expression';
      }
      if (first) kind = 'suffix';
    } else if (c === '*' || c === '?') {
      source += c === '*' ? '[^/]*' : '[^/]';
      kind = 'expression';
    } else if (c === '\\') {
      i += 1;
      source += `\\${pattern[i] ?? '\\'}`.replace(/^\\([A-Za-z0-9])$/u, '$1');
      kind = 'expression';
    } else {
      if (c === '[' || c === ']') kind = 'expression';
      source += literal.has(c) ? `\\${c}` : c;
    }
  }
  return { kind, source: `${source}$` };
};

/** Go's filepath.Match finds a class without an end, or without anything in it, and an escape at the end, to be no pattern. */
const check = (pattern: string): void => {
  if (/(^|[^\\])(\\\\)*\\$/u.test(pattern) || /(?<!\\)\[\^?(?:\]|$)/u.test(pattern)) usage(`'${pattern}' is no pattern`, 'see https://docs.docker.com/build/concepts/context/#dockerignore-files');
};

const expression = (pattern: string, source: string): ((path: string) => boolean) => {
  try {
    const compiled = new RegExp(source, 'su');
    return (path) => compiled.test(path);
  } catch {
    return usage(`'${pattern}' is no pattern`, 'see https://docs.docker.com/build/concepts/context/#dockerignore-files');
  }
};

const matching = (pattern: string): ((path: string) => boolean) => {
  const { kind, source } = compile(pattern);
  switch (kind) {
    case 'exact':
      return (path) => path === pattern;
    case 'prefix':
      return (path) => path.startsWith(pattern.slice(0, -2));
    case 'suffix': {
      const end = pattern.slice(2);
      return (path) => path.endsWith(end) || (end.startsWith('/') && path === end.slice(1));
    }
    case 'expression':
      return expression(pattern, source);
  }
};

const patternOf = (line: string): readonly Pattern[] => {
  const trimmed = line.trim();
  if (trimmed === '') return [];
  const clean = posix.normalize(trimmed).replace(/(?<=.)\/$/u, '');
  const exception = clean.startsWith('!');
  if (clean === '!') return usage('illegal exclusion pattern: "!"', 'say what is to be taken after all');
  const pattern = exception ? clean.slice(1) : clean;
  check(pattern);
  return [{ exception, matches: matching(pattern) }];
};

const above = (path: string): readonly string[] => {
  const parts = path.split('/');
  return parts.slice(0, -1).map((_, position) => parts.slice(0, position + 1).join('/'));
};

/** The patterns of `lines` as one matcher. Throws `Usage` for what is no pattern. */
export const matcherOf = (lines: readonly string[]): Matcher => {
  const patterns = lines.flatMap(patternOf);
  const matches = (path: string): boolean => {
    const candidates = [path, ...above(path)];
    return patterns.reduce((matched, pattern) => (pattern.exception === matched && candidates.some(pattern.matches) ? !pattern.exception : matched), false);
  };
  return { matches, hasExceptions: patterns.some(({ exception }) => exception) };
};
