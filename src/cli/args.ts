import { fail } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { CommandTable, Flag, RefusedFlag } from './options/table.ts';
import { spelling } from './spelling.ts';

/** One flag as it occurred, with its value as text; a bool's is `true` or `false`. */
export interface Occurrence {
  readonly flag: Flag;
  readonly value: string;
}

/** A command line after the rules of Go's pflag, which Docker parses with. */
export type NormalizedArgs = { readonly help: true } | { readonly help: false; readonly occurrences: readonly Occurrence[]; readonly positionals: readonly string[] };

const helpRequested: NormalizedArgs = { help: true };

/**
 * Reads `argv` (what follows the command's name) by pflag's rules: `-itp 80:80`, `-p8080:80`, `-eA=b`, `--rm=false`, `--name x`, `--name=x`,
 * `--` ends the flags, and so does the first argument where the table is not interspersed. Of a scalar given twice the last one stays.
 * `--help` before that point wins over everything after it; so does `-h` where the table has no such flag.
 * Throws SkiffFailure: Refused for a flag of Docker's that cannot be had here, Usage for all else.
 */
export const normalize = (table: CommandTable, argv: readonly string[]): NormalizedArgs => {
  const found: Occurrence[] = [];
  const positionals: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (word === '--') {
      positionals.push(...argv.slice(at + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      if (!table.interspersed) {
        positionals.push(...argv.slice(at));
        break;
      }
      positionals.push(word);
      continue;
    }
    const step = word.startsWith('--') ? readLong(table, word, argv[at + 1]) : readShorts(table, word, argv[at + 1]);
    if (step === 'help') return helpRequested;
    found.push(...step.found);
    if (step.tookNext) at += 1;
  }
  return { help: false, occurrences: lastOfScalars(found), positionals };
};

interface Step {
  readonly found: readonly Occurrence[];
  readonly tookNext: boolean;
}

const readLong = (table: CommandTable, word: string, next: string | undefined): Step | 'help' => {
  const equals = word.indexOf('=');
  const name = word.slice(2, equals === -1 ? undefined : equals);
  if (name === 'help') return 'help';
  const flag = table.flags.find((f) => f.name === name || f.aliases?.includes(name) === true);
  if (flag === undefined) return unknownLong(table, name);
  const typed = `--${name}`;
  if (equals !== -1) return { found: [checked(table, flag, word.slice(equals + 1), typed)], tookNext: false };
  if (flag.kind === 'bool') return { found: [{ flag, value: 'true' }], tookNext: false };
  if (next === undefined) return usageError(table, `flag needs an argument: ${typed}`);
  return { found: [checked(table, flag, next, typed)], tookNext: true };
};

/** A cluster: bools until one letter takes a value, which is the rest of the word, or the next word. */
const readShorts = (table: CommandTable, word: string, next: string | undefined): Step | 'help' => {
  const found: Occurrence[] = [];
  for (let at = 1; at < word.length; at += 1) {
    const letter = word[at] ?? '';
    const flag = table.flags.find((f) => f.short === letter);
    if (flag === undefined) return letter === 'h' ? 'help' : unknownShort(table, letter, word);
    const typed = `-${letter}, --${flag.name}`;
    const rest = word.slice(at + 1);
    if (rest.startsWith('=')) return { found: [...found, checked(table, flag, rest.slice(1), typed)], tookNext: false };
    if (flag.kind === 'bool') {
      found.push({ flag, value: 'true' });
      continue;
    }
    if (rest !== '') return { found: [...found, checked(table, flag, rest, typed)], tookNext: false };
    if (next === undefined) return usageError(table, `flag needs an argument: '${letter}' in ${word}`);
    return { found: [...found, checked(table, flag, next, typed)], tookNext: true };
  }
  return { found, tookNext: false };
};

const trues = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const falses = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

const checked = (table: CommandTable, flag: Flag, value: string, typed: string): Occurrence => {
  const invalid = (expected: string): never => usageError(table, `invalid argument "${value}" for "${typed}": ${expected}`);
  if (flag.kind === 'bool') {
    if (trues.has(value)) return { flag, value: 'true' };
    return falses.has(value) ? { flag, value: 'false' } : invalid('it must be true or false');
  }
  if (flag.kind === 'int' && !(/^[+-]?[0-9]+$/.test(value) && Number.isSafeInteger(Number(value)))) return invalid('it must be a whole number');
  if (flag.choices !== undefined && !flag.choices.includes(value)) return invalid(`it must be ${oneOf(flag.choices)}`);
  return { flag, value };
};

/** `a, b or c`. */
export const oneOf = (words: readonly string[]): string => (words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`);

const lastOfScalars = (found: readonly Occurrence[]): readonly Occurrence[] => {
  const last = new Map(found.map((occurrence) => [occurrence.flag, occurrence]));
  return found.filter((occurrence) => occurrence.flag.kind === 'list' || last.get(occurrence.flag) === occurrence);
};

const refuseFlag = ({ name, reason, instead }: RefusedFlag): never => fail({ _tag: 'Refused', message: `--${name}: ${reason}`, hint: instead });

const unknownLong = (table: CommandTable, name: string): never => {
  const refused = table.refused?.find((flag) => flag.name === name || flag.aliases?.includes(name) === true);
  if (refused !== undefined) return refuseFlag(refused);
  const known = [...table.flags.map((flag) => flag.name), 'help'];
  const near = nearest(name, known);
  return usageError(table, `unknown flag: --${name}`, near === undefined ? undefined : `--${near}`);
};

const unknownShort = (table: CommandTable, letter: string, word: string): never => {
  const refused = table.refused?.find(({ short }) => short === letter);
  if (refused !== undefined) return refuseFlag(refused);
  const near = word.length > 2 ? nearest(word.slice(1), table.flags.map((flag) => flag.name)) : otherCase(table, letter);
  const suggestion = near === undefined ? undefined : near.length === 1 ? `-${near}` : `--${near}`;
  return usageError(table, `unknown shorthand flag: '${letter}' in ${word}`, suggestion);
};

const otherCase = (table: CommandTable, letter: string): string | undefined => {
  const other = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
  return table.flags.some((flag) => flag.short === other) ? other : undefined;
};

/** Fails with one line that ends by naming the command's help. */
export const usageError = (table: CommandTable, message: string, suggestion?: string): never => {
  const help = `see '${helpCommand(table)}'`;
  return fail({ _tag: 'Usage', message, hint: suggestion === undefined ? help : `did you mean ${suggestion}? ${capital(help)}` });
};

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const helpCommand = (table: CommandTable): string => (table.name === '' ? 'skiff --help' : `skiff ${spelling(table)} --help`);

/** Checks the number of arguments, and the words where only some are possible. Throws SkiffFailure(Usage). */
export const checkPositionals = (table: CommandTable, occurrences: readonly Occurrence[], positionals: readonly string[]): void => {
  const { min, max, insteadOfOne, choices } = table.positionals;
  const needed = occurrences.some(({ flag }) => flag.name === insteadOfOne) ? min - 1 : min;
  const count = positionals.length;
  const name = `'skiff ${spelling(table)}'`;
  if (max === 0 && count > 0) usageError(table, `${name} takes no arguments, not ${JSON.stringify(positionals[0])}`);
  if (max !== undefined && count > max) usageError(table, `${name} takes at most ${plural(max)}, not ${count}`);
  if (count < needed) usageError(table, `${name} requires ${max === min ? '' : 'at least '}${plural(needed)}: ${table.usage}`);
  const first = positionals[0];
  if (choices !== undefined && first !== undefined && !choices.includes(first)) usageError(table, `${name} takes ${oneOf(choices)}, not ${JSON.stringify(first)}`);
};

const plural = (count: number): string => (count === 1 ? '1 argument' : `${count} arguments`);
