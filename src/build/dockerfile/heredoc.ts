/** Here-documents: `<<NAME`, `<<-NAME`, and `<<"NAME"`, whose text is not expanded. Pure. */
import { DockerfileError } from './location.ts';
import { lex } from './words.ts';

export interface Heredoc {
  readonly name: string;
  /** Variables in it are to be expanded: its name was not quoted. */
  readonly expand: boolean;
  /** Tabs at the beginning of its lines are no part of it. */
  readonly chomp: boolean;
}

export interface HeredocText extends Heredoc {
  /** Its lines with their ends, as they are written. */
  readonly content: string;
}

const form = /^\d*<<(-?)([^<]*)$/su;

const lexed = (text: string, raw: boolean): readonly string[] => {
  try {
    return lex(text, { escape: '\\', variables: new Map(), keepUnset: true, ...(raw ? { rawQuotes: true, rawEscapes: true } : {}) }).words;
  } catch (error) {
    if (error instanceof DockerfileError) return [];
    throw error;
  }
};

/** The here-document that the word `word` begins; undefined where it begins none. */
export const heredocOf = (word: string): Heredoc | undefined => {
  const [, dash, rest = ''] = form.exec(word) ?? [];
  const [name, ...more] = rest === '' ? [] : lexed(rest, false);
  const [written, ...others] = rest === '' ? [] : lexed(rest, true);
  if (name === undefined || more.length > 0 || others.length > 0) return undefined;
  return { name, expand: name === written, chomp: dash === '-' };
};

/** Those that the line of an instruction begins, in their order. */
export const heredocsOf = (line: string): readonly Heredoc[] =>
  lexed(line, true).flatMap((word) => {
    const found = heredocOf(word);
    return found === undefined ? [] : [found];
  });

/** `text` without the tabs at the beginning of its lines. */
export const chomped = (text: string): string => text.replace(/^\t+/gmu, '');
