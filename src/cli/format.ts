import type { Output } from './context.ts';

/** What a list command can show. */
export interface ListView {
  /** Every field of a row, with its column heading; a function for a field that takes an argument, as `Label` does. */
  readonly headings: Readonly<Record<string, Field>>;
  /** The fields of the table that is printed without `--format`. */
  readonly columns: readonly string[];
}

/** A field's text, or a method that makes it. */
export type Field = string | ((argument: string) => string);

export type Row = Readonly<Record<string, Field>>;

export interface ListOptions {
  /** `--format`: undefined or `table`, `table TEMPLATE`, `json`, or a template for each row. */
  readonly format: string | undefined;
  /** `--no-trunc`: never shorten, not even to fit a terminal. */
  readonly noTrunc?: boolean;
}

/**
 * A list as Docker prints it. Only on a terminal the widest cells are shortened until a line fits.
 * Control characters in a row are shown as `\xNN` in every format. Throws SkiffFailure(Usage) for a bad template.
 */
export const renderList = async (view: ListView, rows: readonly Row[], options: ListOptions, output: Output): Promise<string> => {
  const format = options.format?.trim() ?? '';
  const limit = options.noTrunc !== true && output.isTerminal() ? output.columns() : Infinity;
  if (format === '' || format === 'table') return await layOut(escapeCells(cellsOf(view, rows)), limit);
  const column = onlyField(view, options.format ?? '');
  if (column !== undefined) return rows.map((row) => `${escapeControls(String(row[column]))}\n`).join('');
  const safe = rows.map(escapeRow);
  if (format === 'json') return safe.map((row) => `${JSON.stringify(row)}\n`).join('');
  const { parseTemplate } = await import('../core/go-template.ts');
  const isTable = /^table\s/.test(format);
  const template = parseTemplate(unescape(isTable ? format.slice('table'.length).trimStart() : options.format ?? ''));
  if (!isTable) return safe.map((row) => `${template(row)}\n`).join('');
  return await layOut([view.headings, ...safe].map((row) => template(row).split('\t')), limit);
};

/**
 * Objects through `--format`: `json`, or a template; each ends in a newline. On a terminal control characters are shown as `\xNN`.
 * Throws SkiffFailure(Usage) for a bad template, as the result does for one that does not fit the object.
 */
export const objectRenderer = async (format: string, output: Output): Promise<(data: unknown) => string> => {
  const { parseTemplate } = await import('../core/go-template.ts');
  const template = parseTemplate(format.trim() === 'json' ? '{{json .}}' : format);
  return (data) => `${output.isTerminal() ? escapeControls(template(data), /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g) : template(data)}\n`;
};

/** `objectRenderer` for a single object. */
export const renderObject = async (format: string, data: unknown, output: Output): Promise<string> => (await objectRenderer(format, output))(data);

/** The field that a template consists of, as `{{.ID}}` does: that takes no template engine, and `--quiet` is made of it. */
const onlyField = (view: ListView, format: string): string | undefined => {
  const name = /^\{\{ *\.([A-Za-z]+) *\}\}$/.exec(format)?.[1];
  return name !== undefined && Object.hasOwn(view.headings, name) && typeof view.headings[name] === 'string' ? name : undefined;
};

/** A shell passes `\t` and `\n` in a format as they are; Docker reads them as tab and newline. */
const unescape = (format: string): string => format.replace(/\\t/g, '\t').replace(/\\n/g, '\n');

/** In the order of the names, in which Go writes a map as JSON. */
const escapeRow = (row: Row): Row => Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, escapeField(field)]));

/** The headings and the rows as text. Like all that looks at every cell here it loops without calls: those would begin to be compiled, which costs more. */
const cellsOf = ({ headings, columns }: ListView, rows: readonly Row[]): readonly (readonly string[])[] => {
  const all: string[][] = [];
  for (const row of [headings, ...rows]) {
    const cells: string[] = [];
    for (const column of columns) cells.push(String(row[column]));
    all.push(cells);
  }
  return all;
};

/** Whether all of it is printable ASCII: one look at the whole costs less than one at every cell. */
const isPlain = (rows: readonly (readonly string[])[]): boolean => {
  let text = '';
  for (const row of rows) for (const cell of row) text += cell;
  return /^[\u0020-\u007e]*$/.test(text);
};

const escapeCells = (rows: readonly (readonly string[])[]): readonly (readonly string[])[] =>
  isPlain(rows) ? rows : rows.map((row) => row.map((cell) => escapeControls(cell)));

const escapeField = (field: Field): Field => (typeof field === 'string' ? escapeControls(field) : (argument) => escapeControls(field(argument)));

const escapeControls = (text: string, controls = /[\u0000-\u001f\u007f-\u009f]/g): string =>
  text.replace(controls, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** Docker's table: columns at least 10 cells wide with 3 between them, nothing after the last. */
const layOut = async (rows: readonly (readonly string[])[], limit: number): Promise<string> => {
  const plain = isPlain(rows);
  if (plain && limit === Infinity) return layOutPlain(rows);
  const measure = plain ? ascii : await import('./width.ts').then(({ fitting, textWidth }): Measure => ({ width: textWidth, fitting }));
  const natural = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => measure.width(row[at] ?? ''))));
  const widths = shrink(natural, limit);
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => {
      const width = widths[at] ?? 0;
      const shown = measure.width(cell) > width ? `${measure.fitting(cell, width - 1)}…` : cell;
      return at === row.length - 1 ? shown : shown + ' '.repeat(columnWidth(width) - measure.width(shown));
    }).join('');
  return rows.map((row) => `${line(row)}\n`).join('');
};

/** The same for cells of ASCII that may be as wide as they are. Most lists are. */
const layOutPlain = (rows: readonly (readonly string[])[]): string => {
  const last = (rows[0]?.length ?? 0) - 1;
  const widths = Array.from({ length: last }, (_, at) => columnWidth(widestOf(rows, at)));
  let text = '';
  for (const row of rows) {
    for (let at = 0; at < last; at += 1) text += (row[at] ?? '').padEnd(widths[at] ?? 0);
    text += `${row[last] ?? ''}\n`;
  }
  return text;
};

const widestOf = (rows: readonly (readonly string[])[], at: number): number => {
  let widest = 0;
  for (const row of rows) widest = Math.max(widest, row[at]?.length ?? 0);
  return widest;
};

const columnWidth = (cell: number): number => Math.max(cell + 3, 10);

/** No column becomes narrower than this to fit the terminal: less could not be recognised. */
const narrowest = 8;

/** Takes cells from the widest column, one by one, until the line fits or nothing is left to take. */
const shrink = (natural: readonly number[], limit: number): readonly number[] => {
  const widths = [...natural];
  const total = () => widths.reduce((sum, width, at) => sum + (at === widths.length - 1 ? width : columnWidth(width)), 0);
  while (total() > limit) {
    const widest = Math.max(...widths);
    if (widest <= narrowest) break;
    widths[widths.lastIndexOf(widest)] = widest - 1;
  }
  return widths;
};

interface Measure {
  readonly width: (text: string) => number;
  readonly fitting: (text: string, cells: number) => string;
}

const ascii: Measure = { width: (text) => text.length, fitting: (text, cells) => text.slice(0, cells) };
