import { fail } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { parseArgs } from './clipanion.ts';
import { commands } from './commands.ts';
import type { CommandModule, Context } from './context.ts';
import { table as globalTable } from './options/global.ts';
import { families, longForms } from './options/long-forms.ts';
import type { FlagsOf } from './options/table.ts';
import type { HostIdentity } from '../system/paths.ts';

type Surroundings = Pick<Context, 'env' | 'stdout' | 'stderr'>;

/**
 * Runs one command line: global flags, the command's name, then that command's module with its own flags. Returns the exit code;
 * throws SkiffFailure, and OutputClosed where the reader of our output has gone.
 */
export const dispatch = async (argv: readonly string[], surroundings: Surroundings): Promise<number> => {
  const parsed = parseArgs(globalTable, argv);
  if (parsed.help) return await printOverview(surroundings);
  const globals = parsed.flags as FlagsOf<typeof globalTable>;
  if (globals.version) {
    const { versionLine } = await import('./version.ts');
    surroundings.stdout.write(versionLine());
    return 0;
  }
  const context: Context = { ...surroundings, root: globals.root, storageDriver: globals.storageDriver };
  return await runCommand(context, parsed.positionals);
};

const runCommand = async (context: Context, words: readonly string[]): Promise<number> => {
  const first = words[0];
  if (first === undefined) return await printOverview(context);
  if (first === 'help') return await runCommand(context, words.length === 1 ? [] : [...words.slice(1), '--help']);
  if (families.includes(first)) return await runInFamily(context, first, words.slice(1));
  // A name with a dash is our own, for a command that is typed as two words.
  const load = first.includes('-') ? undefined : own(commands, first);
  return load === undefined ? unknownCommand(first, Object.keys(commands).filter((name) => !name.includes('-'))) : await runModule(context, await load(), words.slice(1));
};

/** `container ls` and its like. */
const runInFamily = async (context: Context, family: string, words: readonly string[]): Promise<number> => {
  const second = words[0];
  if (second === undefined || second === '--help' || second === '-h') {
    const { renderFamily } = await import('./help.ts');
    context.stdout.write(renderFamily(family, context.stdout.columns()));
    return 0;
  }
  const load = own(commands, own(longForms, `${family} ${second}`) ?? '');
  if (load !== undefined) return await runModule(context, await load(), words.slice(1));
  const known = Object.keys(longForms).filter((name) => name.startsWith(`${family} `));
  return unknownCommand(`${family} ${second}`, known);
};

const runModule = async (context: Context, module: CommandModule, argv: readonly string[]): Promise<number> => {
  const parsed = parseArgs(module.table, argv);
  if (parsed.help) {
    const { renderCommand } = await import('./help.ts');
    context.stdout.write(renderCommand(module.table, context.stdout.columns()));
    return 0;
  }
  if (process.getuid?.() === 0 && !worksForRoot.has(module.table.name)) {
    const { refuseRoot } = await import('./root-user.ts');
    refuseRoot();
  }
  const hostId = worksForRoot.has(module.table.name) ? undefined : await identityFor(context, module);
  // The table made these flags, and `FlagsOf` of the same table is what the module expects.
  return await module.run({ ...context, ...(hostId === undefined ? {} : { hostId }) }, parsed.flags as never, parsed.positionals);
};

/** A shell that completes a word must never show that settings are wrong, and `doctor` says so itself. */
const identityFor = async ({ env }: Context, { table }: CommandModule): Promise<HostIdentity> => {
  const { readHostIdentity } = await import('../system/settings.ts');
  return table.name === '__complete' || table.name === 'doctor' ? await readHostIdentity(env).catch((): HostIdentity => 'machine-id') : await readHostIdentity(env);
};

/** Commands that touch no container. */
const worksForRoot = new Set(['version', 'completion']);

const own = <A>(record: Readonly<Record<string, A>>, key: string): A | undefined => (Object.hasOwn(record, key) ? record[key] : undefined);

const unknownCommand = (word: string, known: readonly string[]): never => {
  const near = nearest(word, known.filter((name) => !name.startsWith('_')));
  const hint = near === undefined ? "see 'skiff --help'" : `did you mean '${near}'? See 'skiff --help'`;
  return fail({ _tag: 'Usage', message: `'${word}' is not a skiff command`, hint });
};

const printOverview = async ({ stdout }: Surroundings): Promise<number> => {
  const { renderOverview } = await import('./help.ts');
  stdout.write(renderOverview(stdout.columns()));
  return 0;
};
