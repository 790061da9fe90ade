/**
 * The script of commands in test/differential on skiff, compared with what Docker answered: docker.txt, which `npm run differential` records
 * from a live one. Differences that are meant stand in known.ts with their reasons.
 * @one-driver
 * @time-limit 600
 */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { known } from '../differential/known.ts';
import { blocksOf, comparable, compare } from '../differential/transcript.ts';
import { execute, importBusybox, removeAll, skiffCommand } from './skiff.ts';

const place = join(process.cwd(), 'test/differential');

test.before(() => importBusybox());
test.after.each(removeAll);

const sections = [...readFileSync(join(place, 'commands.sh'), 'utf8').matchAll(/^s_(\w+)\(\)/gm)].map(([, name = '']) => name);
const recorded = blocksOf(comparable(readFileSync(join(place, 'docker.txt'), 'utf8')));
const explaining = new Set<string>();

for (const section of sections) {
  test(`${section} as Docker`, () => {
    const { status, stdout, stderr } = execute(['sh', join(place, 'commands.sh'), section], { env: { TOOL: skiffCommand[0] }, cwd: mkdtempSync(join(tmpdir(), 'differential-')), timeout: 120000 });
    assert.is(status, 0, stderr);
    const theirs = recorded.filter(({ command }) => command.startsWith(`${section}: `));
    assert.ok(theirs.length > 0, `docker.txt has nothing of ${section}: npm run differential`);
    const { differences, stale } = compare(blocksOf(comparable(stdout)), theirs, known);
    for (const rule of known.map(({ commands, why }) => `${commands}: ${why}`)) if (!stale.includes(rule)) explaining.add(rule);
    assert.is(differences.join('\n\n'), '');
  });
}

test('every known difference is still one', () => {
  assert.equal(known.map(({ commands, why }) => `${commands}: ${why}`).filter((rule) => !explaining.has(rule)), []);
});

test.run();
