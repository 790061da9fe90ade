/** The patterns of `${NAME#pattern}`, `${NAME%pattern}` and `${NAME/pattern/text}`: `*`, `?` and `\`, as BuildKit has them (frontend/dockerfile/shell). Pure. */
import { wrong } from './location.ts';

const special = new Set('[]{}.+()|^$/-');

interface Wildcards {
  /** `*` takes as much as it can. */
  readonly greedy: boolean;
  /** The pattern is at the beginning. */
  readonly anchored: boolean;
}

const escaped = (pattern: string, position: number, next: string | undefined): string => {
  if (next === '*' || next === '?' || next === '\\') return `\\${next}`;
  return wrong(`invalid pattern (${pattern}) in substitution: invalid escape '\\${next ?? ''}' at ${position}`);
};

const toExpression = (pattern: string, { greedy, anchored }: Wildcards): RegExp => {
  const characters = [...pattern];
  let out = anchored ? '^' : '';
  for (let i = 0; i < characters.length; i += 1) {
    const c = characters[i] ?? '';
    const next = characters[i + 1];
    if (c === '*') out += greedy ? '.*' : '.*?';
    else if (c === '?') out += '.';
    else if (c !== '\\') out += special.has(c) ? `\\${c}` : c;
    // The braces' own end and the separator need an escape that is no part of the pattern.
    else if (next !== '}' && next !== '/') {
      out += escaped(pattern, i, next);
      i += 1;
    }
  }
  return new RegExp(out, 'su');
};

const reversed = (text: string): string => [...text].reverse().join('');

/** `a\*c` reversed is `c\*a`: an escape stays before what it escapes. */
const reversedPattern = (pattern: string): string => (pattern.match(/\\.|./gsu) ?? []).reverse().join('');

/** `value` without what `pattern` matches at its beginning: the shortest match, or with `greedy` the longest. */
export const trimPrefix = (pattern: string, value: string, greedy: boolean): string => value.replace(toExpression(pattern, { greedy, anchored: true }), '');

/** The same at its end. */
export const trimSuffix = (pattern: string, value: string, greedy: boolean): string => reversed(trimPrefix(reversedPattern(pattern), reversed(value), greedy));

/** `value` with the first match of `pattern`, or `all` of them, replaced. */
export const replaceMatch = (pattern: string, value: string, replacement: string, all: boolean): string => {
  const { source, flags } = toExpression(pattern, { greedy: true, anchored: false });
  return value.replace(new RegExp(source, all ? `${flags}g` : flags), () => replacement);
};
