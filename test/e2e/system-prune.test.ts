/**
 * `system prune`: what it takes and what it leaves, of every kind, in Docker's order and with Docker's words.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, importBusybox, loadImage, output, removeAll, skiff } from './skiff.ts';

test.before.each(() => {
  removeAll();
  output(['system', 'prune', '-af']);
  importBusybox();
});
test.after(() => {
  removeAll();
  output(['system', 'prune', '-af']);
});

const stopped = (name: string, ...flags: readonly string[]): string => {
  const id = output(['create', '--name', name, '--network', 'none', ...flags, 'busybox', 'true']).trim();
  assert.match(id, /^[0-9a-f]{64}$/);
  return id;
};
const names = (...command: readonly string[]): readonly string[] => output(command).split('\n').filter((line) => line !== '').sort();

test('asks for all kinds at once, takes only y for an answer', () => {
  const question = [
    'WARNING! This will remove:',
    '  - all stopped containers',
    '  - all networks not used by at least one container',
    '  - all dangling images',
    '  - unused build cache',
    '',
    'Are you sure you want to continue? [y/N] ',
  ].join('\n');
  const id = stopped('waiting');
  assert.is(output(['system', 'prune'], { input: 'n\n' }), question);
  assert.equal(names('ps', '-aq', '--no-trunc'), [id]);
  assert.match(output(['system', 'prune'], { input: 'y\n' }).slice(question.length), new RegExp(`^Deleted Containers:\\n${id}\\n\\nTotal reclaimed space: [\\d.]+k?B\\n$`));
  const filtered = output(['system', 'prune', '-a', '--filter', 'until=24h', '--filter', 'label=a'], { input: '' });
  assert.match(filtered, / {2}- all images without at least one container associated to them\n\n {2}Items to be pruned will be filtered with:\n {2}- label=a\n {2}- until=24h\n\nAre you sure/);
});

test('containers, networks and images go, in this order and with one total; what runs keeps what it uses', () => {
  loadImage('other', {});
  output(['run', '-d', '--network', 'none', '--name', 'running', 'busybox', 'sleep', '600']);
  const gone = output(['create', '--name', 'gone', '--network', 'none', 'other', 'true']).trim();
  output(['network', 'create', 'empty']);
  const text = output(['system', 'prune', '--all', '--force']);
  const form = new RegExp(`^Deleted Containers:\\n${gone}\\n\\nDeleted Networks:\\nempty\\n\\nDeleted Images:\\nuntagged: other:latest\\n(untagged: other@sha256:[0-9a-f]{64}\\n)?(deleted: sha256:[0-9a-f]{64}\\n)+\\nTotal reclaimed space: ([\\d.]+[kM]B)\\n$`);
  assert.match(text, form);
  assert.equal(names('ps', '-a', '--format', '{{.Names}}'), ['running']);
  assert.equal(names('images', '--format', '{{.Repository}}'), ['busybox']);
  assert.is(output(['exec', 'running', 'echo', 'alive']), 'alive\n');
  assert.is(output(['system', 'prune', '-af']), 'Total reclaimed space: 0B\n');
});

test('without --all an image with a name stays; an image whose only container went in the same run goes with --all', () => {
  stopped('holder');
  output(['system', 'prune', '-f']);
  assert.equal(names('images', '--format', '{{.Repository}}'), ['busybox']);
  stopped('holder');
  output(['system', 'prune', '-af']);
  assert.equal(names('images', '-q'), []);
});

test('filters hold for every kind', () => {
  stopped('kept', '--label', 'keep');
  stopped('old');
  output(['network', 'create', '--label', 'keep', 'mine']);
  output(['network', 'create', 'other']);
  assert.is(output(['system', 'prune', '-f', '--filter', 'until=1h']), 'Total reclaimed space: 0B\n');
  assert.match(output(['system', 'prune', '-f', '--filter', 'label!=keep']), /^Deleted Containers:\n[0-9a-f]{64}\n\nDeleted Networks:\nother\n\nTotal/);
  assert.equal(names('ps', '-a', '--format', '{{.Names}}'), ['kept']);
  assert.ok(names('network', 'ls', '--format', '{{.Name}}').includes('mine'));
  const wrong = skiff(['system', 'prune', '--filter', 'colour=red'], { input: 'y\n' });
  assert.equal([wrong.status, wrong.stdout], [1, '']);
  assert.match(wrong.stderr, /^skiff: invalid filter 'colour'/);
  assert.is(skiff(['system', 'prune', '-f', '--filter', 'colour']).status, 125);
  assert.is(output(['network', 'rm', 'mine']), 'mine\n');
});

test('--volumes: anonymous volumes that nobody names go with the containers, others stay; sizes are in the total', () => {
  stopped('holder', '-v', '/a', '-v', 'named:/n');
  output(['run', '--name', 'fills', '--network', 'none', '-v', '/b', 'busybox', 'sh', '-c', 'head -c 3145728 /dev/urandom > /b/file']);
  output(['run', '-d', '--name', 'keeps', '--network', 'none', '-v', '/c', 'busybox', 'sleep', '600']);
  assert.is(names('volume', 'ls', '-q').length, 4);
  assert.match(output(['system', 'prune', '--volumes'], { input: 'n\n' }), / {2}- all networks not used by at least one container\n {2}- all anonymous volumes not used by at least one container\n {2}- all dangling images\n/);
  const text = output(['system', 'prune', '-f', '--volumes']);
  assert.match(text, /^Deleted Containers:\n[0-9a-f]{64}\n[0-9a-f]{64}\n\nDeleted Volumes:\n[0-9a-f]{64}\n[0-9a-f]{64}\n\nTotal reclaimed space: 3\.\d+MB\n$/);
  assert.ok(names('volume', 'ls', '-q').includes('named'));
  assert.is(names('volume', 'ls', '-q').length, 2);
  const wrong = skiff(['system', 'prune', '-f', '--volumes', '--filter', 'until=24h']);
  assert.equal([wrong.status, wrong.stdout], [1, '']);
  assert.match(wrong.stderr, /^skiff: the "until" filter is not supported with "--volumes"/);
  removeAll();
  output(['volume', 'prune', '-af']);
});

test('what is just being started is not touched', () => {
  for (let round = 0; round < 5; round += 1) {
    const id = output(['run', '-d', '--network', 'none', 'busybox', 'sleep', '600']).trim();
    output(['system', 'prune', '-af']);
    assert.is(output(['exec', id, 'echo', 'alive']), 'alive\n');
    output(['rm', '-f', id]);
    output(['system', 'prune', '-af']);
    importBusybox();
  }
  assert.is(output([...bare, 'busybox', 'echo', 'ran']), 'ran\n');
});

test.run();
