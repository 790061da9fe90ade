/** From the text of a Dockerfile to its instructions, not yet understood: directives, comments, continued lines, here-documents, as BuildKit's parser has them. Pure. */
import { heredocsOf } from './heredoc.ts';
import type { Heredoc, HeredocText } from './heredoc.ts';
import { at, wrong } from './location.ts';
import type { Lines } from './location.ts';

/** One instruction: its name as typed, flags, and the rest of its one logical line. */
export interface Statement {
  readonly name: string;
  readonly flags: readonly string[];
  readonly rest: string;
  /** The logical line as it is written. */
  readonly original: string;
  readonly heredocs: readonly HeredocText[];
  readonly lines: Lines;
}

export interface Directives {
  readonly escape: '\\' | '`';
  /** Another frontend that the file asks for. */
  readonly syntax?: string;
  readonly check?: string;
}

export interface Source {
  readonly directives: Directives;
  readonly statements: readonly Statement[];
}

/** Go's bufio.Scanner takes no longer line, and so no Dockerfile of Docker's has one. */
const longestLine = 64 * 1024 - 1;
/** No file that people write is longer, and every line is kept. */
export const longestFile = 4 * 1024 * 1024;

const directiveForm = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/u;
const known = new Set(['escape', 'syntax', 'check']);

const escapeOf = (value: string | undefined): '\\' | '`' => {
  if (value === undefined || value === '\\') return '\\';
  return value === '`' ? '`' : wrong(`invalid escape token '${value}' does not match \` or \\`);
};

const readDirectives = (lines: readonly string[]): Directives => {
  const found = new Map<string, string>();
  for (const [position, line] of lines.entries()) {
    const [, name = '', value = ''] = directiveForm.exec(line.trim()) ?? [];
    const key = name.toLowerCase();
    if (!known.has(key)) break;
    at({ first: position + 1, last: position + 1 }, () => {
      if (found.has(key)) wrong(`only one ${key} parser directive can be used`);
      found.set(key, value);
      if (key === 'escape') escapeOf(value);
    });
  }
  const [syntax, check] = [found.get('syntax'), found.get('check')];
  return { escape: escapeOf(found.get('escape')), ...(syntax === undefined ? {} : { syntax }), ...(check === undefined ? {} : { check }) };
};

const isComment = (line: string): boolean => /^\s*#/u.test(line);

/** Flags are the words before the first one that does not begin with `--`; a `--` alone ends them. */
export const takeFlags = (text: string): { readonly flags: readonly string[]; readonly rest: string } => {
  const flags: string[] = [];
  let position = 0;
  for (;;) {
    while (position < text.length && /\s/u.test(text[position] ?? '')) position += 1;
    if (!text.startsWith('--', position)) return { flags, rest: text.slice(position) };
    const { word, end } = flagAt(text, position);
    position = end;
    if (word === '--') return { flags, rest: text.slice(position) };
    flags.push(word);
  }
};

const flagAt = (text: string, start: number): { readonly word: string; readonly end: number } => {
  let word = '';
  let quote: string | undefined;
  let position = start;
  for (; position < text.length; position += 1) {
    const c = text[position] ?? '';
    if (quote === undefined && /\s/u.test(c)) break;
    if (quote === undefined && (c === "'" || c === '"')) quote = c;
    else if (c === quote) quote = undefined;
    else if (c !== '\\') word += c;
    else if (position + 1 < text.length) {
      position += 1;
      word += text[position] ?? '';
    }
  }
  return { word, end: position };
};

const split = (line: string): Pick<Statement, 'name' | 'flags' | 'rest'> => {
  const [, name = '', arguments_ = ''] = /^(\S+)\s*(.*)$/su.exec(line.trim()) ?? [];
  const { flags, rest } = takeFlags(arguments_);
  return { name, flags, rest: rest.trim() };
};

const withHeredocs = new Set(['RUN', 'COPY', 'ADD']);

/** The instruction that may have here-documents: itself, or the one behind ONBUILD. */
const mayHaveHeredocs = ({ name, rest }: Pick<Statement, 'name' | 'rest'>): boolean => {
  const upper = name.toUpperCase();
  if (upper === 'ONBUILD') return rest !== '' && mayHaveHeredocs(split(rest));
  return withHeredocs.has(upper) && !isJson(rest);
};

const isJson = (rest: string): boolean => {
  try {
    return Array.isArray(JSON.parse(rest));
  } catch {
    return false;
  }
};

/** Lines one by one. */
class Reader {
  position = 0;
  constructor(private readonly lines: readonly string[]) {}

  next(): string | undefined {
    const line = this.lines[this.position];
    if (line === undefined) return undefined;
    this.position += 1;
    if (Buffer.byteLength(line) > longestLine) return at({ first: this.position, last: this.position }, () => wrong(`dockerfile line greater than max allowed size of ${longestLine}`));
    return line;
  }
}

/** The logical line that begins with `first`; comments and empty lines within it are passed over. */
const joined = (reader: Reader, first: string, escape: string): string => {
  const continued = escape === '\\' ? /\\[ \t]*$/u : /`[ \t]*$/u;
  if (!continued.test(first)) return first;
  let line = first.replace(continued, '');
  for (let next = reader.next(); next !== undefined; next = reader.next()) {
    if (isComment(next) || next.trim() === '') continue;
    if (!continued.test(next)) return line + next;
    line += next.replace(continued, '');
  }
  return line;
};

const readHeredoc = (reader: Reader, heredoc: Heredoc): HeredocText => {
  let content = '';
  for (let line = reader.next(); line !== undefined; line = reader.next()) {
    if ((heredoc.chomp ? line.replace(/^\t+/u, '') : line) === heredoc.name) return { ...heredoc, content };
    content += `${line}\n`;
  }
  return wrong('unterminated heredoc');
};

const readStatement = (reader: Reader, first: string, escape: string): Statement | undefined => {
  const start = reader.position;
  const original = joined(reader, first.trimStart(), escape);
  if (original.trim() === '') return undefined;
  const parts = split(original);
  const here = (): Lines => ({ first: start, last: reader.position });
  const heredocs = mayHaveHeredocs(parts) && original.includes('<<') ? heredocsOf(original).map((heredoc) => at(here(), () => readHeredoc(reader, heredoc))) : [];
  return { ...parts, original, heredocs, lines: here() };
};

/** Takes `text` apart. Throws a `DockerfileError`. */
export const readSource = (text: string): Source => {
  if (Buffer.byteLength(text) > longestFile) wrong(`a Dockerfile may have at most ${longestFile} bytes`);
  if (text.includes('\0')) wrong('it contains a NUL character');
  const lines = text.replace(/^\ufeff/u, '').split(/\r?\n/u);
  const directives = readDirectives(lines);
  const reader = new Reader(lines);
  const statements: Statement[] = [];
  for (let line = reader.next(); line !== undefined; line = reader.next()) {
    if (isComment(line) || line.trim() === '') continue;
    const statement = readStatement(reader, line, directives.escape);
    if (statement !== undefined) statements.push(statement);
  }
  if (statements.length === 0) wrong('file with no instructions');
  return { directives, statements };
};
