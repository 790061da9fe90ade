/** The three README files say what the sources do: roles, plan records, frames, packages, scripts and the flags in examples. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from '../../src/cli/clipanion.ts';
import { allTables } from '../../src/cli/options/all.ts';
import { table as globalTable } from '../../src/cli/options/global.ts';
import { longForms } from '../../src/cli/options/long-forms.ts';

const read = (path: string): string => readFileSync(path, 'utf8');
const sorted = (names: Iterable<string>): readonly string[] => [...new Set(names)].sort();
const firstGroups = (text: string, pattern: RegExp): readonly string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? '');
const missingFrom = (wanted: readonly string[], there: readonly string[]): readonly string[] => wanted.filter((name) => !there.includes(name));

const protocol = read('helpers/README.md');

/** From a heading of level two to the next. */
const section = (title: string): string => {
  const start = protocol.indexOf(`\n## ${title}\n`);
  assert.not.equal(start, -1, `helpers/README.md has a section '${title}'`);
  const end = protocol.indexOf('\n## ', start + 4);
  return protocol.slice(start, end === -1 ? undefined : end);
};

/** The first word of each table row's first cell. */
const rowsOf = (title: string): readonly string[] => firstGroups(section(title), /^\| `([^ `]+)/gm);

const cSources = readdirSync('helpers').filter((name) => name.endsWith('.c')).map((name) => read(join('helpers', name)));

/** An array literal that begins with a word in lower case is a record, but for lists of mount options, and the helper's arguments, which begin with a role. */
const recordsIn = (source: string): readonly string[] =>
  firstGroups(source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '').replace(/options: \[[^\]]*\]/g, ''), /(?<![\w\]])\[\s*'([a-z][a-z0-9-]*)'(?=\s*[,\]])/g);

const roles = firstGroups(read('helpers/main.c'), /\{ "([a-z-]+)", role_/g);

/** Whatever in the runtime speaks of plan records. */
const planSources = readdirSync('src/runtime', { recursive: true, encoding: 'utf8' })
  .map((name) => join('src/runtime', name))
  .filter((path) => path.endsWith('.ts') && /\b(PlanRecord|encodePlan|writeSession)\b/.test(read(path)));

test('every role is documented, and no other', () => {
  assert.ok(roles.length > 5, 'the roles were found');
  assert.equal(sorted(rowsOf('Roles')), sorted(roles));
});

test('every record that the plan may have is documented', () => {
  const documented = rowsOf('The launch plan');
  assert.ok(['plan.ts', 'exec.ts'].every((name) => planSources.includes(`src/runtime/${name}`)), 'the writers of plans were found');
  assert.ok(sorted(planSources.flatMap((path) => recordsIn(read(path)))).length > 40, 'records were found');
  for (const path of planSources) assert.equal(missingFrom(recordsIn(read(path)), [...documented, ...roles]), [], path);
  assert.equal(missingFrom(['overlay', 'fuse-overlayfs'], documented), [], 'what src/storage/driver.ts makes');
});

test('every documented record is one that the C knows', () => {
  const names = rowsOf('The launch plan');
  assert.ok(names.length > 40);
  assert.equal(new Set(names).size, names.length, 'each is documented once');
  const literals = sorted(cSources.flatMap((source) => firstGroups(source, /"([a-z][a-z0-9-]*)"/g)));
  assert.equal(missingFrom(names, literals), []);
});

test('what the C reads from the plan is documented', () => {
  const asked = cSources.flatMap((source) => firstGroups(source, /\b(?:plan_(?:find|text|need|flag)|collect)\([^,()]+, "([^"]+)"/g));
  assert.ok(asked.length > 20, 'the readers were found');
  assert.equal(missingFrom(sorted(asked), rowsOf('The launch plan')), []);
});

test('every frame and every packet is documented, and no other', () => {
  const header = (path: string, prefix: string): readonly string[] => sorted(firstGroups(read(path), new RegExp(`\\b${prefix}_\\w+ = '(.)'`, 'g')));
  assert.equal(sorted(rowsOf('Frames on the control socket')), header('helpers/frames.h', 'FRAME'));
  assert.equal(sorted(rowsOf('Packets between sandbox and monitor')), header('helpers/sandbox.h', 'PACKET'));
});

test('every package has a line in src/README.md and one exact version', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as { readonly dependencies: Record<string, string>; readonly devDependencies: Record<string, string> };
  const all = { ...dependencies, ...devDependencies };
  assert.equal(Object.entries(all).filter(([, wanted]) => !/^\d+\.\d+\.\d+$/.test(wanted)), []);
  assert.equal(missingFrom(Object.keys(all), firstGroups(read('src/README.md'), /^\| `([^`]+)` \|/gm)), []);
});

const readmes = ['README.md', 'src/README.md', 'helpers/README.md', 'helpers/NETWORKS.md'];

test('files and npm scripts that the README files name are there', () => {
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Record<string, string> };
  for (const path of readmes) {
    const text = read(path);
    const named = [...firstGroups(text, /`npm run ([\w-]+)/g), ...firstGroups(text, /^npm run ([\w-]+)/gm)];
    assert.equal(missingFrom(named, Object.keys(scripts)), [], path);
    const files = firstGroups(text, /`((?:src|helpers|test|man)\/[\w./-]*\w\.(?:ts|mjs|c|h|md|mk))`/g);
    assert.equal(files.filter((file) => !existsSync(file)), [], path);
  }
});

