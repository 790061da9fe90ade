/** Caches in directories of the user's own, and progress for programs. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bare, execute, importBusybox, output, scratch, skiff } from './skiff.ts';

importBusybox();

const context = (dockerfile: string, files: Readonly<Record<string, string>> = {}): string => {
  const directory = scratch();
  for (const [name, text] of Object.entries({ Dockerfile: dockerfile, ...files })) writeFileSync(join(directory, name), text);
  return directory;
};

const build = (status: number, ...words: readonly string[]): string => {
  const result = skiff(['build', '--progress', 'plain', ...words]);
  assert.is(result.status, status, result.stderr);
  return result.stderr;
};

const cached = (progress: string): number => [...progress.matchAll(/^#\d+ CACHED$/gmu)].length;

/** Forgets all that builds remember here, images too. */
const forget = (): void => {
  for (const image of ['kept', 'found']) if (skiff(['image', 'inspect', image]).status === 0) output(['rmi', image]);
  output(['builder', 'prune', '--all', '--force']);
};

const dockerfile = 'FROM busybox AS one\nRUN echo 1 > /one\nFROM busybox\nCOPY --from=one /one /\nCOPY f /\nRUN mkdir -m 700 /d && chown 5:6 /d && ln -s /f /d/l\n';

test('--cache-to type=local,mode=max and --cache-from: a machine that knows nothing finds every step', () => {
  const directory = context(dockerfile, { f: 'f' });
  const place = join(scratch(), 'new', 'cache');
  assert.is(cached(build(0, '-t', 'kept', '--cache-from', `type=local,src=${place}`, '--cache-to', `type=local,dest=${place},mode=max`, directory)), 0);
  const id = output(['image', 'inspect', '--format', '{{.Id}}', 'kept']);
  assert.match(execute(['skopeo', 'inspect', '--raw', `oci:${place}`]).stdout, /vnd\.skiff\.build\.cache\.v1\+json/);
  forget();
  assert.is(cached(build(0, '-t', 'found', '--cache-from', `type=local,src=${place}`, directory)), 4);
  assert.is(output(['image', 'inspect', '--format', '{{.Id}}', 'found']), id);
  assert.is(output([...bare, 'found', 'sh', '-c', 'cat /one /d/l; stat -c "%a %u:%g" /d']), '1\nf700 5:6\n');
  // Now they are remembered here as well.
  assert.is(cached(build(0, directory)), 4);
  // A second one to the same place takes what it has used along, and leaves nothing half written.
  build(0, '--cache-to', `type=local,dest=${place},mode=max`, directory);
  assert.equal(readdirSync(place).toSorted(), ['blobs', 'index.json', 'oci-layout']);
  assert.ok(readdirSync(join(place, 'blobs/sha256')).every((name) => /^[0-9a-f]{64}$/.test(name)));
});

