/** Progress of a build as lines. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { plainProgress } from '../../src/build/progress-plain.ts';
import { shownContext, shownFiles } from '../../src/build/show-context.ts';
import type { Files } from '../../src/build/session.ts';
import type { Tree } from '../../src/build/tree.ts';

const recorder = () => {
  let text = '';
  return { progress: plainProgress((more) => void (text += more)), text: () => text.replace(/\d+\.\d+s$/gmu, 'Ns').replace(/^(#\d+) \d+\.\d+ /gmu, '$1 T ') };
};

test('tasks that write in turns: who is not over yet has dots, and says its title again', () => {
  const { progress, text } = recorder();
  const left = progress.begin('[left 2/2] RUN a');
  left.output(Buffer.from('one\n'));
  const right = progress.begin('[right 2/2] RUN b');
  right.output(Buffer.from('two\n'));
  right.done();
  left.output(Buffer.from('three'));
  left.failed('exit code: 1');
  assert.is(text(), [
    '#1 [left 2/2] RUN a', '#1 T one', '#1 ...', '', '#2 [right 2/2] RUN b', '#2 T two', '#2 DONE Ns', '', '#1 [left 2/2] RUN a', '#1 T three', '#1 ERROR: exit code: 1', '',
  ].join('\n'));
});

test('reading the Dockerfile, .dockerignore and the context are tasks, the last one only when it is needed, and once', async () => {
  const { progress, text } = recorder();
  const order = { word: '.', file: 'ci/App.dockerfile', cwd: '/' };
  await shownContext(order, { progress }, async () => ({ directory: '/', dockerfile: { name: 'x', text: 'FROM é\n' }, ignore: '' }));
  const files: Files = { place: { kind: 'host', directory: '/' }, tree: async () => new Map([['', {}]]) as unknown as Tree, subject: 'the context' };
  const shown = shownFiles(progress, files);
  assert.not.match(text(), /build context/);
  await Promise.all([shown.tree(), shown.tree()]);
  assert.is(text(), [
    '#1 [internal] load build definition from App.dockerfile', '#1 transferring dockerfile: 8B done', '#1 DONE Ns', '',
    '#2 [internal] load .dockerignore', '#2 transferring context: 0B done', '#2 DONE Ns', '',
    '#3 [internal] load build context', '#3 reading context: 1 entry done', '#3 DONE Ns', '',
  ].join('\n'));
});

test('a Dockerfile that cannot be read is an error of its task', async () => {
  const { progress, text } = recorder();
  const failing = shownContext({ word: '.', cwd: '/' }, { progress }, async () => {
    throw new Error('no such file');
  });
  await failing.then(() => assert.unreachable(), () => undefined);
  assert.is(text(), '#1 [internal] load build definition from Dockerfile\n#1 ERROR: no such file\n');
});

test.run();
