/** What builds take from a network and give to it: addresses as contexts and sources, registries, hosts of RUN. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { sha256 } from '../make-image.ts';
import { closeServer, listen } from '../registry/http.ts';
import { matches, outputOf, skiff } from '../registry/run.ts';
import { startRegistry } from '../registry/server.ts';
import type { TestRegistry } from '../registry/server.ts';
import { tar } from '../tar-maker.ts';
import { bare, importBusybox, output, scratch } from './skiff.ts';

importBusybox();

let server: Server;
let address: string;
let registry: TestRegistry;
const files = new Map<string, Buffer>();

test.before(async () => {
  server = createServer(({ url = '' }, answer) => {
    const file = files.get(url.replace(/\?.*$/u, ''));
    answer.writeHead(file === undefined ? 404 : 200);
    answer.end(file);
  });
  address = `http://127.0.0.1:${await listen(server)}`;
  registry = await startRegistry();
});
test.after(async () => {
  await closeServer(server);
  await registry.stop();
});

const context = (dockerfile: string): string => {
  const directory = scratch();
  writeFileSync(join(directory, 'Dockerfile'), dockerfile);
  return directory;
};

/** The progress of a build that must end with `status`. */
const build = async (status: number, ...words: readonly string[]): Promise<string> => {
  const result = await skiff(['build', '--progress', 'plain', ...words]);
  assert.is(result.status, status, result.stderr);
  return result.stderr;
};

const inImage = (image: string, script: string): string => output([...bare, '--entrypoint', 'sh', image, '-c', script]);