/** A command line in `$(…)` or `<(…)`. */
const substitution = /[$<]\(([^()]*)\)/g;

/** Splits a command line as a shell would, as far as our examples go: quotes, pipes and lists. */
const shellCommands = (line: string): readonly (readonly string[])[] => {
  const commands: string[][] = [[]];
  const tokens = line.matchAll(/(\|\|?|&&|;|\d?[<>]+&?)|((?:"[^"]*"|'[^']*'|\\.|[^\s"'|&;<>\\])+)/g);
  for (const [, operator, word] of tokens) {
    if (operator !== undefined) commands.push([]);
    else commands.at(-1)?.push((word ?? '').replace(/"([^"]*)"|'([^']*)'|\\(.)/g, '$1$2$3'));
  }
  return commands;
};

/** The arguments of every `skiff` in lines of shell, those within substitutions too. */
const skiffArguments = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .map((line) => line.replace(/^\$ /, ''))
    .flatMap((line) => [line.replace(substitution, 'WORD'), ...firstGroups(line, substitution)])
    .flatMap(shellCommands)
    .filter((words) => words[0] === 'skiff')
    .map((words) => words.slice(1));

/** Throws SkiffFailure for a flag or a command that does not exist. */
const check = (argv: readonly string[]): void => {
  const globals = parseArgs(globalTable, argv);
  if (globals.help || globals.positionals.length === 0) return;
  const [first = '', second = '', ...rest] = globals.positionals;
  const long = longForms[`${first} ${second}`];
  const name = long ?? first;
  const table = allTables.find((candidate) => candidate.name === name);
  if (table === undefined) throw new Error(`there is no command '${name}' (skiff ${argv.join(' ')})`);
  parseArgs(table, long === undefined ? globals.positionals.slice(1) : rest);
};

test('the reader of examples sees commands in pipes, lists and substitutions', () => {
  const seen = skiffArguments(`$ tar c x | skiff run -i 'a b' sha && skiff ps -a > file\nskiff rm $(skiff ps -aq)\nskiff: no command`);
  assert.equal(seen.map((words) => words.join('+')), ['run+-i+a b+sha', 'ps+-a', 'rm+WORD', 'ps+-aq']);
  assert.throws(() => check(['run', '--nonsense', 'image']));
  assert.throws(() => check(['nonsense']));
});

test('examples in README.md and in the tables use commands and flags that exist', () => {
  const blocks = firstGroups(read('README.md'), /^```\w*\n([\s\S]*?)^```/gm).join('\n');
  const examples = [...skiffArguments(blocks), ...allTables.flatMap(({ examples }) => examples.flatMap(({ command }) => skiffArguments(command)))];
  assert.ok(examples.length > 30, `${examples.length} examples were found`);
  for (const argv of examples) check(argv);
});

test.run();
