/** Builds from git repositories: as contexts and as sources of ADD, honest ones and others. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { matches, skiff } from '../registry/run.ts';
import { startGitServer } from './git-server.ts';
import type { GitServer } from './git-server.ts';
import { bare, importBusybox, output, root, scratch } from './skiff.ts';

importBusybox();

let server: GitServer;
test.before(async () => {
  server = await startGitServer();
});
test.after(() => server.stop());

/** The progress of a build that must end with `status`. */
const build = async (status: number, words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> => {
  const result = await skiff(['build', '--progress', 'plain', ...words], { env: { ...server.env, ...env } });
  assert.is(result.status, status, result.stderr);
  return result.stderr;
};

const inImage = (image: string, script: string): string => output([...bare, '--entrypoint', 'sh', image, '-c', script]);

const context = (dockerfile: string): string => {
  const directory = scratch();
  writeFileSync(join(directory, 'Dockerfile'), dockerfile);
  return directory;
};

test('URL#ref:subdir as context: HEAD, a branch, a tag, a commit, a directory with its own Dockerfile', async () => {
  const { git, commit } = server.repository('honest');
  const first = commit({ Dockerfile: 'FROM busybox\nCOPY . /all\n', which: 'first', 'sub/Dockerfile': 'FROM busybox\nCOPY . /sub\n', 'sub/f': 'f', link: '-> which' });
  git('tag', '-a', 'v1', '-m', 'a tag');
  git('checkout', '-q', '-b', 'other');
  commit({ which: 'other' });
  git('checkout', '-q', 'main');
  commit({ which: 'head' });
  const url = `${server.address}/honest.git`;
  for (const [name, word, which] of [['head', url, 'head'], ['branch', `${url}#other`, 'other'], ['tag', `${url}#v1`, 'first'], ['commit', `${url}#${first}`, 'first']] as const) {
    await build(0, ['-t', name, word]);
    assert.is(inImage(name, 'cat /all/which; readlink /all/link; ls -A /all; stat -c "%a %U" /all/which /all/sub'), `${which}which\nDockerfile\nlink\nsub\nwhich\n644 root\n755 root\n`, name);
  }
  await build(0, ['-t', 'sub', `${url}#v1:sub`]);
  assert.is(inImage('sub', 'ls -A /sub'), 'Dockerfile\nf\n');
  await build(0, ['-t', 'kept', '--build-arg', 'BUILDKIT_CONTEXT_KEEP_GIT_DIR=1', url]);
  assert.is(inImage('kept', 'test -d /all/.git && echo kept'), 'kept\n');
  matches(await build(1, [`${url}#nothing`]), /nothing in https:\/\/127\.0\.0\.1:\d+\/honest\.git/);
  matches(await build(1, [`${url}#v1:nowhere`]), /no such directory: nowhere in/);
  matches(await build(1, [`${server.address}/missing.git`]), /cannot ask https:.*missing\.git: .*not found/);
});

test('ADD of a repository: below its target, without .git unless it is kept; the same commit is fetched once', async () => {
  const { git, commit } = server.repository('added');
  const first = commit({ f: 'one', 'd/g': 'g', 'd/h.log': 'h' });
  git('tag', 'v1');
  const url = `${server.address}/added.git`;
  const directory = context(`FROM busybox\nADD --exclude=*.log ${url}#main:d /d\nADD --chown=5:6 --chmod=600 ${url}#v1 /v1/\nADD --keep-git-dir=true ${url} /kept\n`);
  await build(0, ['-t', 'added', directory]);
  assert.is(inImage('added', 'ls -A /d /v1; stat -c "%a %u:%g" /v1/f; cat /kept/.git/HEAD; grep url /kept/.git/config'), `/d:\ng\n\n/v1:\nd\nf\n600 5:6\n${first}\n\turl = ${url}\n`);
  const posts = (): number => server.requests.filter((line) => /^POST .*added.*upload-pack/.test(line)).length;
  const before = posts();
  const again = await build(0, [directory]);
  assert.is([...again.matchAll(/CACHED/gu)].length, 3, again);
  // By protocol 2 asking for the commit of a name is a POST too: one of each step, and nothing is fetched.
  assert.ok(posts() - before <= 3, server.requests.join('\n'));
  commit({ f: 'two' });
  assert.is([...(await build(0, ['-t', 'moved', directory])).matchAll(/CACHED/gu)].length, 0);
  assert.is(inImage('moved', 'cat /kept/f /v1/f'), 'twoone');
  matches(await build(1, [context(`FROM busybox\nCOPY ${url} /\n`)]), /source can't be a git ref for COPY/);
});

test('what a repository tries: links out of it, submodules, other protocols, settings of the user that run programs', async () => {
  const outside = scratch();
  writeFileSync(join(outside, 'Dockerfile'), 'FROM busybox\n# SECRET\nCOPY . /\n');
  const evil = server.repository('evil');
  evil.commit({ Dockerfile: `-> ${outside}/Dockerfile`, d: `-> ${outside}`, 'in/Dockerfile': 'FROM busybox\nCOPY d/Dockerfile /\n', 'in/d': `-> ${outside}`, '.gitattributes': '* filter=evil\n' });
  const url = `${server.address}/evil.git`;
  for (const [word, words] of [[url, /no such file: Dockerfile in/], [`${url}#main:d`, /d is, or is behind, a link that leads out of it/], [`${url}#:in`, /"\/d\/Dockerfile": not found/]] as const) {
    const said = await build(1, [word]);
    matches(said, words);
    assert.not.match(said, /SECRET/);
  }
  // The same in a repository whose links lead nowhere else; a program that the user's git would run does not run.
  const ran = join(outside, 'ran');
  const home = scratch();
  mkdirSync(join(home, 'hooks'));
  writeFileSync(join(home, 'hooks', 'post-checkout'), `#!/bin/sh\ntouch ${ran}\n`, { mode: 0o755 });
  writeFileSync(join(home, '.gitconfig'), `[core]\n hooksPath = ${home}/hooks\n[filter "evil"]\n smudge = touch ${ran}; cat\n[url "http://127.0.0.1:1/"]\n insteadOf = ${server.address}/\n`);
  server.repository('filtered').commit({ Dockerfile: 'FROM busybox\n', '.gitattributes': '* filter=evil\n' });
  await build(0, [`${server.address}/filtered.git`], { HOME: home, SKIFF_ROOT: root, GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'core.fsmonitor', GIT_CONFIG_VALUE_0: `touch ${ran}` });
  assert.not(existsSync(ran));
  const moduled = server.repository('moduled');
  moduled.commit({ Dockerfile: 'FROM busybox\n', 'free/Dockerfile': 'FROM busybox\n', '.gitmodules': '[submodule "x"]\n path = x/y\n url = --upload-pack=touch\n' });
  moduled.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},x/y`);
  moduled.git('commit', '-q', '-m', 'a module');
  matches(await build(1, [`${server.address}/moduled.git`]), /has a submodule at x\/y, and submodules are not fetched/);
  await build(0, [`${server.address}/moduled.git#:free`]);
  for (const target of ['http://127.0.0.1:1/x.git/info/refs', 'file:///etc/passwd']) {
    server.redirects.set('/moved.git/info/refs', target);
    matches(await build(1, [`${server.address}/moved.git`]), /cannot ask/);
  }
  matches(await build(1, ['git://127.0.0.1/x']), /git:\/\/ brings may be anybody's/);
  matches(await build(1, [`${server.address}/moduled.git#--upload-pack=touch`]), /is no name of a branch/);
  matches(await build(1, [`${server.address}/evil.git`], { PATH: home }), /git is needed to fetch a repository, and is not installed/);
});

test.run();
