import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Output } from '../../src/cli/context.ts';
import { renderList, renderObject } from '../../src/cli/format.ts';
import { fitting, textWidth } from '../../src/cli/width.ts';

const output = (columns?: number): Output => ({ write: () => undefined, isTerminal: () => columns !== undefined, columns: () => columns ?? 80 });

const view = { headings: { Repository: 'REPOSITORY', Tag: 'TAG', ID: 'IMAGE ID', Label: (name: string) => name }, columns: ['Repository', 'Tag', 'ID'] };
const rows = [
  { Repository: 'debian', Tag: 'latest', ID: '0123456789ab', Label: (name: string) => `${name}!` },
  { Repository: 'registry.example.com/some/rather/long/name', Tag: '1', ID: 'ba9876543210', Label: () => '' },
];

const list = (format: string | undefined, columns?: number, noTrunc = false) => renderList(view, rows, { format, noTrunc }, output(columns));

test('columns are at least ten cells wide with three between', async () => {
  const text = await renderList(view, rows.slice(0, 1), { format: undefined }, output());
  assert.is(text, 'REPOSITORY   TAG       IMAGE ID\ndebian       latest    0123456789ab\n');
});

test('a terminal gets shortened cells, a pipe and --no-trunc never', async () => {
  const narrow = (await list('table', 60)).split('\n');
  assert.ok(narrow.every((line) => line.length <= 60));
  assert.match(narrow[2] ?? '', 'registry.example.com/some/ra');
  assert.match(narrow[2] ?? '', '…');
  assert.match(await list('table'), 'rather/long/name');
  assert.match(await list('table', 60, true), 'rather/long/name');
});

test('templates, with and without a heading, and JSON', async () => {
  assert.is(await list('{{.Tag}}\\t{{.ID}}'), 'latest\t0123456789ab\n1\tba9876543210\n');
  assert.is(await list('table {{.Tag}}\\t{{.Label "x"}}'), 'TAG       x\nlatest    x!\n1         \n');
  assert.equal((await list('json')).trim().split('\n').map((line) => JSON.parse(line) as object), rows.map(({ Repository, Tag, ID }) => ({ Repository, Tag, ID })));
});

test('an empty list is a heading, or nothing', async () => {
  assert.is(await renderList(view, [], { format: undefined }, output()), 'REPOSITORY   TAG       IMAGE ID\n');
  assert.is(await renderList(view, [], { format: '{{.ID}}' }, output()), '');
});

test('control characters are shown, not sent', async () => {
  const hostile = [{ Repository: 'a\u001b[2Jb', Tag: 'x\ty\nz', ID: '\u009b1m', Label: () => '\u0007' }];
  for (const format of [undefined, 'json', '{{.Repository}}{{.Tag}}{{.ID}}{{.Label "x"}}', 'table {{.Repository}}\\t{{.ID}}']) {
    const text = await renderList(view, hostile, { format }, output(100));
    assert.not.match(text.replace(/\n/g, ''), /[\u0000-\u001f\u007f-\u009f]/);
  }
  assert.is(await renderObject('{{.x}}', { x: '\u001b]0;t\u0007' }, output(80)), '\\x1b]0;t\\x07\n');
  assert.is(await renderObject('json', { x: 1 }, output()), '{"x":1}\n');
});

test('wide characters take two cells and marks none', async () => {
  assert.equal(['abc', '日本', 'é', 'e\u0301', '🚀', '한글', 'a\u200bb'].map(textWidth), [3, 4, 1, 1, 2, 4, 2]);
  assert.is(fitting('日本語', 5), '日本');
  const text = await renderList({ headings: { A: 'A', B: 'B' }, columns: ['A', 'B'] }, [{ A: '日本語テキスト', B: 'x' }], { format: undefined }, output());
  assert.is(text, `A${' '.repeat(16)}B\n日本語テキスト   x\n`);
});

test.run();
