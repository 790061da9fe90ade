import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { familiarReference, familiarRepository, formatReference, hasHost, isDomain, parseImageWord, parseReference, parseStoredName } from '../../src/core/reference.ts';

const hex = 'a'.repeat(64);

/** Host, path, tag and digest of words, as github.com/distribution/reference takes them (the cases of its reference_test.go and normalize_test.go among them). */
const good: readonly (readonly [word: string, whole: string, familiar: string])[] = [
  // What Docker leaves out.
  ['centos', 'docker.io/library/centos:latest', 'centos:latest'],
  ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
  ['docker.io/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['docker.io/library/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['library/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['index.docker.io/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['index.docker.io/library/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['index.docker.io/fooo/bar', 'docker.io/fooo/bar:latest', 'fooo/bar:latest'],
  ['user/name:v2', 'docker.io/user/name:v2', 'user/name:v2'],
  ['other/library', 'docker.io/other/library:latest', 'other/library:latest'],
  ['docker.io/library/a/b', 'docker.io/library/a/b:latest', 'library/a/b:latest'],
  ['store/foo/bar', 'docker.io/store/foo/bar:latest', 'store/foo/bar:latest'],
  ['library/ubuntu-12.04-base', 'docker.io/library/ubuntu-12.04-base:latest', 'ubuntu-12.04-base:latest'],
  // What is a host, and what only looks like one.
  ['quay.io/x/y', 'quay.io/x/y:latest', 'quay.io/x/y:latest'],
  ['localhost/x', 'localhost/x:latest', 'localhost/x:latest'],
  ['localhost', 'docker.io/library/localhost:latest', 'localhost:latest'],
  ['localhost:5000', 'docker.io/library/localhost:5000', 'localhost:5000'],
  ['localhost:5000/x', 'localhost:5000/x:latest', 'localhost:5000/x:latest'],
  ['Host/x', 'Host/x:latest', 'Host/x:latest'],
  ['DOCKER/docker', 'DOCKER/docker:latest', 'DOCKER/docker:latest'],
  ['Docker.io/x', 'Docker.io/x:latest', 'Docker.io/x:latest'],
  ['test_com', 'docker.io/library/test_com:latest', 'test_com:latest'],
  ['test_com/foo', 'docker.io/test_com/foo:latest', 'test_com/foo:latest'],
  ['test.com', 'docker.io/library/test.com:latest', 'test.com:latest'],
  ['test.com:tag', 'docker.io/library/test.com:tag', 'test.com:tag'],
  ['test.com:5000', 'docker.io/library/test.com:5000', 'test.com:5000'],
  ['test.com/repo:tag', 'test.com/repo:tag', 'test.com/repo:tag'],
  ['test:5000/repo', 'test:5000/repo:latest', 'test:5000/repo:latest'],
  ['test:5000/repo:tag', 'test:5000/repo:tag', 'test:5000/repo:tag'],
  ['test-com:8080/foo', 'test-com:8080/foo:latest', 'test-com:8080/foo:latest'],
  ['foo_bar.com:8080', 'docker.io/library/foo_bar.com:8080', 'foo_bar.com:8080'],
  ['foo/foo_bar.com:8080', 'docker.io/foo/foo_bar.com:8080', 'foo/foo_bar.com:8080'],
  ['sub-dom1.foo.com/bar/baz/quux:some-long-tag', 'sub-dom1.foo.com/bar/baz/quux:some-long-tag', 'sub-dom1.foo.com/bar/baz/quux:some-long-tag'],
  ['b.gcr.io/test.example.com/my-app:test.example.com', 'b.gcr.io/test.example.com/my-app:test.example.com', 'b.gcr.io/test.example.com/my-app:test.example.com'],
  ['xn--n3h.com:18080/foo', 'xn--n3h.com:18080/foo:latest', 'xn--n3h.com:18080/foo:latest'],
  ['192.168.1.1', 'docker.io/library/192.168.1.1:latest', '192.168.1.1:latest'],
  ['192.168.1.1:5000', 'docker.io/library/192.168.1.1:5000', '192.168.1.1:5000'],
  ['192.168.1.1/repo', '192.168.1.1/repo:latest', '192.168.1.1/repo:latest'],
  ['192.168.1.1:5000/repo:5050', '192.168.1.1:5000/repo:5050', '192.168.1.1:5000/repo:5050'],
  ['[::1]:5000/x:t', '[::1]:5000/x:t', '[::1]:5000/x:t'],
  ['[2001:db8::1]/repo', '[2001:db8::1]/repo:latest', '[2001:db8::1]/repo:latest'],
  ['[2001:db8::]:5000/repo', '[2001:db8::]:5000/repo:latest', '[2001:db8::]:5000/repo:latest'],
  ['[2001:db8:1:2:3:4:5:6]/repo:tag', '[2001:db8:1:2:3:4:5:6]/repo:tag', '[2001:db8:1:2:3:4:5:6]/repo:tag'],
  [`[2001:db8::1]:5000/repo:tag@sha256:${hex}`, `[2001:db8::1]:5000/repo:tag@sha256:${hex}`, `[2001:db8::1]:5000/repo:tag@sha256:${hex}`],
  // Separators, lengths, tags and digests.
  ['a__b/c--d.e', 'docker.io/a__b/c--d.e:latest', 'a__b/c--d.e:latest'],
  ['docker---rules/docker', 'docker.io/docker---rules/docker:latest', 'docker---rules/docker:latest'],
  ['dock__er/docker', 'docker.io/dock__er/docker:latest', 'dock__er/docker:latest'],
  ['d/t', 'docker.io/d/t:latest', 'd/t:latest'],
  ['lowercase:Uppercase', 'docker.io/library/lowercase:Uppercase', 'lowercase:Uppercase'],
  ['a:_x', 'docker.io/library/a:_x', 'a:_x'],
  [`a:${'t'.repeat(128)}`, `docker.io/library/a:${'t'.repeat(128)}`, `a:${'t'.repeat(128)}`],
  [`${'a/'.repeat(127)}a:tag-puts-this-over-max`, `docker.io/${'a/'.repeat(127)}a:tag-puts-this-over-max`, `${'a/'.repeat(127)}a:tag-puts-this-over-max`],
  [`a.example/${'a/'.repeat(127)}a`, `a.example/${'a/'.repeat(127)}a:latest`, `a.example/${'a/'.repeat(127)}a:latest`],
  [`busybox@sha256:${hex}`, `docker.io/library/busybox@sha256:${hex}`, `busybox@sha256:${hex}`],
  [`a/b@sha256:${hex}`, `docker.io/a/b@sha256:${hex}`, `a/b@sha256:${hex}`],
  [`busybox:1@sha256:${hex}`, `docker.io/library/busybox:1@sha256:${hex}`, `busybox:1@sha256:${hex}`],
  [`test:5000/repo:tag@sha256:${hex}`, `test:5000/repo:tag@sha256:${hex}`, `test:5000/repo:tag@sha256:${hex}`],
  [`docker.io/${hex}`, `docker.io/library/${hex}:latest`, `${hex}:latest`],
  [hex.slice(1), `docker.io/library/${hex.slice(1)}:latest`, `${hex.slice(1)}:latest`],
  ['thisisthesongthatneverendsitgoesonandonandonthisisthesongthatnev', 'docker.io/library/thisisthesongthatneverendsitgoesonandonandonthisisthesongthatnev:latest', 'thisisthesongthatneverendsitgoesonandonandonthisisthesongthatnev:latest'],
];

for (const [word, whole, familiar] of good) {
  test(`parses ${word.slice(0, 40)}`, () => {
    const reference = parseReference(word);
    if ('_tag' in reference) throw new Error(`refused: ${JSON.stringify(reference)}`);
    assert.is(formatReference(reference), whole);
    assert.is(familiarReference(reference), familiar);
    const again = parseReference(whole);
    assert.equal(again, reference, 'the whole form means the same');
    // Docker's own output does not take a name of 64 digits back.
    if (familiar !== `${hex}:latest`) assert.equal(parseReference(familiar), reference, 'so does the familiar one');
  });
}

const bad: readonly string[] = [
  '', ' ', ':', '@', '/', ':tag', ':justtag', 'a:', 'a@', 'a b', 'a:b:c', 'a@b@c',
  // Names.
  'Busybox', 'docker/Docker', 'docker.io/docker/Docker', 'test:5000/Uppercase/lowercase:tag', 'a//b', 'docker///docker', 'docker.io/docker///docker', '/a', 'a/', 'docker/',
  '-a', '-docker', 'a/-b', '-docker/docker', 'docker-/docker', '-docker-/docker', '____/____', '_docker/_docker', 'a..b', 'a___b', 'dock..er/docker', 'dock_.er/docker', 'dock-.er/docker', '../x', 'a/../b',
  'aa/asdf$$^/aa', 'a\u001b[31m', 'a\n', 'a\nb', 'ä', 'a/ä', `${'a/'.repeat(128)}a`, `${'a/'.repeat(128)}a:tag`, `a.example/${'a'.repeat(256)}`, hex,
  // Hosts.
  'x.y:port/a', '-host.example/x', '-docker.io/docker/docker', 'host-.example/x', 'a..b/x', '.example/x', 'http://host/x', 'https://github.com/docker/docker', 'a.b:/x', ':5000/x', 'me@a.b/x',
  '[::1]', '[2001:db8::1]', '[2001:db8::1]:5000', '[2001:db8::1]:tag', '[fc00::1]', 'fc00::1:5000/debian', '[fe80::1%eth0]:5000/repo', '[fe80::1%@invalidzone]:5000/repo', '[2001:db8:3:4::192.0.2.33]:5000/debian', '[]/x',
  // Tags and digests.
  'a:-x', 'a:.x', 'a:ä', `a:${'t'.repeat(129)}`, `@sha256:${hex}`, `:t@sha256:${hex}`, 'a@sha256:1234', 'repo@sha256:ffffffffffffffffffffffffffffffffff', 'a@md5:00', `a@sha256:${hex.toUpperCase()}`,
  `validname@invaliddigest:${hex}`, `a@sha256:${hex}x`, `a@SHA256:${hex}`, `a@${hex}`, `a@sha256:${hex}:tag`,
  // Docker knows other algorithms; Skiff has one name for one blob.
  `a@sha512:${hex}${hex}`,
];

for (const word of bad) {
  test(`refuses ${JSON.stringify(word.slice(0, 30))}`, () => {
    const reference = parseReference(word);
    assert.ok('_tag' in reference, `taken for ${JSON.stringify(reference)}`);
    assert.is(reference._tag, 'Usage');
  });
}

test('names of a store are taken apart as all others are', () => {
  const words = [...good.flatMap(([word, whole]) => [word, whole]), ...['index.docker.io/a/b:1', `a.b/${'c/'.repeat(128)}d:1`, 'A.b/c/D:1', 'a.b/c/d:-', 'a.b/c//d:1', 'a.b/c/d:1\n', 'a_b.c/d/e:1']];
  for (const word of words) assert.equal(parseStoredName(word), parseReference(word), word);
});

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

test('what can stand in front of a name', () => {
  for (const domain of ['docker.io', 'quay.io', 'localhost', 'localhost:5000', 'corp:5000', '[::1]:5000', '[::1]', '127.0.0.1:80', 'Corp']) assert.ok(isDomain(domain), domain);
  for (const word of ['', 'corp', 'index.docker.io', 'a.b/c', 'a.b/', 'https://a.b', 'a.b:', 'a.b:x', 'me@a.b', '-a.b', 'a.b:1:2', '../x', 'a.b\n', '[::1', ' a.b']) assert.not.ok(isDomain(word), word);
});

test('which words name their registry', () => {
  for (const word of ['quay.io/x', 'localhost/x', 'a:1/x', 'docker.io/x', 'Corp/x', '[::1]:5/x']) assert.ok(hasHost(word), word);
  for (const word of ['busybox', 'busybox:1', 'user/x', 'localhost', 'quay.io', 'quay.io:1', 'a.b@sha256:x', '']) assert.not.ok(hasHost(word), word);
});

test.run();