test('without mode=max only the steps of the result are written', () => {
  const directory = context(dockerfile, { f: 'g' });
  const place = join(scratch(), 'cache');
  build(0, '--cache-to', `type=local,dest=${place}`, directory);
  forget();
  const progress = build(0, '--cache-from', `type=local,src=${place}`, directory);
  assert.is(cached(progress), 3);
  assert.match(progress, /RUN echo 1 > \/one\n#\d+ DONE/);
});

test('a cache that is not there is none; one that is damaged, or lies, is told of, and nothing of it is used', () => {
  const directory = context('FROM busybox\nRUN echo hostile > /h\n');
  const place = join(scratch(), 'cache');
  const from = ['--cache-from', `type=local,src=${place}`, directory];
  assert.match(build(0, ...from), /importing cache manifest from local:.*\n#\d+ there is none yet/);
  build(0, '--cache-to', `type=local,dest=${place}`, directory);
  forget();
  const blobs = join(place, 'blobs/sha256');
  const largest = join(blobs, readdirSync(blobs).toSorted((a, b) => readFileSync(join(blobs, b)).length - readFileSync(join(blobs, a)).length)[0] ?? '');
  const layer = readFileSync(largest);
  const damage = (words: RegExp, change: () => void): void => {
    rmSync(largest);
    change();
    assert.match(build(1, ...from), words);
  };
  damage(/the cache in .* is damaged: sha256:[0-9a-f]{64} has other contents/, () => writeFileSync(largest, Buffer.concat([layer, Buffer.alloc(512)])));
  damage(/is damaged: .* is no file/, () => symlinkSync('/etc/passwd', largest));
  damage(/is damaged: .* is no file/, () => void execFileSync('mkfifo', [largest]));
  damage(/is damaged: .* is no file/, () => undefined);
  writeFileSync(largest, layer);
  const index = readFileSync(join(place, 'index.json'), 'utf8');
  for (const text of ['', '{}', '{"manifests":[{"mediaType":"x","digest":"sha256:../../../../etc/passwd","size":1}]}', index.replace(/sha256:[0-9a-f]{64}/, `sha256:${'0'.repeat(64)}`)]) {
    writeFileSync(join(place, 'index.json'), text);
    assert.match(build(1, ...from), /the cache in .* is damaged/);
  }
  writeFileSync(join(place, 'index.json'), index);
  assert.is(cached(build(0, ...from)), 1);
});

test('caches of other types are refused, and nothing is written where a build fails', () => {
  const directory = context('FROM busybox\nRUN false\n');
  for (const words of [['--cache-from', 'example.org/cache'], ['--cache-from', 'type=gha'], ['--cache-to', 'type=inline'], ['--cache-to', 'type=registry,ref=example.org/x']]) {
    assert.match(skiff(['build', ...words, directory]).stderr, /^skiff: --cache-(from|to) \S+: caches of type \w+ are not possible; use type=local,(src|dest)=DIR\n$/);
  }
  assert.match(skiff(['build', '--cache-to', 'type=local,dest=x,mode=all', directory]).stderr, /there is no mode all/);
  const place = join(scratch(), 'cache');
  build(1, '--cache-to', `type=local,dest=${place}`, directory);
  assert.not(existsSync(place));
});

test('--progress rawjson: an object a line, steps with their times, what commands write as base64', () => {
  const { status, stderr } = skiff(['build', '--progress', 'rawjson', '--no-cache', context("FROM busybox\nRUN printf 'said \\033[31m\\n'\nRUN true\n")]);
  assert.is(status, 0, stderr);
  type Vertex = { readonly digest: string; readonly name: string; readonly started: string; readonly completed?: string };
  type Line = { readonly vertexes?: readonly Vertex[]; readonly logs?: readonly { readonly vertex: string; readonly data: string }[] };
  const lines = stderr.trimEnd().split('\n').map((line): Line => JSON.parse(line));
  const vertexes = lines.flatMap((line) => line.vertexes ?? []);
  const names = [...new Set(vertexes.map(({ name }) => name))];
  assert.equal(names.slice(2, 3), ['[1/3] FROM docker.io/library/busybox:latest']);
  const run = vertexes.filter(({ name }) => name.startsWith('[2/3] RUN printf'));
  assert.equal([run.length, run[0]?.completed], [2, undefined]);
  assert.ok(Date.parse(run[1]?.completed ?? '') >= Date.parse(run[1]?.started ?? ''));
  const logs = lines.flatMap((line) => line.logs ?? []).filter(({ vertex }) => vertex === run[0]?.digest);
  assert.is(logs.map(({ data }) => Buffer.from(data, 'base64').toString()).join(''), 'said \u001b[31m\n');
  const failed = skiff(['build', '--progress', 'rawjson', context('FROM busybox\nRUN exit 3\n')]);
  assert.is(failed.status, 1);
  assert.match(failed.stderr, /"error":"process .*exit code: 3"/);
});

test.run();
