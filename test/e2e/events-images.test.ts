/**
 * `skiff events` about images: what each command tells, with id or name as Docker has it.
 * @one-driver
 * @also-on-node
 */
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newPlace, output, skiff } from '../registry/run.ts';
import type { Place } from '../registry/run.ts';
import { gzipBusybox } from '../registry/samples.ts';
import { startRegistry } from '../registry/server.ts';
import type { TestRegistry } from '../registry/server.ts';
import { uploadImage } from '../registry/upload.ts';
import { scratch, testImages } from './skiff.ts';

const parts = { layers: [gzipBusybox()], config: { Cmd: ['true'], Labels: { tier: 'front' } } };

let registry: TestRegistry;
let place: Place;

test.before(async () => {
  registry = await startRegistry();
  await uploadImage(registry.address, 'thing:1', parts);
});
test.before.each(() => void (place = newPlace()));
test.after(() => registry.stop());

/** Action, id, name and labels of what is stored. */
const told = async (...filters: readonly string[]): Promise<readonly string[]> => {
  const format = '{{.Type}} {{.Action}} {{.ID}}{{range $key, $value := .Actor.Attributes}} {{$key}}={{$value}}{{end}}';
  const text = await output(['events', '--since', '1', '--until', '0s', '--format', format, ...filters.flatMap((filter) => ['-f', filter])], place);
  return text.split('\n').slice(0, -1);
};

const idOf = async (name: string): Promise<string> => (await output(['image', 'inspect', '-f', '{{.Id}}', name], place)).trim();

test('pull and push go by the name, with the image’s labels; a pull of what is there too', async () => {
  const name = `${registry.address}/thing`;
  await output(['pull', '-q', `${name}:1`], place);
  await output(['pull', '-q', `${name}:1`], place);
  await output(['tag', `${name}:1`, `${name}:2`], place);
  await output(['push', '-q', `${name}:2`], place);
  const id = await idOf(`${name}:1`);
  const pull = `image pull ${name}:1 name=${name} tier=front`;
  assert.equal(await told(), [pull, pull, `image tag ${id} name=${name}:2 tier=front`, `image push ${name}:2 name=${name} tier=front`]);
  assert.equal(await told(`image=${name}`, 'event=push'), [`image push ${name}:2 name=${name} tier=front`]);
});

test('import, tag, save, untag, delete, load, prune', async () => {
  const archive = join(scratch(), 'saved.tar');
  await output(['import', join(testImages, 'busybox.tar'), 'bb:1'], place);
  const id = await idOf('bb:1');
  await output(['tag', 'bb:1', 'bb:2'], place);
  await output(['save', '-o', archive, 'bb:1'], place);
  await output(['rmi', 'bb:2'], place);
  await output(['rmi', 'bb:1'], place);
  await output(['load', '-q', '-i', archive], place);
  await output(['image', 'prune', '-af'], place);
  const own = `${id} name=${id}`;
  const wanted = [`tag ${id} name=bb:1`, `import ${own}`, `tag ${id} name=bb:2`, `save ${own}`, `untag ${own}`, `untag ${own}`, `untag ${own}`, `delete ${own}`, `load ${own}`, `untag ${own}`, `untag ${own}`, `delete ${own}`];
  const events = await told();
  assert.equal(events.slice(0, -1), wanted.map((text) => `image ${text}`));
  assert.match(events.at(-1) ?? '', /^image prune {2}reclaimed=\d+$/);
});

test('a commit with a name tells of the tag, then of the container', async () => {
  await output(['import', join(testImages, 'busybox.tar'), 'bb:1'], place);
  await output(['create', '--network', 'none', '--name', 'source', 'bb:1', 'true'], place);
  const id = (await output(['commit', 'source', 'result'], place)).trim();
  await output(['rm', 'source'], place);
  const after = (await told()).slice(3);
  assert.is(after[0], `image tag ${id} name=result:latest`);
  assert.match(after[1] ?? '', new RegExp(`^container commit [0-9a-f]{64} comment= image=bb:1 imageID=${id} imageRef=result:latest name=source$`));
  assert.match(after[2] ?? '', /^container destroy /);
});

test('what fails is not told', async () => {
  await output(['import', join(testImages, 'busybox.tar'), 'bb:1'], place);
  const before = await told();
  for (const words of [['tag', 'nothing', 'x'], ['rmi', 'nothing'], ['pull', '-q', `${registry.address}/nothing`], ['push', '-q', `${registry.address}/nothing`], ['load', '-i', '/dev/null']]) {
    assert.is((await skiff(words, place)).status, 1, words.join(' '));
  }
  assert.equal(await told(), before);
});

test.run();
