/** `.dockerignore`: its lines (moby/patternmatcher/ignorefile), and what of a context it leaves. Pure. */
import { posix } from 'node:path';
import { matcherOf } from './patterns.ts';
import type { Matcher } from './patterns.ts';

/** The patterns in the text of the file: comments and empty lines passed over, slashes at the beginning gone. */
export const ignoreLines = (text: string): readonly string[] =>
  text
    .replace(/^\ufeff/u, '')
    .split('\n')
    .flatMap((line) => {
      if (line.startsWith('#')) return [];
      const trimmed = line.trim();
      if (trimmed === '') return [];
      const exception = trimmed.startsWith('!');
      const pattern = (exception ? trimmed.slice(1) : trimmed).trim();
      const clean = pattern === '' ? '' : posix.normalize(pattern);
      const relative = clean.length > 1 && clean.startsWith('/') ? clean.slice(1) : clean;
      return [exception ? `!${relative}` : relative];
    });

/** The matcher of that text; undefined where it ignores nothing. Throws `Usage` for what is no pattern. */
export const ignoreOf = (text: string): Matcher | undefined => {
  const lines = ignoreLines(text);
  return lines.length === 0 ? undefined : matcherOf(lines);
};
