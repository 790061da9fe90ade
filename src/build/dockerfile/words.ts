/**
 * Words of an instruction: quotes, escapes and every form of `$NAME`, by the rules of BuildKit's lexer (frontend/dockerfile/shell/lex.go), which are
 * those of a shell in part only. Pure.
 */
import { wrong } from './location.ts';
import { replaceMatch, trimPrefix, trimSuffix } from './substitution.ts';

export type Variables = ReadonlyMap<string, string>;

export interface LexOptions {
  /** `\`, or another one by the directive `escape`. */
  readonly escape: string;
  readonly variables: Variables;
  /** Quotes stay in the result. */
  readonly rawQuotes?: boolean;
  /** Escapes stay in the result. */
  readonly rawEscapes?: boolean;
  /** Quotes mean nothing: the text of a here-document. */
  readonly plainQuotes?: boolean;
  /** A variable that is not set stays as it is written. */
  readonly keepUnset?: boolean;
}

export interface Lexed {
  /** The whole text, expanded. */
  readonly text: string;
  /** The same, split at blanks that are neither quoted nor escaped. */
  readonly words: readonly string[];
}

/** Variables can double each other line by line; no environment takes a longer one (execve(2): 128 KiB). */
const longestText = 1024 * 1024;

const isSpace = (c: string): boolean => /^\s$/u.test(c);

/** Words as they grow: a blank ends one, unless it is raw. */
class Words {
  readonly done: string[] = [];
  private word = '';
  private inWord = false;

  add(text: string): void {
    for (const c of text) {
      if (!isSpace(c)) this.addRaw(c);
      else if (this.inWord && this.word !== '') this.end();
    }
  }

  addRaw(text: string): void {
    this.word += text;
    this.inWord = true;
  }

  private end(): void {
    this.done.push(this.word);
    this.word = '';
    this.inWord = false;
  }

  finish(): readonly string[] {
    if (this.word !== '') this.end();
    return this.done;
  }
}

const specialParameters = '@*#?-$!0';

class Lexer {
  private position = 0;
  private readonly characters: readonly string[];
  private rawEscapes: boolean;

  constructor(
    text: string,
    private readonly options: LexOptions,
  ) {
    this.characters = [...text];
    this.rawEscapes = options.rawEscapes ?? false;
  }

  private peek(): string | undefined {
    return this.characters[this.position];
  }

  private next(): string | undefined {
    const c = this.characters[this.position];
    this.position += 1;
    return c;
  }

  /** Up to `stop`, which is taken, or to the end where there is none to look for. */
  until(stop: string | undefined, rawEscapes = this.rawEscapes): Lexed {
    const before = this.rawEscapes;
    this.rawEscapes = rawEscapes;
    const words = new Words();
    let text = '';
    for (let c = this.peek(); c !== undefined; c = this.peek()) {
      if (c === stop) {
        this.next();
        this.rawEscapes = before;
        return { text, words: words.finish() };
      }
      text += this.piece(c, words);
      if (text.length > longestText) wrong(`a value gets longer than ${longestText} characters`);
    }
    this.rawEscapes = before;
    return stop === undefined ? { text, words: words.finish() } : wrong(`unexpected end of statement while looking for matching ${stop}`);
  }

  private piece(c: string, words: Words): string {
    const quotes = this.options.plainQuotes !== true;
    if (c === '$') {
      const value = this.dollar();
      words.add(value);
      return value;
    }
    if (quotes && (c === "'" || c === '"')) {
      const value = c === "'" ? this.singleQuoted() : this.doubleQuoted();
      words.addRaw(value);
      return value;
    }
    this.next();
    if (c !== this.options.escape) {
      words.add(c);
      return c;
    }
    const following = this.next() ?? '';
    const kept = `${this.rawEscapes ? c : ''}${following}`;
    if (kept !== '') words.addRaw(kept);
    return kept;
  }

  private quote(c: string): string {
    return this.options.rawQuotes === true ? c : '';
  }

  private singleQuoted(): string {
    this.next();
    let text = this.quote("'");
    for (let c = this.next(); c !== undefined; c = this.next()) {
      if (c === "'") return text + this.quote("'");
      text += c;
    }
    return wrong('unexpected end of statement while looking for matching single-quote');
  }

  private doubleQuoted(): string {
    this.next();
    let text = this.quote('"');
    for (let c = this.peek(); c !== undefined; c = this.peek()) {
      if (c === '"') {
        this.next();
        return text + this.quote('"');
      }
      text += c === '$' ? this.dollar() : this.quotedCharacter();
    }
    return wrong('unexpected end of statement while looking for matching double-quote');
  }

  /** In double quotes an escape means something before a quote, a dollar and itself only. */
  private quotedCharacter(): string {
    const c = this.next() ?? '';
    if (c !== this.options.escape) return c;
    const raw = this.rawEscapes ? c : '';
    const following = this.peek();
    if (following === undefined) return raw;
    return raw + (following === '"' || following === '$' || following === c ? (this.next() ?? '') : c);
  }

