/**
 * Lines about images that people type, as they type them: short names, beginnings of ids, what is left when a tag moves, pipes, addresses.
 * @one-driver
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { configOf, ociArchive, sha256, smallLayer } from '../make-image.ts';
import type { ImageParts } from '../make-image.ts';
import { closeServer, listen } from '../registry/http.ts';
import { startHub } from '../registry/hub.ts';
import { startProxy } from '../registry/proxy.ts';
import { failure, matches, newPlace, output, outputOf, runProgram, skiff } from '../registry/run.ts';
import type { Place } from '../registry/run.ts';
import { gzipBusybox, gzipLayer, noiseLayer, plainBusybox } from '../registry/samples.ts';
import { startRegistry } from '../registry/server.ts';
import type { TestRegistry } from '../registry/server.ts';
import { lookUp, uploadImage } from '../registry/upload.ts';
import { late } from '../registry/faults.ts';
import { scratch, skiffCommand, testImages } from './skiff.ts';

let registry: TestRegistry;
test.before(async () => {
  registry = await startRegistry();
});
test.after(() => registry.stop());

const bare = ['run', '--rm', '--network', 'none'] as const;
const saying = (text: string, layers = [gzipBusybox()]) => ({ layers: [...layers, gzipLayer('etc/which', text)], config: { Cmd: ['cat', '/etc/which'] } });
const hex12 = (digest: string): string => digest.slice(7, 19);

/** Stores images of these names in `place`. */
const load = async (place: Place, ...images: readonly ImageParts[]): Promise<void> => {
  const archive = join(scratch(), 'images.tar');
  writeFileSync(archive, ociArchive(...images));
  await output(['load', '-q', '-i', archive], place);
};

/** Words of a shell script with `skiff` as `"$@"`. */
const shell = (script: string): readonly string[] => ['sh', '-c', script, 'sh', ...skiffCommand];

const found = [
  { name: 'busybox', description: 'Busybox base image.', star_count: 3300, is_official: true, is_automated: false },
  { name: 'somebody/busybox', description: `one\nof \u001b[31mmany ${'x'.repeat(60)}`, star_count: 2, is_official: false, is_automated: true },
];

test('Docker Hub by its short names, through a proxy and with an authority of one\'s own', async () => {
  const [user, password] = ['somebody', 'secret of the hub'] as const;
  const hub = await startHub([user, password], found);
  try {
    const settings = `registries:\n  docker.io:\n    ca: ${hub.authority}\n`;
    const at = (place: Place): Place => ({ ...place, env: { ...place.env, HTTPS_PROXY: hub.proxy.url, HTTP_PROXY: '', NO_PROXY: '' } });
    const [owner, stranger] = [at(newPlace(settings)), at(newPlace(settings))];
    await load(owner, { ...saying('from the hub'), names: ['docker.io/library/busybox:latest'] });
    matches((await skiff(['login', '-u', user, '--password-stdin'], { ...owner, input: password })).stdout, /^Login Succeeded\n$/);
    assert.ok(Object.hasOwn(JSON.parse(readFileSync(join(owner.dockerConfig, 'config.json'), 'utf8')).auths, 'https://index.docker.io/v1/'));
    matches(await output(['push', 'busybox'], owner), /^Using default tag: latest\nThe push refers to repository \[docker\.io\/library\/busybox\]\n/);

    const before = hub.tokens.requests.length;
    const pulled = await output(['pull', 'busybox'], stranger);
    matches(pulled, /^Using default tag: latest\nlatest: Pulling from library\/busybox\n/);
    matches(pulled, /\nStatus: Downloaded newer image for busybox:latest\ndocker\.io\/library\/busybox:latest\n$/);
    assert.equal(hub.tokens.requests.slice(before).map(({ scopes, basic }) => [scopes, basic]), [[['repository:library/busybox:pull'], undefined]]);
    assert.is(await output(['images', '--format', '{{.Repository}}:{{.Tag}}'], stranger), 'busybox:latest\n');
    assert.is(await output([...bare, 'docker.io/busybox'], stranger), 'from the hub');

    const table = await output(['search', '--limit', '2', 'busybox'], stranger);
    matches(table, /^NAME +DESCRIPTION +STARS +OFFICIAL\nbusybox +Busybox base image\. +3300 +\[OK\]\nsomebody\/busybox +one of [^\n]*… +2 +\n$/);
    assert.not.match(table, '\u001b');
    assert.is(await output(['search', '--filter', 'is-official=true', '--format', '{{.Name}}', 'busybox'], stranger), 'busybox\n');
    assert.ok(hub.asked.includes('index.docker.io/v1/search?q=busybox&n=2'), hub.asked.join('\n'));
    assert.ok(hub.proxy.asked.every((line) => /^CONNECT (registry-1|auth|index)\.docker\.io:443$/.test(line)), hub.proxy.asked.join('\n'));

    for (const words of [['pull', 'busybox'], ['search', 'busybox']]) matches(await failure(words, 1, at(newPlace())), /docker\.io.*certificate/);
  } finally {
    await hub.stop();
  }
});

