import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { renderList } from '../../src/cli/format.ts';
import { catalogFields, parseSearch, searchFields, view } from '../../src/cli/search.ts';
import { decodeResults } from '../../src/registry/search.ts';
import { searchFilter } from '../../src/registry/search-filters.ts';
import type { SearchResult } from '../../src/registry/search-filters.ts';

const output = { write: () => undefined, isTerminal: () => false, columns: () => 80 };

const result = (changes: Partial<SearchResult>): SearchResult => ({ name: 'nginx', description: 'A server', stars: 7, isOfficial: false, isAutomated: false, ...changes });

const answer = JSON.stringify({
  num_pages: 1, num_results: 2, page: 1, page_size: 25, query: 'nginx',
  results: [
    { name: 'nginx', description: 'Official build of Nginx.', star_count: 20611, is_official: true, is_automated: false },
    { name: 'nginx/ingress', description: null, star_count: 93, is_official: false },
  ],
});

test('the answer of the hub', () => {
  assert.equal(decodeResults(answer), [
    { name: 'nginx', description: 'Official build of Nginx.', stars: 20611, isOfficial: true, isAutomated: false },
    { name: 'nginx/ingress', description: '', stars: 93, isOfficial: false, isAutomated: false },
  ]);
  assert.equal(decodeResults('{"results":[]}'), []);
  for (const text of ['', '<html>', '[]', '{}', '{"results":{}}', '{"results":[{"name":7}]}', '{"results":[{"name":"a","star_count":"7"}]}']) {
    assert.throws(() => decodeResults(text), /the answer of Docker Hub is damaged/, text);
  }
});

test('the table is that of Docker', async () => {
  const rows = decodeResults(answer).map((found) => searchFields(found, false));
  assert.is(await renderList(view, rows, { format: undefined }, output), [
    'NAME            DESCRIPTION                STARS     OFFICIAL',
    'nginx           Official build of Nginx.   20611     [OK]',
    'nginx/ingress                              93        ',
    '',
  ].join('\n'));
  assert.is(await renderList(view, rows, { format: '{{.Name}}:{{.StarCount}}:{{.IsOfficial}}:{{.IsAutomated}}' }, output), 'nginx:20611:[OK]:\nnginx/ingress:93::\n');
  assert.match(await renderList(view, [], { format: undefined }, output), /^NAME +DESCRIPTION +STARS +OFFICIAL\n$/);
});

test('descriptions are one line of 45 characters at most', () => {
  const text = (description: string, noTrunc = false): unknown => searchFields(result({ description }), noTrunc)['Description'];
  assert.is(text('a\nb\r\nc'), 'a b c');
  assert.is(text('x'.repeat(45)), 'x'.repeat(45));
  assert.is(text('x'.repeat(46)), `${'x'.repeat(44)}…`);
  assert.is(text('🐳'.repeat(46)), `${'🐳'.repeat(44)}…`);
  assert.is(text('x'.repeat(46), true), 'x'.repeat(46));
});

test('control characters in a description do not reach the terminal', async () => {
  const shown = await renderList(view, [searchFields(result({ name: 'a\u001b[2J', description: '\u001b]0;x\u0007' }), true)], { format: undefined }, output);
  assert.not.match(shown, /[\u001b\u0007]/);
});

test('another registry has names and no stars', () => {
  assert.equal(catalogFields('r.corp/app'), { Name: 'r.corp/app', Description: '', StarCount: '', IsOfficial: '', IsAutomated: '' });
});

test('where to search for what', () => {
  const cases: readonly (readonly [word: string, domain: string, term: string])[] = [
    ['nginx', 'docker.io', 'nginx'],
    ['nginx/ingress', 'docker.io', 'nginx/ingress'],
    ['docker.io/nginx', 'docker.io', 'nginx'],
    ['index.docker.io/nginx', 'docker.io', 'nginx'],
    ['quay.io/team/app', 'quay.io', 'team/app'],
    ['localhost:5000/', 'localhost:5000', ''],
    ['[::1]:5000/a', '[::1]:5000', 'a'],
    ['some words', 'docker.io', 'some words'],
  ];
  for (const [word, domain, term] of cases) assert.equal(parseSearch(word, 'docker.io'), { domain, term }, word);
  assert.equal(parseSearch('app', 'r.corp'), { domain: 'r.corp', term: 'app' });
  assert.equal(parseSearch('docker.io/app', 'r.corp'), { domain: 'docker.io', term: 'app' });
  for (const word of ['', ' ', 'https://quay.io/x', '-a.b/x', 'me@a.b/x']) assert.throws(() => parseSearch(word, 'docker.io'), undefined, word);
});

test('filters', () => {
  const cases: readonly (readonly [filters: readonly string[], passes: boolean])[] = [
    [[], true],
    [['stars=7'], true],
    [['stars=8'], false],
    [['stars=3', 'stars=8'], false],
    [['is-official=false'], true],
    [['is-official=true'], false],
    [['is-official=1'], false],
    [['is-automated=false'], true],
    [['is-automated=true'], false],
    [['is-official=false', 'stars=1'], true],
  ];
  for (const [filters, passes] of cases) assert.is(searchFilter(filters)(result({})), passes, filters.join(' '));
  for (const filter of ['stars', 'stars=', 'stars=-1', 'stars=x', 'stars=1.5', 'is-official=maybe', 'name=x', '=']) assert.throws(() => searchFilter([filter]), /invalid filter/, filter);
});

test.run();
