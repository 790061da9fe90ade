/** What the arguments of `skiff cp` mean, what its ends' complaints become, and the list of `skiff diff`. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copySentence } from '../../src/runtime/copy-errors.ts';
import { parseCopyArgument } from '../../src/runtime/copy-path.ts';
import type { CopyPath } from '../../src/runtime/copy-path.ts';
import { parseChanges } from '../../src/runtime/diff.ts';
import { wholeHistory } from '../../src/images/commit.ts';
import type { ImageConfig } from '../../src/core/oci-image.ts';

const pathOf = (word: string): CopyPath => {
  const argument = parseCopyArgument(word, '/here');
  assert.is(argument.kind, 'path');
  return argument as unknown as CopyPath;
};

const short = (word: string): string => {
  const { container, path, name, contents } = pathOf(word);
  return `${container ?? '-'} ${path} ${name}${contents ? ' contents' : ''}`;
};

test('container or host', () => {
  assert.is(short('web:/etc/passwd'), 'web /etc/passwd passwd');
  assert.is(short('web:etc'), 'web /etc etc');
  assert.is(short('web:'), 'web / root contents');
  assert.is(short('./web:x'), '- /here/web:x web:x');
  assert.is(short('/a:b'), '- /a:b a:b');
  assert.is(short('file'), '- /here/file file');
  assert.is(short('web:a:b'), 'web /a:b a:b');
  assert.equal(parseCopyArgument('-', '/'), { kind: 'stream' });
});

test('slashes and dots at the end', () => {
  assert.is(short('dir/'), '- /here/dir/ dir');
  assert.is(short('dir/.'), '- /here/dir/ dir contents');
  assert.is(short('.'), '- /here/ here contents');
  assert.is(short('..'), '- / root contents');
  assert.is(short('web:/a/..'), 'web / root contents');
  assert.is(short('web:/a/b/..'), 'web /a/ a');
  assert.is(short('web:/../../etc'), 'web /etc etc');
  assert.is(short('dir.'), '- /here/dir. dir.');
});

test('what names nothing is refused', () => {
  assert.throws(() => parseCopyArgument('', '/'), /names no path/);
  assert.throws(() => parseCopyArgument(':/etc', '/'), /names no container/);
  assert.throws(() => parseCopyArgument('web:/a\0b', '/'), /NUL/);
});

test('complaints in Docker\'s words', () => {
  const [file, web] = [parseCopyArgument('file', '/here'), parseCopyArgument('web:/a/b', '/here')];
  assert.is(copySentence('source-missing', web, file), 'could not find the file /a/b in container web');
  assert.is(copySentence('source-missing', file, web), 'no such file or directory: file');
  assert.is(copySentence('target-missing', file, web), 'could not find the file /a in container web');
  assert.is(copySentence('target-missing', web, file), 'invalid output path: directory "/here" does not exist');
  assert.is(copySentence('target-no-directory', { kind: 'stream' }, web), 'destination "web:/a/b" must be a directory');
  assert.is(copySentence('constructor', file, web), undefined);
});

test('changes are sorted by the bytes of their paths', () => {
  const list = Buffer.from('C /a\0A /a/b\0A /a.b\0D /\xff\0', 'latin1');
  assert.equal(parseChanges(list).map(({ kind, path }) => `${kind} ${path}`), ['C /a', 'A /a.b', 'A /a/b', 'D /\xff']);
  assert.equal(parseChanges(Buffer.alloc(0)), []);
});

test('layers that the history does not tell of get steps of their own', () => {
  const config = (layers: number, history: ImageConfig['history']): ImageConfig => ({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: Array.from({ length: layers }, () => `sha256:${'0'.repeat(64)}` as const) },
    history,
  });
  assert.equal(wholeHistory(config(2, undefined)), [{}, {}]);
  assert.equal(wholeHistory(config(2, [{ comment: 'a' }, { empty_layer: true }])), [{ comment: 'a' }, { empty_layer: true }, {}]);
  assert.equal(wholeHistory(config(1, [{ comment: 'a' }])), [{ comment: 'a' }]);
});

test.run();