test('a tag that moved in the registry leaves the old image as <none>, and prune takes it', async () => {
  const [place, name] = [newPlace(), `${registry.address}/moving`];
  const versions = [saying('old'), saying('new')] as const;
  const [oldId, newId] = versions.map((parts) => sha256(configOf(parts)));
  const { digest } = await uploadImage(registry.address, 'moving:1', versions[0]);
  await output(['pull', '-q', `${name}:1`], place);
  await uploadImage(registry.address, 'moving:1', versions[1]);
  await output(['pull', '-q', `${name}:1`], place);
  const rows = async (...flags: readonly string[]): Promise<readonly string[]> =>
    (await output(['images', ...flags, '--format', '{{.Repository}} {{.Tag}} {{.ID}}'], place)).split('\n').filter((line) => line !== '').sort();
  const left = `${name} <none> ${hex12(oldId ?? '')}`;
  assert.equal(await rows(), [`${name} 1 ${hex12(newId ?? '')}`, left].sort());
  assert.equal([await rows('-f', 'dangling=true'), await rows('-f', 'dangling=false')], [[left], [`${name} 1 ${hex12(newId ?? '')}`]]);
  matches(await output(['images'], place), new RegExp(`^${name} +<none> +${hex12(oldId ?? '')} +\\d`, 'm'));
  assert.is(await output([...bare, `${name}@${digest}`], place), 'old');
  matches(await output(['image', 'prune', '-f'], place), new RegExp(`^Deleted Images:\nuntagged: ${name}@${digest}\ndeleted: ${oldId}\n`));
  assert.equal(await rows(), [`${name} 1 ${hex12(newId ?? '')}`]);
  assert.is(await output([...bare, `${name}:1`], place), 'new');
});

test('an image by the beginning of its id: run, inspect, history, tag, save, rmi', async () => {
  const place = newPlace();
  const parts = saying('by id');
  const id = sha256(configOf(parts));
  await load(place, { ...parts, names: ['some/name:1'] });
  for (const word of [id, id.slice(7), id.slice(7, 19), id.slice(7, 11)]) assert.is(await output([...bare, word], place), 'by id', word);
  assert.is(await output(['image', 'inspect', '-f', '{{.Id}} {{.RepoTags}}', id.slice(7, 11)], place), `${id} [some/name:1]\n`);
  matches(await output(['history', '--no-trunc', '-q', id.slice(7, 11)], place), new RegExp(`^${id}\n<missing>\n$`));
  await output(['tag', id.slice(7, 11), 'again'], place);
  matches(await outputOf(shell(`"$@" save ${id.slice(7, 11)} | tar -t`), place), /manifest\.json/);
  assert.is(await output(['images', '-q'], place), `${hex12(id)}\n${hex12(id)}\n`);
  matches(await output(['rmi', '-f', id.slice(7, 11)], place), new RegExp(`Deleted: ${id}\n`));
  matches(await failure([...bare, '--pull', 'never', id.slice(7, 19)], 125, place), new RegExp(id.slice(7, 19)));
});

