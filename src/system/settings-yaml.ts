/** The YAML of `config.yaml`. Loaded only when the file has changed: the parser is the largest part of reading settings. */
import { isLeft } from 'fp-ts/Either';
import { Lexer, Parser, parseDocument } from 'yaml';
import { SettingsDocument, describeFault } from './settings-document.ts';

/** Enough for people's anchors; a file that repeats more makes much of little. */
const maximumAliases = 100;

/** The settings are 4 deep. */
const maximumDepth = 32;

/** The parser builds its tree by recursion, and may take Node down with it where the stack ends; its tokens are read without. */
const isTooDeep = (text: string): boolean => {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > maximumDepth) return true;
  }
  return false;
};

const firstLine = (text: string): string => text.split('\n', 1)[0]?.replace(/:$/, '') ?? '';

/** The plain value of a YAML 1.2 document of one part; throws Error with a line of explanation. */
const plainValue = (text: string): unknown => {
  if (isTooDeep(text)) throw new Error('it is nested too deeply');
  const document = parseDocument(text, { version: '1.2', uniqueKeys: true, stringKeys: true });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) throw new Error(firstLine(fault.message));
  return document.toJS({ maxAliasCount: maximumAliases });
};

/**
 * The settings in `text`. An empty document has none.
 * @returns the settings, or what is wrong: for YAML that is none with line and column, else the key and what is allowed.
 */
export const parseSettings = (text: string): SettingsDocument | string => {
  try {
    const decoded = SettingsDocument.decode(plainValue(text) ?? {});
    return isLeft(decoded) ? describeFault(decoded.left) : decoded.right;
  } catch (error) {
    return error instanceof Error ? firstLine(error.message) : String(error);
  }
};