test('ADD of an address: the file whole, of mode 0600, found again by what is in it; with --checksum only the right one', async () => {
  const data = tar({ name: 'inside', data: 'x' });
  files.set('/d/file.tar', data);
  const plain = context(`FROM busybox\nADD ${address}/d/file.tar?token=1 /to/\n`);
  await build(0, '-t', 'fetched', plain);
  assert.is(inImage('fetched', 'stat -c "%a %u:%g %s %n" /to/*'), `600 0:0 ${data.length} /to/file.tar\n`);
  matches(await build(0, plain), /CACHED/);
  files.set('/d/file.tar', Buffer.concat([data, Buffer.alloc(512)]));
  assert.not.match(await build(0, plain), /CACHED/);
  files.set('/d/file.tar', data);
  await build(0, context(`FROM busybox\nADD --checksum=${sha256(data)} ${address}/d/file.tar /to/\n`));
  const wrong = sha256(Buffer.from('other'));
  matches(await build(1, context(`FROM busybox\nADD --checksum=${wrong} ${address}/d/file.tar /to/\n`)), new RegExp(`digest mismatch ${address}/d/file.tar: expected ${wrong}, got ${sha256(data)}`));
  matches(await build(1, context(`FROM busybox\nADD ${address}/missing /to/\n`)), /status 404/);
  matches(await build(1, context(`FROM busybox\nCOPY ${address}/d/file.tar /to/\n`)), /source can't be a URL for COPY/);
});

test('an address as context: an archive with its Dockerfile, or a Dockerfile alone', async () => {
  files.set('/context.tar', tar({ name: 'Dockerfile', data: 'FROM busybox\nCOPY x /y\n' }, { name: 'x', data: 'of the archive' }));
  await build(0, '-t', 'archive', `${address}/context.tar`);
  assert.is(inImage('archive', 'cat /y'), 'of the archive');
  files.set('/alone', Buffer.from('FROM busybox\nRUN echo alone > /y\n'));
  await build(0, '-t', 'alone', `${address}/alone`);
  assert.is(inImage('alone', 'cat /y'), 'alone\n');
  matches(await build(1, `${address}/missing`), /status 404/);
});

test('--push sends the image under each name; --metadata-file says what was made', async () => {
  const names = ['one:1', 'two:latest'].map((name) => `${registry.address}/${name}`);
  const metadata = join(scratch(), 'metadata');
  await build(0, ...names.flatMap((name) => ['-t', name]), '--push', '--metadata-file', metadata, context('FROM busybox\nRUN echo pushed > /p\n'));
  const said: Record<string, string> = JSON.parse(readFileSync(metadata, 'utf8'));
  assert.equal(Object.keys(said).toSorted(), ['containerimage.config.digest', 'containerimage.digest', 'image.name']);
  assert.is(said['image.name'], names.join(','));
  const Id = output(['image', 'inspect', '--format', '{{.Id}}', names[0] ?? '']).trim();
  assert.is(said['containerimage.config.digest'], Id);
  for (const name of names) {
    const manifest: { readonly config: { readonly digest: string } } = JSON.parse(await outputOf(['skopeo', 'inspect', '--raw', '--tls-verify=false', `docker://${name}`]));
    assert.is(manifest.config.digest, Id);
  }
  matches(await build(125, '--push', context('FROM busybox\n')), /an image without a name cannot be pushed/);
});

test('a build that fails writes no metadata and no id', async () => {
  const place = scratch();
  await build(1, '--metadata-file', join(place, 'm'), '--iidfile', join(place, 'i'), context('FROM busybox\nRUN false\n'));
  assert.equal([existsSync(join(place, 'm')), existsSync(join(place, 'i'))], [false, false]);
});

test('the network of RUN: a way out, none, names of --add-host that are in no image', async () => {
  const routes = 'FROM busybox\nRUN wc -l < /proc/net/route > /routes; grep example /etc/hosts > /names || true\n';
  await build(0, '-t', 'way-out', '--add-host', 'a.example:10.1.2.3', '--add-host', 'b.example=10.1.2.4', context(routes));
  assert.ok(Number(inImage('way-out', 'cat /routes')) > 1);
  assert.is(inImage('way-out', 'cat /names; grep -c example /etc/hosts || true'), '10.1.2.3\ta.example\n10.1.2.4\tb.example\n0\n');
  await build(0, '-t', 'no-way', '--network', 'none', context(routes));
  assert.is(inImage('no-way', 'cat /routes /names'), '1\n');
  await build(0, '-t', 'mixed', context('FROM busybox\nRUN --network=none wc -l < /proc/net/route > /routes\n'));
  assert.is(inImage('mixed', 'cat /routes'), '1\n');
  matches(await build(1, context('FROM busybox\nRUN --network=host true\n')), /network.host is not allowed/);
});

test('--no-cache-filter: steps of these stages are done anew, others are found', async () => {
  const directory = context('FROM busybox AS one\nRUN echo 1 > /one\nFROM busybox AS two\nRUN echo 2 > /two\nFROM busybox\nCOPY --from=one /one /\nCOPY --from=two /two /\n');
  await build(0, directory);
  const cached = (progress: string): readonly string[] => [...progress.matchAll(/^#(\d+) CACHED$/gmu)].map(([, number]) => new RegExp(`^#${number} (\\[.*)$`, 'mu').exec(progress)?.[1] ?? '').toSorted();
  const all = ['[one 2/2] RUN echo 1 > /one', '[stage-2 2/3] COPY --from=one /one /', '[stage-2 3/3] COPY --from=two /two /', '[two 2/2] RUN echo 2 > /two'];
  assert.equal(cached(await build(0, directory)), all);
  assert.ok(!cached(await build(0, '--no-cache-filter', 'one', directory)).includes(all[0] ?? ''));
  assert.ok(cached(await build(0, '--no-cache-filter', 'one', directory)).includes(all[3] ?? ''));
});

test('builds wait for a cache with sharing=locked', async () => {
  // Who is not alone with the cache finds the other's directory.
  const directory = context('FROM busybox\nARG N\nRUN --mount=type=cache,target=/c,id=locked,sharing=locked mkdir /c/held && sleep 0.5 && rmdir /c/held && echo $N >> /c/seen && cp /c/seen /seen\n');
  await Promise.all(['1', '2', '3'].map((n) => build(0, '-t', `locked${n}`, '--build-arg', `N=${n}`, directory)));
  const seen = ['1', '2', '3'].map((n) => inImage(`locked${n}`, 'cat /seen').trim().split('\n'));
  assert.equal(seen.map((lines) => lines.length).toSorted(), [1, 2, 3]);
  assert.equal((seen.find((lines) => lines.length === 3) ?? []).toSorted(), ['1', '2', '3']);
});

test.run();
