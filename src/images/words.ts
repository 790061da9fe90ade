/** The words of a Dockerfile instruction: quotes, backslashes and variables by the rules of BuildKit's shell lexer. Pure. */

/** Values that `$NAME` and `${NAME}` stand for; what is not there is empty, as in Docker. */
export type Variables = ReadonlyMap<string, string>;

const variableForm = /^\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/;

interface Cursor {
  readonly text: string;
  position: number;
}

/** `$NAME` at the cursor as its value; a lone dollar stays. */
const takeVariable = (cursor: Cursor, variables: Variables): string => {
  const [whole, braced, bare] = variableForm.exec(cursor.text.slice(cursor.position)) ?? [];
  cursor.position += whole?.length ?? 1;
  return whole === undefined ? '$' : (variables.get(braced ?? bare ?? '') ?? '');
};

const takeSingleQuoted = (cursor: Cursor): string | undefined => {
  const end = cursor.text.indexOf("'", cursor.position + 1);
  if (end < 0) return undefined;
  const inner = cursor.text.slice(cursor.position + 1, end);
  cursor.position = end + 1;
  return inner;
};

const takeDoubleQuoted = (cursor: Cursor, variables: Variables): string | undefined => {
  let word = '';
  cursor.position += 1;
  while (cursor.position < cursor.text.length) {
    const c = cursor.text[cursor.position];
    const next = cursor.text[cursor.position + 1];
    if (c === '"') {
      cursor.position += 1;
      return word;
    }
    if (c === '$') word += takeVariable(cursor, variables);
    else if (c === '\\' && next !== undefined && '"$\\'.includes(next)) {
      word += next;
      cursor.position += 2;
    } else {
      word += c ?? '';
      cursor.position += 1;
    }
  }
  return undefined;
};

/** The next piece of a word: a quoted part, an escaped character, a variable or a plain character; undefined for an open quote. */
const takePiece = (cursor: Cursor, variables: Variables): string | undefined => {
  const c = cursor.text[cursor.position] ?? '';
  if (c === "'") return takeSingleQuoted(cursor);
  if (c === '"') return takeDoubleQuoted(cursor, variables);
  if (c === '$') return takeVariable(cursor, variables);
  cursor.position += c === '\\' ? 2 : 1;
  return c === '\\' ? (cursor.text[cursor.position - 1] ?? '') : c;
};

/** `text` split at blanks outside quotes; undefined if a quote is not closed. */
export const splitWords = (text: string, variables: Variables): readonly string[] | undefined => {
  const cursor: Cursor = { text, position: 0 };
  const words: string[] = [];
  let word: string | undefined;
  while (cursor.position < text.length) {
    if (/\s/.test(text[cursor.position] ?? '')) {
      if (word !== undefined) words.push(word);
      word = undefined;
      cursor.position += 1;
      continue;
    }
    const piece = takePiece(cursor, variables);
    if (piece === undefined) return undefined;
    word = (word ?? '') + piece;
  }
  return word === undefined ? words : [...words, word];
};

/** `text` as a JSON list of strings, the exec form; undefined if it is none. */
export const execForm = (text: string): readonly string[] | undefined => {
  if (!text.trimStart().startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item): item is string => typeof item === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
};
