import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commands } from '../../src/cli/commands.ts';
import { renderCommand, renderFamily, renderOverview } from '../../src/cli/help.ts';
import { editDistance, nearest } from '../../src/core/nearest.ts';
import { allTables } from '../../src/cli/options/all.ts';
import { table as globalTable } from '../../src/cli/options/global.ts';
import { families, longForms } from '../../src/cli/options/long-forms.ts';
import { version } from '../../src/cli/version.ts';
import { generatedFiles } from '../../src/dev/generated.ts';

test('man pages and completion scripts are those that the tables make', async () => {
  for (const [path, text] of await generatedFiles(process.cwd())) assert.is(readFileSync(path, 'utf8'), text, `${path} is out of date: npm run man`);
});

test('names and short names are unique, sentences have no full stop, values have placeholders', () => {
  for (const table of [globalTable, ...allTables]) {
    const names = table.flags.flatMap((flag) => [flag.name, ...(('aliases' in flag && flag.aliases) || []), ...('short' in flag && flag.short !== undefined ? [`-${flag.short}`] : [])]);
    assert.is(new Set(names).size, names.length, table.name);
    assert.not.ok(names.includes('help'));
    for (const flag of table.flags) {
      assert.not.match(flag.help, /\.$/, flag.name);
      assert.is('value' in flag, flag.kind !== 'bool', flag.name);
    }
  }
});

test('long forms are the aliases of the tables', () => {
  const aliases = allTables.flatMap((table) => table.aliases.map((alias) => [alias, table.name] as const));
  assert.equal(Object.fromEntries(aliases.sort()), Object.fromEntries(Object.entries(longForms).sort()));
  assert.equal(new Set(aliases.map(([alias]) => alias.split(' ')[0])), new Set(families));
});

test('each command module carries the table of its name', async () => {
  for (const [name, load] of Object.entries(commands)) assert.is((await load()).table.name, name);
});

test('the version is that of package.json', () => {
  assert.is(version, (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version);
});

test('help fits the terminal', () => {
  for (const columns of [60, 80, 200]) {
    const texts = [renderOverview(columns), ...families.map((family) => renderFamily(family, columns)), ...allTables.map((table) => renderCommand({ ...table, examples: [], aliases: [], usage: '' }, columns))];
    for (const line of texts.join('\n').split('\n')) assert.ok(line.length <= columns, line);
  }
});

test('help names every flag, default and example', () => {
  for (const table of allTables) {
    const text = renderCommand(table, 1000).replace(/\n\s+/g, ' ');
    for (const flag of table.flags) assert.ok(text.includes(`--${flag.name}`) && text.includes(flag.default ?? ''), flag.name);
    for (const example of table.examples) assert.ok(text.includes(example.command));
  }
});

test('the nearest word is one that was meant', () => {
  assert.is(editDistance('detatch', 'detach'), 1);
  assert.is(editDistance('sp', 'ps'), 1);
  assert.is(editDistance('', 'abc'), 3);
  assert.is(nearest('iamges', ['ps', 'images']), 'images');
  assert.is(nearest('interact', ['init', 'interactive']), 'interactive');
  assert.is(nearest('zzz', ['ps', 'rm']), undefined);
});

test.run();