test('images: the table, filters and formats', async () => {
  const place = newPlace();
  const made = (name: string, created: string, labels = {}) => ({ layers: [plainBusybox(), smallLayer('etc/x', name)], names: [name], created, config: { Labels: labels } });
  const all = [made('docker.io/library/one:1', '2026-01-01T00:00:00Z', { of: 'mine' }), made('quay.io/team/two:2', '2026-02-01T00:00:00Z'), made('localhost:5000/three:3', '2026-03-01T00:00:00Z', { of: 'yours' })] as const;
  await load(place, ...all);
  const ids = all.map((parts) => sha256(configOf(parts)));
  const table = (await output(['image', 'ls'], place)).trimEnd().split('\n');
  matches(table[0] ?? '', /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$/);
  assert.equal(table.slice(1).map((line) => line.split(/ {2,}/).slice(0, 3)), [['localhost:5000/three', '3', hex12(ids[2] ?? '')], ['quay.io/team/two', '2', hex12(ids[1] ?? '')], ['one', '1', hex12(ids[0] ?? '')]]);
  for (const line of table.slice(1)) matches(line, /  \d+ (months|weeks|years) ago  +[\d.]+MB$/);
  matches(await output(['images', '--digests'], place), /^REPOSITORY +TAG +DIGEST +IMAGE ID[^\n]*\nlocalhost:5000\/three +3 +sha256:[0-9a-f]{64} /);
  assert.equal((await output(['images', '-a', '-q', '--no-trunc'], place)).trim().split('\n'), [...ids].reverse());
  const names = async (...words: readonly string[]): Promise<string> => (await output(['images', '--format', '{{.Repository}}', ...words], place)).trim().replaceAll('\n', ' ');
  for (const [words, wanted] of [
    [['one'], 'one'], [['one:1'], 'one'], [['one:2'], ''], [['docker.io/library/one'], 'one'], [['*/*/two'], 'quay.io/team/two'],
    [['-f', 'reference=*three'], ''], [['-f', 'reference=*/three'], 'localhost:5000/three'], [['-f', 'reference=one:*'], 'one'],
    [['-f', 'label=of'], 'localhost:5000/three one'], [['-f', 'label=of=mine'], 'one'],
    [['-f', 'before=quay.io/team/two:2'], 'one'], [['-f', `since=${hex12(ids[1] ?? '')}`], 'localhost:5000/three'],
    [['-f', 'label=of', '-f', 'before=quay.io/team/two:2'], 'one'], [['-f', 'dangling=true'], ''],
  ] as const) assert.is(await names(...words), wanted, words.join(' '));
  assert.equal(JSON.parse((await output(['images', '--format', 'json', 'one'], place)).trim()).ID, hex12(ids[0] ?? ''));
  matches(await output(['images', '--format', 'table {{.ID}}\t{{.Size}}', 'one'], place), new RegExp(`^IMAGE ID +SIZE\n${hex12(ids[0] ?? '')} +[\\d.]+MB\n$`));
  for (const bad of ['nonsense=1', 'dangling=perhaps', 'dangling']) matches(await failure(['images', '-f', bad], 125, place), /invalid filter/);
  assert.is((await skiff(['images', '-f', 'since=nosuch'], place)).status !== 0, true);
});

test('history has a row for each step, and <missing> for all but the last', async () => {
  const place = newPlace();
  await load(place, { ...saying('told'), names: ['told:1'] });
  await output([...bare, 'told:1'], place);
  await output(['import', '-m', 'how it came', join(testImages, 'busybox.tar'), 'told:2'], place);
  const rows = (await output(['history', 'told:1'], place)).trimEnd().split('\n');
  matches(rows[0] ?? '', /^IMAGE +CREATED +CREATED BY +SIZE +COMMENT$/);
  assert.is(rows.length, 3);
  matches(rows[1] ?? '', /^[0-9a-f]{12} /);
  matches(rows[2] ?? '', /^<missing> /);
  matches(await output(['history', '--human=false', '--no-trunc', 'told:2'], place), /\nsha256:[0-9a-f]{64} +20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ [^\n]* \d{6,} +how it came\n$/);
});

