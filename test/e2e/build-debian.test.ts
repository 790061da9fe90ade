/** The cowsay image of the scenarios, from a Debian base and Debian's packages. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bare, importDebian, output, scratch, skiff } from './skiff.ts';

importDebian();

test('build -t cowsay . with apt-get; run it, and with other words; a second build is all from the cache', () => {
  const directory = scratch();
  writeFileSync(join(directory, 'Dockerfile'), 'FROM debian\nRUN apt-get update\nRUN apt-get install -y cowsay\nCMD ["/usr/games/cowsay","Salut","!"]\n');
  // The machine may reach its mirror by a proxy only; predefined arguments are in no key and no history.
  const proxies = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => (process.env[name] === undefined ? [] : ['--build-arg', name]));
  const build = () => skiff(['build', '--progress', 'plain', ...proxies, '-t', 'cowsay', '.'], { cwd: directory, timeout: 600000 });
  const first = build();
  assert.is(first.status, 0, first.stderr);
  for (const title of ['[1/3] FROM docker.io/library/debian:latest', '[2/3] RUN apt-get update', '[3/3] RUN apt-get install -y cowsay', 'naming to docker.io/library/cowsay:latest']) {
    assert.ok(first.stderr.includes(title), `${title} in ${first.stderr}`);
  }
  assert.match(output([...bare, 'cowsay']), /^ _+ *\n< Salut ! >\n/);
  assert.match(output([...bare, 'cowsay', '/usr/games/cowsay', '-f', 'tux', 'Bonjour']), /^ _+ *\n< Bonjour >\n/);
  const second = build();
  assert.is([...second.stderr.matchAll(/^#\d+ CACHED$/gmu)].length, 2);
  assert.not.match(output(['history', '--no-trunc', 'cowsay']), /http_proxy/);
});

test.run();
