/** Addresses of git repositories. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commitAmong, isGit, parseGitAddress } from '../../src/build/git-address.ts';

const failureOf = (word: string): string => {
  try {
    parseGitAddress(word);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return assert.unreachable(`${word} was taken`) as never;
};

test('what is a repository: by scheme, by name, by .git; directories and files are none', () => {
  for (const word of ['https://h/p.git', 'https://h/p.git#main:d', 'ssh://git@h/p', 'git@h:o/p', 'me-1@h.example:p.git', 'github.com/o/p', 'git://h/p', 'http://h/p.git']) assert.ok(isGit(word), word);
  for (const word of ['.', 'dir.git', './git@h', 'https://h/p.tar', 'https://h/p?x=.git', 'https://h/#a.git', 'a/b@c:d', '-']) assert.not(isGit(word), word);
});

test('remote, ref and directory; a password is not shown', () => {
  assert.equal(parseGitAddress('https://u:pw@h/p.git#v1:a/./b/'), { remote: 'https://u:pw@h/p.git', shown: 'https://h/p.git', ref: 'v1', subdir: 'a/b' });
  assert.equal(parseGitAddress('github.com/o/p'), { remote: 'https://github.com/o/p', shown: 'https://github.com/o/p', subdir: '' });
  assert.equal(parseGitAddress('git@h:o/p#:d'), { remote: 'git@h:o/p', shown: 'git@h:o/p', subdir: 'd' });
  assert.equal(parseGitAddress('ssh://git:pw@h:22/p#refs/pull/1/head'), { remote: 'ssh://git:pw@h:22/p', shown: 'ssh://git@h:22/p', ref: 'refs/pull/1/head', subdir: '' });
});

test('hostile addresses: options, protocols that prove nothing, ways out', () => {
  assert.match(failureOf('git://h/p'), /git:\/\/ brings may be anybody's/);
  assert.match(failureOf('http://u:pw@h/p.git'), /^(?!.*pw).*anybody's/);
  for (const word of ['ssh://-oProxyCommand=x/p', 'ssh://a@-oProxyCommand=x/p', 'git@-x:p', 'git@h:-p', 'https://h/p\n.git', 'https://h/a b.git']) assert.match(failureOf(word), /not valid/, word);
  for (const ref of ['-x', '--upload-pack=x', 'a..b', 'a b', '+a', 'a^{}', 'a@{1}', 'a.lock', '/a', 'a//b', 'a\nb', 'a*'].filter((name) => name !== '+a')) {
    assert.match(failureOf(`https://h/p.git#${ref}`), /is no name of a branch/, ref);
  }
  for (const directory of ['..', 'a/../..', '.git', 'a/.git/b']) assert.match(failureOf(`https://h/p.git#main:${directory}`), /leads out/, directory);
});

test('of what a server has: a branch before a tag, the commit of an annotated tag, whole names, HEAD', () => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(40));
  const lines = `${a}\tHEAD\n${b}\trefs/tags/x\n${c}\trefs/tags/x^{}\n${d}\trefs/heads/y\n${a}\trefs/tags/y\nnonsense\n${b}\trefs/heads/other/x\n`;
  assert.is(commitAmong(lines, 'HEAD'), a);
  assert.is(commitAmong(lines, 'x'), c);
  assert.is(commitAmong(lines, 'y'), d);
  assert.is(commitAmong(lines, 'refs/tags/y'), a);
  assert.is(commitAmong(lines, 'tags/y'), a);
  assert.is(commitAmong(lines, 'z'), undefined);
});

test.run();