test('pipes: save to load, to a compressor, to podman, and to a reader that goes away', async () => {
  const [place, other, third] = [newPlace(), newPlace(), newPlace()];
  await load(place, { ...saying('piped one'), names: ['one:1'] }, { ...saying('piped two'), names: ['two:1'] });
  const into = { ...place, env: { ...place.env, OTHER: other.store, THIRD: third.store, PEER: scratch() } };
  assert.is(await outputOf(shell('"$@" save one:1 two:1 | SKIFF_ROOT=$OTHER "$@" load'), into), 'Loaded image: one:1\nLoaded image: two:1\n');
  for (const name of ['one', 'two']) assert.is(await output([...bare, '--pull', 'never', `${name}:1`], other), `piped ${name}`);
  await outputOf(shell('"$@" save one:1 | gzip | SKIFF_ROOT=$THIRD "$@" load -q'), into);
  assert.is(await output([...bare, '--pull', 'never', 'one:1'], third), 'piped one');
  // skopeo reads no pipe; podman does.
  const podman = 'podman --root $PEER/root --runroot $PEER/run --storage-driver vfs';
  await outputOf(shell(`"$@" save one:1 | ${podman} load -q`), into);
  assert.is(await outputOf(shell(`${podman} images --no-trunc -q`), into), `${sha256(configOf(saying('piped one')))}\n`);
  const gone = await runProgram(['bash', '-c', '"$@" save one:1 | head -c 100 | wc -c; echo ${PIPESTATUS[0]}', 'sh', ...skiffCommand], place);
  assert.equal([gone.stdout, gone.stderr], ['100\n141\n', '']);
});

test('import takes an address, with what --change says', async () => {
  const place = newPlace();
  const server = createServer((request, response) => {
    if (request.url === '/moved') return void response.writeHead(302, { location: '/rootfs.tar.gz' }).end();
    if (request.url !== '/rootfs.tar.gz') return void response.writeHead(404).end();
    response.writeHead(200).end(gzipSync(plainBusybox(), { level: 1 }));
  });
  const address = `http://127.0.0.1:${await listen(server)}`;
  try {
    matches(await output(['import', '-c', 'CMD ["echo","from the web"]', `${address}/moved`, 'web:1'], place), /^sha256:[0-9a-f]{64}\n$/);
    assert.is(await output([...bare, 'web:1'], place), 'from the web\n');
    matches(await failure(['import', `${address}/nothing`, 'web:2'], 1, place), new RegExp(`${address}/nothing`));
    assert.is(await output(['images', '--format', '{{.Tag}}'], place), '1\n');
  } finally {
    await closeServer(server);
  }
});

test('manifest inspect shows what the registry has, and stores nothing', async () => {
  const place = newPlace();
  const parts = saying('shown');
  const { digest } = await uploadImage(registry.address, 'shown:1', parts);
  const shown = JSON.parse(await output(['manifest', 'inspect', `${registry.address}/shown:1`], place));
  assert.equal(shown, JSON.parse(await lookUp(registry.address, 'shown/manifests/1')));
  matches(await output(['manifest', 'inspect', '-v', `${registry.address}/shown:1`], place), new RegExp(digest));
  assert.is(await output(['images', '-q'], place), '');
  matches(await failure(['manifest', 'inspect', `${registry.address}/shown:2`], 1, place), /shown:2/);
});

test('layers go up as many at a time as the settings say', async () => {
  const proxy = await startProxy(registry.address);
  try {
    const layers = Array.from({ length: 6 }, (_, position) => noiseLayer(`up${position}`, 1000));
    for (const [settings, most] of [['parallel-uploads: 1\n', 1], ['parallel-uploads: 3\n', 3]] as const) {
      const place = newPlace(settings);
      const name = `${proxy.address}/wide-${most}:1`;
      await load(place, { layers, names: [name] });
      let now = 0;
      let peak = 0;
      proxy.use({
        method: 'POST',
        path: /uploads/,
        fault: async (request, response, upstream) => {
          peak = Math.max(peak, ++now);
          await late(150)(request, response, upstream);
          now -= 1;
        },
      });
      await output(['push', '-q', name], place);
      assert.is(peak, most, settings);
    }
  } finally {
    await proxy.stop();
  }
});

test.run();
