/** A terminal for programs that servers in this process answer, and what a person sees on it. */
import { driven, sessionOf } from '../e2e/pty.ts';
import type { Session } from '../e2e/pty.ts';
import { runProgram } from './run.ts';
import type { Options } from './run.ts';

/** As `onTerminal` of `e2e/pty.ts`, without blocking. */
export const atOwnTerminal = async (command: readonly string[], steps: readonly string[], size?: string, options: Options = {}): Promise<Session> =>
  sessionOf(await runProgram(driven(command, steps, size), options));

export interface Picture {
  /** Every line, those that have scrolled away included, without blanks at their ends. */
  readonly lines: readonly string[];
  readonly isCursorShown: boolean;
}

interface Pen {
  readonly rows: string[][];
  row: number;
  column: number;
  isCursorShown: boolean;
}

const put = (pen: Pen, character: string, columns: number): void => {
  if (pen.column === columns) {
    pen.row += 1;
    pen.column = 0;
  }
  const row = (pen.rows[pen.row] ??= []);
  while (row.length < pen.column) row.push(' ');
  row[pen.column] = character;
  pen.column += 1;
};

/** What a sequence does; throws for one that no pull should need. */
const control = (pen: Pen, sequence: string, height: number): void => {
  const [, count = '1'] = /^\u001b\[(\d*)A$/.exec(sequence) ?? [];
  if (sequence === '\r') pen.column = 0;
  else if (sequence === '\n') pen.row += 1;
  else if (sequence === '\u001b[K') pen.rows[pen.row]?.splice(pen.column);
  else if (sequence === '\u001b[J') pen.rows.splice(pen.row + 1), pen.rows[pen.row]?.splice(pen.column);
  else if (sequence.endsWith('A')) pen.row = Math.max(pen.row - Number(count), pen.rows.length - height, 0);
  else if (sequence.startsWith('\u001b[?25')) pen.isCursorShown = sequence.endsWith('h');
  else throw new Error(`a terminal was sent ${JSON.stringify(sequence)}`);
  for (let at = 0; at <= pen.row; at++) pen.rows[at] ??= [];
};

/** What a terminal of this size shows after `text`: one that wraps behind its last column, and whose cursor cannot go up beyond its top. */
export const pictureOf = (text: string, [height, columns]: readonly [rows: number, columns: number] = [24, 80]): Picture => {
  const pen: Pen = { rows: [[]], row: 0, column: 0, isCursorShown: true };
  for (const piece of text.match(/\u001b\[[?\d]*[A-Za-z]|[^]/gu) ?? []) {
    if (piece.length > 1 || piece < ' ') control(pen, piece, height);
    else put(pen, piece, columns);
  }
  return { lines: pen.rows.map((row) => row.join('').trimEnd()), isCursorShown: pen.isCursorShown };
};
