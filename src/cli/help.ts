import { allTables } from './options/all.ts';
import { table as globalTable } from './options/global.ts';
import { longForms } from './options/long-forms.ts';
import { spelling, spellings } from './spelling.ts';
import type { CommandTable, Flag } from './options/table.ts';

/** Lines longer than this are hard to read, however wide the terminal is. */
const widest = 110;

const usable = (columns: number): number => Math.max(40, Math.min(columns, widest));

/** `skiff --help`: the commands by category, one line each, for a terminal of `columns` cells. */
export const renderOverview = (columns: number): string => {
  const categories = [...new Set(allTables.map((table) => table.category))];
  const name = Math.max(...allTables.map((table) => spelling(table).length));
  const sections = categories.map((category) => {
    const lines = allTables.filter((table) => table.category === category).map((table) => row(`  ${spelling(table).padEnd(name)}`, table.summary, name + 5, columns));
    return `${category}:\n${lines.join('')}`;
  });
  return [
    `Usage:  skiff ${globalTable.usage}\n`,
    `${globalTable.summary}\n`,
    ...sections,
    flagSections(globalTable, columns),
    footer("Run 'skiff COMMAND --help' for more about a command; 'man skiff' for the rest.", columns),
  ].join('\n');
};

/** `skiff container`: the commands of a family, for a terminal of `columns` cells. */
export const renderFamily = (family: string, columns: number): string => {
  const members = Object.keys(longForms).filter((form) => form.startsWith(`${family} `));
  const name = Math.max(...members.map((form) => form.length)) - family.length - 1;
  const lines = members.map((form) => {
    const table = allTables.find((candidate) => candidate.name === longForms[form]);
    return row(`  ${form.slice(family.length + 1).padEnd(name)}`, table?.summary ?? '', name + 5, columns);
  });
  return `Usage:  skiff ${family} COMMAND\n\nCommands:\n${lines.join('')}\n${footer(`Run 'skiff ${family} COMMAND --help' for more about a command.`, columns)}`;
};

const footer = (text: string, columns: number): string => `${wrap(text, usable(columns)).join('\n')}\n`;

/** `skiff COMMAND --help`, for a terminal of `columns` cells. */
export const renderCommand = (table: CommandTable, columns: number): string => {
  const names = spellings(table);
  const aliases = names.length === 1 ? [] : [`Aliases:\n  ${names.map((name) => `skiff ${name}`).join(', ')}\n`];
  const examples = table.examples.map(({ command, text }) => `  ${command}\n${wrap(text, usable(columns) - 6).map((line) => `      ${line}\n`).join('')}`);
  return [
    `Usage:  skiff ${spelling(table)} ${table.usage}\n`,
    `${table.summary}\n`,
    ...aliases,
    flagSections(table, columns),
    `Examples:\n${examples.join('')}`,
  ].join('\n');
};

/** The flags of a table by group, those without one first. */
export const flagGroups = (table: CommandTable): readonly (readonly [heading: string, flags: readonly Flag[]])[] => {
  const groups = new Map<string, Flag[]>();
  for (const flag of table.flags) groups.set(flag.group ?? 'Options', [...(groups.get(flag.group ?? 'Options') ?? []), flag]);
  const options = groups.get('Options') ?? [];
  groups.delete('Options');
  return [['Options', [...options, helpFlag]], ...groups];
};

const helpFlag: Flag = { name: 'help', kind: 'bool', help: 'Print this help and leave' };

/** The flag's sentence with its default, if that says anything. */
export const flagHelp = (flag: Flag): string => (flag.default === undefined ? flag.help : `${flag.help} (default ${flag.default})`);

const flagSections = (table: CommandTable, columns: number): string => {
  const groups = flagGroups(table);
  const labels = groups.flatMap(([, flags]) => flags.map(flagLabel));
  // One very long placeholder must not push every sentence to the right: its sentence starts on the next line.
  const column = Math.min(Math.max(...labels.map((label) => label.length)) + 3, 34);
  return groups.map(([heading, flags]) => `${heading}:\n${flags.map((flag) => row(flagLabel(flag), flagHelp(flag), column, columns)).join('')}`).join('\n');
};

const flagLabel = (flag: Flag): string => {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  return `  ${short}--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`;
};

/** A label and its text, the text wrapped in its column. */
const row = (label: string, text: string, column: number, columns: number): string => {
  const lines = wrap(text, usable(columns) - column);
  const indent = ' '.repeat(column);
  const start = label.length + 2 > column ? `${label}\n${indent}` : label.padEnd(column);
  return `${start}${lines.join(`\n${indent}`)}\n`;
};

/** `text` in lines of at most `width` cells, broken at blanks only. */
export const wrap = (text: string, width: number): readonly string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
};