  private name(): string {
    const first = this.peek();
    if (first === undefined) return '';
    if (/^\p{Nd}$/u.test(first)) return this.run(/^\p{Nd}$/u);
    if (specialParameters.includes(first)) return this.next() ?? '';
    return this.run(/^[\p{L}\p{Nd}_]$/u);
  }

  private run(form: RegExp): string {
    let text = '';
    for (let c = this.peek(); c !== undefined && form.test(c); c = this.peek()) text += this.next() ?? '';
    return text;
  }

  private unset(name: string): boolean {
    return this.options.keepUnset === true && !this.options.variables.has(name);
  }

  private dollar(): string {
    this.next();
    if (this.peek() === '{') return this.braced();
    const name = this.name();
    if (name === '') return '$';
    return this.unset(name) ? `$${name}` : (this.options.variables.get(name) ?? '');
  }

  private braced(): string {
    this.next();
    const first = this.peek();
    if (first === undefined) return wrong("syntax error: missing '}'");
    if ('{}:'.includes(first)) return wrong('syntax error: bad substitution');
    const name = this.name();
    const c = this.next();
    if (c === '}') return this.unset(name) ? `\${${name}}` : (this.options.variables.get(name) ?? '');
    if (c === '/') return this.replaced(name);
    const modifier = c === ':' ? (this.next() ?? '') : (c ?? '');
    const written = c === ':' ? `:${modifier}` : modifier;
    if (c !== ':' && (c === undefined || !'+-?#%'.includes(c))) return wrong(c === undefined ? "syntax error: missing '}'" : `unsupported modifier (${written}) in substitution`);
    return this.modified(name, modifier, written);
  }

  /** The rest of the braces; one end is missing where the text ends. */
  private rest(stop: string, rawEscapes: boolean, missing: string): string {
    try {
      return this.until(stop, rawEscapes).text;
    } catch (error) {
      return this.peek() === undefined ? wrong(`syntax error: missing '${missing}`) : ((): never => { throw error; })();
    }
  }

  private modified(name: string, modifier: string, written: string): string {
    const raw = modifier === '#' || modifier === '%';
    const word = this.rest('}', raw, "}'");
    const value = this.options.variables.get(name);
    if (this.unset(name)) return `\${${name}${written}${word}}`;
    const isThere = value !== undefined && !(written.startsWith(':') && value === '');
    switch (modifier) {
      case '-':
        return isThere ? value : word;
      case '+':
        return isThere ? word : '';
      case '?':
        return isThere ? value : wrong(`${name}: ${word !== '' ? word : `is not allowed to be ${value === undefined ? 'unset' : 'empty'}`}`);
      case '#':
      case '%': {
        const greedy = word.startsWith(modifier);
        return (modifier === '#' ? trimPrefix : trimSuffix)(greedy ? word.slice(1) : word, value ?? '', greedy);
      }
      default:
        return wrong(`unsupported modifier (${written}) in substitution`);
    }
  }

  private replaced(name: string): string {
    const all = this.peek() === '/';
    if (all) this.next();
    const pattern = this.rest('/', true, "/' in ${}");
    const replacement = this.rest('}', true, "}'");
    if (this.unset(name)) return `\${${name}/${pattern}/${replacement}}`;
    return replaceMatch(pattern, this.options.variables.get(name) ?? '', replacement, all);
  }
}

/** `text` expanded, whole and as words. Throws a `DockerfileError` for a quote or brace that is not closed, and for `${NAME:?…}`. */
export const lex = (text: string, options: LexOptions): Lexed => {
  try {
    return new Lexer(text, options).until(undefined);
  } catch (error) {
    return error instanceof Error && error.name === 'DockerfileError' ? wrong(`failed to process ${JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text)}: ${error.message}`) : ((): never => { throw error; })();
  }
};

/**
 * Words as they are written, quotes and escapes kept (BuildKit's parseWords): `name="a b" c` is two. An escape at the very end is dropped.
 */
export const rawWords = (text: string, escape: string): readonly string[] => {
  const characters = [...text];
  const words: string[] = [];
  let word = '';
  let isWord = false;
  let quote: string | undefined;
  for (let i = 0; i < characters.length; i += 1) {
    const c = characters[i] ?? '';
    if (quote === undefined && isSpace(c)) {
      if (isWord && word !== '') words.push(word);
      word = '';
      isWord = false;
      continue;
    }
    isWord = true;
    if (c === escape && quote !== "'") {
      if (i + 1 === characters.length) continue;
      i += 1;
      word += c + (characters[i] ?? '');
      continue;
    }
    if (quote === undefined && (c === "'" || c === '"')) quote = c;
    else if (c === quote) quote = undefined;
    word += c;
  }
  return word === '' ? words : [...words, word];
};
