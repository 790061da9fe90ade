// The core of clipanion alone: its index also loads help formatting and opens all three standard streams, which costs 3 ms more under Bun.
import { CliBuilder } from 'clipanion/lib/core';
import { checkPositionals, normalize } from './args.ts';
import type { Occurrence } from './args.ts';
import type { CommandTable, Flag } from './options/table.ts';

/** A command line whose flags have their types; the record has the keys of `FlagsOf<typeof table>`. */
export type ParsedArgs =
  | { readonly help: true }
  | { readonly help: false; readonly flags: Readonly<Record<string, FlagValue>>; readonly positionals: readonly string[] };

export type FlagValue = boolean | string | number | readonly string[] | undefined;

/**
 * Parses what follows a command's name: the normaliser applies pflag's rules and checks values, clipanion takes the canonical form apart.
 * Only the options that occur are registered: a hundred would cost 15 ms. Throws SkiffFailure(Usage).
 */
export const parseArgs = (table: CommandTable, argv: readonly string[]): ParsedArgs => {
  const args = normalize(table, argv);
  if (args.help) return args;
  checkPositionals(table, args.occurrences, args.positionals);
  return { help: false, flags: typed(table, parseOptions(args.occurrences)), positionals: args.positionals };
};

/**
 * Runs clipanion over the options. The canonical form is `--name=value` for every kind, the only one that clipanion reads the same way whatever
 * the value starts with. Arguments are not passed through: its state machine grows by a branch for each, and a thousand names are no rarity.
 */
const parseOptions = (occurrences: readonly Occurrence[]): ReadonlyMap<string, readonly string[]> => {
  const values = new Map<string, string[]>();
  if (occurrences.length === 0) return values;
  const builder = new CliBuilder<null>({ binaryName: 'skiff' });
  const command = builder.command();
  command.setContext(null);
  const names = new Set(occurrences.map(({ flag }) => canonicalName(flag)));
  for (const name of names) command.addOption({ names: [name], arity: 1 });
  const { options } = builder.compile().process(occurrences.map(({ flag, value }) => `${canonicalName(flag)}=${value}`));
  for (const { name, value } of options) {
    const list = values.get(name);
    if (list === undefined) values.set(name, [String(value)]);
    else list.push(String(value));
  }
  return values;
};

/** clipanion takes letters only in an option's name; a digit, as in `--ip6`, becomes a group of its own. */
const canonicalName = (flag: Flag): string => `--${flag.name.replace(/[0-9]/g, (digit) => `-${'abcdefghij'[Number(digit)]}`)}`;

const typed = (table: CommandTable, values: ReadonlyMap<string, readonly string[]>): Readonly<Record<string, FlagValue>> => {
  const flags: Record<string, FlagValue> = {};
  for (const flag of table.flags) flags[camelCase(flag.name)] = typedValue(flag, values.get(canonicalName(flag)));
  return flags;
};

const typedValue = (flag: Flag, given: readonly string[] | undefined): FlagValue => {
  if (flag.kind === 'list') return given ?? [];
  const text = given?.[0] ?? flag.default;
  if (flag.kind === 'bool') return text === 'true';
  return flag.kind === 'int' && text !== undefined ? Number(text) : text;
};

const camelCase = (name: string): string => (name.includes('-') ? name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()) : name);
