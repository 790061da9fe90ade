/**
 * `skiff rm`: by name, id and beginning; running ones; several at once; what is left.
 * @also-on-node
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerDirectories, eventually, importBusybox, leftovers, output, removeAll, skiff } from './skiff.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

const ended = (name: string): string => {
  output(['run', '--network', 'none', '--name', name, 'busybox', 'true']);
  return output(['ps', '-aq', '--no-trunc', '-f', `name=^${name}$`]).trim();
};
const running = (name: string): string => output(['run', '-d', '--network', 'none', '--name', name, 'busybox', 'sleep', '1000']).trim();

test('by name, by id and by the beginning of an id; each word is printed', () => {
  ended('named');
  assert.is(output(['rm', 'named']), 'named\n');
  const id = ended('by-id');
  assert.is(output(['rm', id]), `${id}\n`);
  const short = ended('by-start').slice(0, 12);
  assert.is(output(['rm', short]), `${short}\n`);
  assert.equal(leftovers(), []);
});

test('a name comes before the beginning of an id', () => {
  const id = ended('first');
  ended(id.slice(0, 4));
  output(['rm', id.slice(0, 4)]);
  assert.equal(output(['ps', '-a', '--format', '{{.Names}}']), 'first\n');
});

test('one that is missing makes it 1, and the others go all the same', () => {
  ended('here');
  ended('there');
  const { status, stdout, stderr } = skiff(['rm', 'here', 'nobody', 'there']);
  assert.equal({ status, stdout, stderr }, { status: 1, stdout: 'here\nthere\n', stderr: 'skiff: no such container: nobody\n' });
  assert.equal(leftovers(), []);
});

test('the same one twice is removed once', () => {
  const id = ended('twice');
  assert.is(skiff(['rm', 'twice', id]).status, 0);
});

test('a running one only with -f, which kills it', () => {
  running('busy');
  const { status, stdout, stderr } = skiff(['rm', 'busy']);
  assert.equal({ status, stdout }, { status: 1, stdout: '' });
  assert.match(stderr, /^skiff: cannot remove container "busy": it is running; .*\n$/);
  assert.match(output(['ps']), /Up .*busy/);
  assert.is(output(['rm', '-f', 'busy']), 'busy\n');
  assert.equal(leftovers(), []);
});

test('ten running ones at once, quickly', () => {
  const names = Array.from({ length: 10 }, (_, n) => `many${n}`);
  for (const name of names) running(name);
  const began = Date.now();
  assert.is(output(['rm', '-f', ...names]), `${names.join('\n')}\n`);
  assert.ok(Date.now() - began < 5000, `took ${Date.now() - began} ms`);
  assert.equal(leftovers(), []);
});

test('-f of what is not there says so and is no failure', () => {
  const { status, stdout } = skiff(['rm', '-f', 'nobody']);
  assert.equal({ status, stdout }, { status: 0, stdout: '' });
});

test('a word that is no name can only be missing', () => {
  for (const word of ['../containers', '.', '..', '/', '', 'a/b', 'x\u001b[31m']) {
    const { status, stderr } = skiff(['rm', word]);
    assert.is(status, 1, word);
    assert.match(stderr, /^skiff: no such container: [^\u0000-\u0009\u000b-\u001f]*\n$/);
  }
});

test('files of other users and read-only directories go too', () => {
  output(['run', '--network', 'none', '--name', 'mixed', 'busybox', 'sh', '-c', 'mkdir -p /d/e; echo x >/d/e/f; chown -R 1000:2000 /d; chmod 0 /d/e /d; mkfifo /p']);
  output(['rm', 'mixed']);
  assert.equal(leftovers(), []);
});

test('a damaged record only with -f', () => {
  ended('hurt');
  const [directory = ''] = containerDirectories();
  writeFileSync(join(directory, 'spec.json'), '');
  assert.is(skiff(['rm', 'hurt']).status, 1);
  assert.ok(existsSync(directory));
  output(['rm', '-f', 'hurt']);
  assert.equal(leftovers(), []);
});

test('a record without its files, of one that runs, goes with -f, and its processes with it', async () => {
  running('lost');
  const [directory = ''] = containerDirectories();
  rmSync(join(directory, 'state.json'));
  assert.is(output(['rm', '-f', 'lost']), 'lost\n');
  assert.equal(leftovers(), []);
  await eventually('the keeper ends', () => !existsSync(join(process.env['XDG_RUNTIME_DIR'] ?? '', 'skiff/keeper')));
});

test.run();
