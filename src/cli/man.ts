import { flagGroups, flagHelp } from './help.ts';
import { allTables } from './options/all.ts';
import { table as globalTable } from './options/global.ts';
import type { CommandTable, Flag } from './options/table.ts';
import { spellings } from './spelling.ts';
import { version } from './version.ts';

/**
 * `skiff.1`: the overview. `part` is its hand-written half (`man/parts/skiff.md`): sections of paragraphs and `- ` lists,
 * with code in backquotes.
 */
export const manualOverview = (part: string): string =>
  page('skiff', globalTable.summary, [
    section('SYNOPSIS', `\\fBskiff\\fR ${roff(globalTable.usage)}`),
    ...handWritten(part, ['DESCRIPTION']),
    ...flagSections(globalTable),
    section('COMMANDS', allTables.map((table) => item(`\\fBskiff\\-${table.name}\\fR(1)`, roff(table.summary))).join('\n')),
    ...handWritten(part, ['SETTINGS', 'ENVIRONMENT', 'FILES', 'EXIT STATUS']),
    seeAlso(['newuidmap(1)', 'subuid(5)', 'user_namespaces(7)', 'slirp4netns(1)', 'fuse-overlayfs(1)']),
  ]);

/** `skiff-COMMAND.1`; `part` is `man/parts/COMMAND.md`. */
export const manualPage = (table: CommandTable, part: string): string =>
  page(`skiff-${table.name}`, table.summary, [
    section('SYNOPSIS', spellings(table).map((name) => `\\fBskiff ${roff(name)}\\fR ${roff(table.usage)}`).join('\n.br\n')),
    ...handWritten(part, ['DESCRIPTION']),
    ...flagSections(table),
    ...handWritten(part, ['EXIT STATUS']),
    section('EXAMPLES', table.examples.map(({ command, text }) => `.TP\n.B ${argument(command)}\n${roff(text)}.`).join('\n')),
    seeAlso(['skiff(1)']),
  ]);

const page = (name: string, summary: string, sections: readonly string[]): string =>
  [
    '.\\" Made from the option tables and man/parts by src/dev/generate.ts: do not edit.',
    `.TH ${name.toUpperCase()} 1 "" "Skiff ${version}" "Skiff"`,
    section('NAME', `${roff(name)} \\- ${roff(summary.charAt(0).toLowerCase() + summary.slice(1))}`),
    ...sections,
    '',
  ].join('\n');

const section = (heading: string, body: string): string => `.SH ${heading}\n${body}`;

const item = (label: string, body: string): string => `.TP\n${label}\n${body}`;

const seeAlso = (pages: readonly string[]): string =>
  section('SEE ALSO', pages.map((name) => name.replace(/^(.*)\((\d)\)$/, (_, title: string, number: string) => `\\fB${roff(title)}\\fR(${number})`)).join(', '));

const flagSections = (table: CommandTable): readonly string[] =>
  flagGroups(table).map(([heading, flags]) => section(heading.toUpperCase(), flags.map((flag) => item(flagLabel(flag), `${roff(flagHelp(flag))}.`)).join('\n')));

const flagLabel = (flag: Flag): string => {
  const names = [...(flag.short === undefined ? [] : [`-${flag.short}`]), `--${flag.name}`].map((name) => `\\fB${roff(name)}\\fR`).join(', ');
  return flag.value === undefined ? names : `${names} \\fI${roff(flag.value)}\\fR`;
};

/** The wanted sections of a hand-written part, those that it has. */
const handWritten = (part: string, wanted: readonly string[]): readonly string[] =>
  part
    .split(/^# /m)
    .slice(1)
    .map((text): readonly [string, string] => [text.slice(0, text.indexOf('\n')).trim(), text.slice(text.indexOf('\n')).trim()])
    .filter(([heading]) => wanted.includes(heading))
    .map(([heading, text]) => section(heading, text.split(/\n{2,}/).map(block).join('\n.PP\n')));

const block = (text: string): string => (text.startsWith('- ') ? text.split('\n').map(listItem).join('\n') : inline(text.replace(/\n/g, ' ')));

const listItem = (line: string): string => {
  const [, label = '', body = ''] = /^- (.*?): (.*)$/.exec(line) ?? [];
  return item(inline(label), inline(body));
};

const inline = (text: string): string => text.split('`').map((piece, at) => (at % 2 === 1 ? `\\fB${roff(piece)}\\fR` : roff(piece))).join('');

/** Text for roff: hyphens and quotes as they are typed, and nothing at the start of a line that would be a request. */
const roff = (text: string): string =>
  text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/'/g, '\\(aq')
    .replace(/"/g, '\\(dq')
    .replace(/~/g, '\\(ti')
    .replace(/\^/g, '\\(ha')
    .replace(/…/g, '...')
    .replace(/^\./gm, '\\&.');

/** The argument of a macro: one word, whatever blanks it has. */
const argument = (text: string): string => `"${roff(text)}"`;
