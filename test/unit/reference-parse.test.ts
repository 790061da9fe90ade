import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { familiarReference, familiarRepository, formatReference, parseImageWord, parseReference } from '../../src/core/reference.ts';

const hex = 'a'.repeat(64);

const good: readonly (readonly [word: string, whole: string, familiar: string])[] = [
  ['busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
  ['docker.io/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['index.docker.io/library/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['user/name:v2', 'docker.io/user/name:v2', 'user/name:v2'],
  ['quay.io/x/y', 'quay.io/x/y:latest', 'quay.io/x/y:latest'],
  ['localhost/x', 'localhost/x:latest', 'localhost/x:latest'],
  ['localhost:5000/x', 'localhost:5000/x:latest', 'localhost:5000/x:latest'],
  ['[::1]:5000/x:t', '[::1]:5000/x:t', '[::1]:5000/x:t'],
  ['Host/x', 'Host/x:latest', 'Host/x:latest'],
  ['a__b/c--d.e', 'docker.io/a__b/c--d.e:latest', 'a__b/c--d.e:latest'],
  [`busybox@sha256:${hex}`, `docker.io/library/busybox@sha256:${hex}`, `busybox@sha256:${hex}`],
  [`busybox:1@sha256:${hex}`, `docker.io/library/busybox:1@sha256:${hex}`, `busybox:1@sha256:${hex}`],
  ['docker.io/library/a/b', 'docker.io/library/a/b:latest', 'library/a/b:latest'],
];

for (const [word, whole, familiar] of good) {
  test(`parses ${word.slice(0, 40)}`, () => {
    const reference = parseReference(word);
    if ('_tag' in reference) throw new Error(`refused: ${JSON.stringify(reference)}`);
    assert.is(formatReference(reference), whole);
    assert.is(familiarReference(reference), familiar);
    const again = parseReference(whole);
    assert.equal(again, reference, 'the whole form means the same');
  });
}

const bad = ['', ':', ':tag', 'Busybox', 'a//b', '/a', 'a/', 'a b', 'a:', 'a:-x', `a:${'t'.repeat(129)}`, 'a@sha256:1234', 'a@md5:00', '-a', 'a/-b',
  'a..b', 'a___b', 'x.y:port/a', hex, `${'a/'.repeat(130)}a`, 'a\u001b[31m', '../x', 'http://host/x', 'a@', '-host.example/x'];

for (const word of bad) {
  test(`refuses ${JSON.stringify(word.slice(0, 30))}`, () => {
    const reference = parseReference(word);
    assert.ok('_tag' in reference, `taken for ${JSON.stringify(reference)}`);
    assert.is(reference._tag, 'Usage');
  });
}

test('a repository with capitals is told so', () => {
  const reference = parseReference('docker.io/Busy');
  assert.match(JSON.stringify(reference), /must be lowercase/);
});

test('an official image loses its prefix, another keeps its host', () => {
  const [a, b] = [parseReference('library/redis'), parseReference('ghcr.io/redis')];
  if ('_tag' in a || '_tag' in b) throw new Error('refused');
  assert.is(familiarRepository(a), 'redis');
  assert.is(familiarRepository(b), 'ghcr.io/redis');
});

test('words that may be ids', () => {
  assert.equal(parseImageWord('93fd'), { reference: { domain: 'docker.io', path: 'library/93fd', tag: 'latest' }, idPrefix: '93fd' });
  assert.equal(parseImageWord('sha256:93fd'), { idPrefix: '93fd' });
  assert.equal(parseImageWord(hex), { idPrefix: hex });
  assert.not('idPrefix' in parseImageWord('busybox'));
  assert.ok('_tag' in parseImageWord('UPPER'));
});

test.run();
