import { fail } from './errors.ts';

/** A piece of a template: text to copy, or the inside of `{{ }}`. */
export type Piece = { readonly text: string } | { readonly action: string };

/** A word inside an action. `field` values have no leading dot; `chained` fields follow a closing parenthesis or a variable at once. */
export interface Token {
  readonly kind: 'field' | 'variable' | 'word' | 'string' | 'number' | 'dot' | 'symbol';
  readonly value: string;
  /** Nothing stands between this token and the one before. */
  readonly chained: boolean;
}

/** Fails with one line about a template; the message names what was read. */
export const templateError = (message: string): never => fail({ _tag: 'Usage', message: `template parsing error: ${message}` });

/** Splits a template at its actions; comments are dropped, and `{{-` and `-}}` trim the text beside them. Throws SkiffFailure(Usage). */
export const splitTemplate = (source: string): readonly Piece[] => {
  const pieces: Piece[] = [];
  let trimNext = false;
  for (let at = 0; at < source.length; ) {
    const open = source.indexOf('{{', at);
    const text = source.slice(at, open === -1 ? undefined : open);
    const trimBefore = open !== -1 && /^-\s/.test(source.slice(open + 2, open + 4));
    const kept = (trimNext ? text.replace(/^\s+/, '') : text).replace(trimBefore ? /\s+$/ : /$^/, '');
    if (kept !== '') pieces.push({ text: kept });
    if (open === -1) break;
    const start = open + (trimBefore ? 3 : 2);
    const end = endOfAction(source, start);
    const inside = source.slice(start, end);
    trimNext = /\s-$/.test(inside);
    const action = inside.replace(/\s-$/, '').trim();
    if (!action.startsWith('/*')) pieces.push({ action });
    at = end + 2;
  }
  return pieces;
};

/** Where the `}}` is that ends an action: not one inside a string or a comment. */
const endOfAction = (source: string, start: number): number => {
  for (let at = start; at < source.length; ) {
    if (source.startsWith('}}', at)) return at;
    if (source.startsWith('/*', at)) at = after(source, '*/', at + 2);
    else if (source[at] === '`') at = after(source, '`', at + 1);
    else if (source[at] === '"' || source[at] === "'") at += (/^(["'])(?:\\.|(?!\1).)*\1/s.exec(source.slice(at))?.[0] ?? ' ').length;
    else at += 1;
  }
  return templateError(`'{{${source.slice(start, start + 30)}' has no '}}'`);
};

const after = (source: string, mark: string, from: number): number => {
  const found = source.indexOf(mark, from);
  return found === -1 ? source.length : found + mark.length;
};

const patterns: readonly (readonly [kind: Token['kind'], pattern: RegExp])[] = [
  ['string', /"(?:\\.|[^"\\])*"|`[^`]*`|'(?:\\.|[^'\\])+'/sy],
  ['number', /[+-]?(?:0x[0-9a-fA-F]+|[0-9]+(?:\.[0-9]+)?)/y],
  ['field', /\.[\p{L}_][\p{L}\p{N}_]*/uy],
  ['dot', /\./y],
  ['variable', /\$[\p{L}\p{N}_]*/uy],
  ['word', /[\p{L}_][\p{L}\p{N}_]*/uy],
  ['symbol', /:=|[=|(),]/y],
];

/** The tokens of one action. Throws SkiffFailure(Usage). */
export const tokenize = (action: string): readonly Token[] => {
  const tokens: Token[] = [];
  let chained = false;
  for (let at = 0; at < action.length; ) {
    const blank = /\s+/y;
    blank.lastIndex = at;
    const skipped = blank.exec(action)?.[0].length ?? 0;
    if (skipped > 0) {
      at += skipped;
      chained = false;
      continue;
    }
    const token = tokenAt(action, at, chained);
    tokens.push(token.token);
    at = token.end;
    chained = true;
  }
  return tokens;
};

const tokenAt = (action: string, at: number, chained: boolean): { readonly token: Token; readonly end: number } => {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(action)?.[0];
    if (text === undefined) continue;
    const value = kind === 'string' ? unquote(text) : kind === 'field' || kind === 'variable' ? text.slice(1) : text;
    return { token: { kind: text.startsWith("'") ? 'number' : kind, value, chained }, end: at + text.length };
  }
  return templateError(`unexpected '${action.slice(at, at + 10)}' in '{{${action}}}'`);
};

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** A Go string constant's value; of a character constant, its code point as a decimal number. */
const unquote = (text: string): string => {
  if (text.startsWith('`')) return text.slice(1, -1);
  const value = text.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/gs, (_, escape: string) =>
    escape.length > 1 ? String.fromCharCode(Number.parseInt(escape.slice(1), 16)) : (escapes[escape] ?? escape),
  );
  return text.startsWith("'") ? String(value.codePointAt(0)) : value;
};
