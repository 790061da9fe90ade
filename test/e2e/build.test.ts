/** `skiff build`: images from Dockerfiles, what a second build finds again, and what a failing one leaves. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tar } from '../tar-maker.ts';
import { bare, execute, importBusybox, output, root, scratch, skiff, skiffCommand } from './skiff.ts';

importBusybox();

/** A context with these files; a name that ends with a slash is a directory. */
const context = (files: Readonly<Record<string, string>>): string => {
  const directory = scratch();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name.endsWith('/') ? name : join(name, '..')), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(join(directory, name), text);
  }
  return directory;
};

const build = (directory: string, ...flags: readonly string[]) => skiff(['build', '--progress', 'plain', ...flags, directory]);

/** The progress of a build that must succeed. */
const built = (directory: string, ...flags: readonly string[]): string => {
  const { status, stderr } = build(directory, ...flags);
  assert.is(status, 0, stderr);
  return stderr;
};

const inImage = (image: string, script: string): string => output([...bare, '--entrypoint', 'sh', image, '-c', script]);
const inspect = (image: string): { readonly Config: Record<string, unknown>; readonly Id: string; readonly RootFS: { readonly Layers: readonly string[] } } => JSON.parse(output(['image', 'inspect', image]))[0];
const count = (text: string, form: RegExp): number => [...text.matchAll(form)].length;

/** What builds keep while they run, and must not keep afterwards. */
const leftovers = (): readonly string[] => {
  const hosts = join(root, 'hosts');
  const homes = existsSync(hosts) ? readdirSync(hosts).map((host) => join(hosts, host, 'build')) : [];
  return [...homes, join(root, 'images'), join(root, 'layers')].filter((path) => existsSync(path)).flatMap((path) => readdirSync(path).filter((name) => /^\d+-|^\.tmp-/.test(name)).map((name) => join(path, name)));
};

test('every instruction: files, configuration, history', () => {
  const directory = context({
    'a.txt': 'hello\n',
    'sub/b.txt': 'b\n',
    'ignored/x': 'x',
    '.dockerignore': 'ignored\n*.log\n!keep.log\n',
    'x.log': 'x',
    'keep.log': 'kept',
    Dockerfile: `# syntax=docker/dockerfile:1
ARG BASE=nothing
FROM \${BASE}
MAINTAINER me
ENV A=1 B="x y"
ARG V=5
WORKDIR /w/deep
RUN echo "$A $B $V" > out && id -u > uid
COPY . /src
COPY a.txt sub/*.txt /two/
COPY --chown=nobody:nogroup --chmod=640 a.txt file
COPY <<EOF <<"RAW" /here/
value $A
EOF
raw $A
RAW
ADD a.txt /added
USER nobody:nogroup
WORKDIR made
RUN id -un > who
SHELL ["/bin/sh", "-ec"]
RUN <<EOF
false || echo shell > /tmp/multi
cat /here/EOF >> /tmp/multi
EOF
EXPOSE 80 53/udp
VOLUME ["/data"]
LABEL k="v w" \\
      # in between
      l=\${A}2
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --retries=2 CMD true
ENTRYPOINT ["/bin/cat"]
CMD ["/here/EOF"]
ONBUILD RUN echo triggered
`,
  });
  symlinkSync('a.txt', join(directory, 'link'));
  chmodSync(join(directory, 'a.txt'), 0o604);
  built(directory, '-t', 'all', '--build-arg', 'BASE=busybox', '--label', 'given=1');
  assert.is(output([...bare, 'all']), 'value 1\n');
  assert.is(inImage('all', 'cat /w/deep/out /w/deep/uid /w/deep/made/who /here/RAW /tmp/multi /added'), '1 x y 5\n0\nnobody\nraw $A\nshell\nvalue 1\nhello\n');
  assert.is(inImage('all', 'cd /src; find . | sort; readlink link; stat -c "%a %U:%G %n" . a.txt /w/deep/file /w/deep /w/deep/made /two; ls /two'), [
    '.', './.dockerignore', './Dockerfile', './a.txt', './keep.log', './link', './sub', './sub/b.txt', 'a.txt',
    '755 root:root .', '604 root:root a.txt', '640 nobody:nogroup /w/deep/file', '755 root:root /w/deep', '755 nobody:nogroup /w/deep/made', '755 root:root /two', 'a.txt', 'b.txt', '',
  ].join('\n'));
  const { Config } = inspect('all');
  assert.equal(Config['Env'], ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'A=1', 'B=x y']);
  assert.equal(Config['Labels'], { given: '1', k: 'v w', l: '12' });
  assert.equal([Config['User'], Config['WorkingDir'], Config['StopSignal'], Config['Entrypoint'], Config['Cmd'], Config['Shell'], Config['OnBuild']], [
    'nobody:nogroup', '/w/deep/made', 'SIGINT', ['/bin/cat'], ['/here/EOF'], ['/bin/sh', '-ec'], ['RUN echo triggered'],
  ]);
  assert.equal([Config['ExposedPorts'], Config['Volumes'], Config['Healthcheck']], [{ '53/udp': {}, '80/tcp': {} }, { '/data': {} }, { Test: ['CMD-SHELL', 'true'], Interval: 5e9, Retries: 2 }]);
  const history = output(['history', '--no-trunc', '--format', '{{.CreatedBy}}', 'all']).trim().split('\n');
  for (const line of ['CMD ["/here/EOF"]', 'RUN |1 V=5 /bin/sh -c echo "$A $B $V" > out && id -u > uid # buildkit', 'COPY --chown=nobody:nogroup --chmod=640 a.txt file # buildkit', 'WORKDIR /w/deep', 'ENV A=1 B=x y', 'MAINTAINER me', 'EXPOSE [53/udp 80/tcp]']) {
    assert.ok(history.includes(line), `${line} in ${history.join('\n')}`);
  }
  const child = context({ Dockerfile: 'FROM all\nUSER root\n' });
  assert.match(built(child, '-t', 'child'), /\[2\/2\] ONBUILD RUN echo triggered/);
});

test('the cache goes by content: new times are nothing, a changed file or line rebuilds from there, --no-cache all', () => {
  const directory = context({ 'a.txt': '1', 'b.txt': '2', Dockerfile: 'FROM busybox\nRUN echo one > /one\nCOPY a.txt /\nRUN cat /a.txt > /two\nCOPY b.txt /\n' });
  assert.is(count(built(directory, '-t', 'first'), /CACHED/g), 0);
  utimesSync(join(directory, 'a.txt'), 1, 1);
  assert.is(count(built(directory, '-t', 'second'), /CACHED/g), 4);
  assert.is(inspect('first').Id, inspect('second').Id);
  writeFileSync(join(directory, 'a.txt'), '3');
  assert.is(count(built(directory, '-t', 'third'), /CACHED/g), 1);
  assert.is(inImage('third', 'cat /two'), '3');
  assert.is(count(built(directory, '-t', 'fourth', '--no-cache'), /CACHED/g), 0);
  output(['rmi', 'first', 'second', 'third', 'fourth']);
  output(['image', 'prune', '--all', '--force']);
  importBusybox();
  assert.is(count(built(directory, '-t', 'fifth'), /CACHED/g), 4, 'what builds remember outlives the images');
});

test('stages: only those that are needed, by name and number, from images and named contexts', () => {
  const other = context({ 'named.txt': 'named' });
  const directory = context({
    Dockerfile: `FROM busybox AS one
RUN mkdir -p /out/d && echo 1 > /out/d/f && chown -R 5:6 /out/d && chmod 4711 /out/d/f
FROM busybox AS never
RUN exit 7
FROM scratch AS files
COPY --from=one /out /
COPY --from=other named.txt /
FROM busybox
COPY --from=2 / /all/
COPY --from=busybox /etc/passwd /p
COPY --from=one --chown=1:2 /out/d/f /g
`,
  });
  built(directory, '-t', 'stages', '--build-context', `other=${other}`);
  assert.is(inImage('stages', 'stat -c "%a %u:%g %n" /all/d /all/d/f /g; cat /all/named.txt; grep -c root /p'), '755 5:6 /all/d\n4711 5:6 /all/d/f\n4711 1:2 /g\nnamed1\n');
  assert.match(build(directory, '--target', 'never').stderr, /exit code: 7/);
  built(directory, '-t', 'scratch', '--target', 'files', '--build-context', `other=${other}`);
  assert.is(inspect('scratch').RootFS.Layers.length, 2);
});

test('a failing step: its last lines, the place in the Dockerfile, exit code 1, nothing left', () => {
  const directory = context({ Dockerfile: 'FROM busybox\nRUN for i in $(seq 1 30); do echo line $i; done; \\\n  exit 3\nRUN never\n' });
  const { status, stderr } = build(directory, '-t', 'failed');
  assert.is(status, 1);
  assert.match(stderr, /#\d+ ERROR: process "\/bin\/sh -c for i .*" did not complete successfully: exit code: 3/);
  assert.match(stderr, /------\n > \[2\/3\] RUN for i/);
  assert.is(count(stderr.slice(stderr.indexOf('------')), /line \d+$/gm), 20);
  assert.match(stderr, /Dockerfile:2\n-+\n {3}1 \| {5}FROM busybox\n {3}2 \| >>> RUN for .*\n {3}3 \| >>> {3}exit 3\n {3}4 \| {5}RUN never\n/);
  assert.match(stderr, /skiff: failed to solve: process /);
  assert.equal(leftovers(), []);
  assert.is(skiff(['image', 'inspect', 'failed']).status, 1);
});

test('mistakes are told with their line, and nothing is done', () => {
  const wrong = (text: string, words: RegExp): void => {
    const { status, stderr } = build(context({ Dockerfile: text }));
    assert.is(status, 1);
    assert.match(stderr, words);
  };
  wrong('FROM busybox\nCOPPY a b\n', /Dockerfile:2\n[^]*skiff: dockerfile parse error on line 2: unknown instruction: COPPY \(did you mean COPY\?\)/);
  wrong('FROM busybox\nCOPY ../x /\n', /forbidden path outside the build context: \.\.\/x/);
  wrong('FROM busybox\nCOPY missing /\n', /"\/missing": not found/);
  wrong('FROM busybox\nRUN --security=insecure true\n', /security.insecure is not allowed/);
  wrong('FROM busybox\nCOPY --chown=nobodyelse Dockerfile /\n', /unable to find user nobodyelse/);
  assert.match(build(scratch()).stderr, /no such file: .*Dockerfile/);
});

test('mounts of RUN: a copy of context and stage, a cache that stays, memory, secrets that are in no layer', () => {
  const directory = context({
    'in/a.txt': 'a',
    'in/ignored': 'x',
    '.dockerignore': '**/ignored',
    'secret.txt': 'TOPSECRET',
    Dockerfile: `FROM busybox AS one
RUN echo of the stage > /s
FROM busybox
ARG N=0
RUN --mount=target=/ctx,source=in --mount=type=bind,from=one,source=/s,target=/s ls /ctx > /list && cat /s >> /list && ! touch /ctx/x
RUN --mount=target=/ctx,rw touch /ctx/x
RUN --mount=type=cache,target=/cache,id=../../x echo $N >> /cache/seen && cat /cache/seen > /seen
RUN --mount=type=tmpfs,target=/t,size=1m df -k /t | tail -n 1 | awk '{print $2}' > /size
RUN --mount=type=secret,id=s,required cat /run/secrets/s | wc -c > /length; stat -c %a /run/secrets/s >> /length
RUN --mount=type=secret,id=s,env=TOKEN echo \${#TOKEN} >> /length
RUN --mount=type=secret,id=none test ! -e /run/secrets/none
`,
  });
  const flags = ['-t', 'mounts', '--secret', `id=s,src=${join(directory, 'secret.txt')}`];
  built(directory, ...flags);
  assert.is(inImage('mounts', 'cat /list /seen /size /length; ls -d /ctx /cache /t 2>/dev/null; ls -A /run'), 'a.txt\nof the stage\n0\n1024\n9\n400\n9\n');
  built(directory, ...flags, '--build-arg', 'N=1');
  assert.is(inImage('mounts', 'cat /seen'), '0\n1\n');
  assert.equal(readdirSync(root).filter((name) => execute(['grep', '-rl', 'TOPSECRET', join(root, name)]).stdout !== ''), []);
});

test('contexts: standard input as Dockerfile and as archive, -f of either, -q and files for the id', () => {
  const alone = skiff(['build', '-q', '-t', 'alone', '-'], { input: 'FROM busybox\nRUN echo alone > /f\n' });
  assert.equal([alone.status, alone.stderr, alone.stdout], [0, '', `${inspect('alone').Id}\n`]);
  const archive = tar({ name: 'sub/Other', data: 'FROM busybox\nCOPY x /y\n' }, { name: 'x', data: 'from the archive' }, { name: 'sub/Other.dockerignore', data: '*\n!x\n' });
  const iidfile = join(scratch(), 'id');
  const { status, stderr } = skiff(['build', '-t', 'packed', '-f', 'sub/Other', '--iidfile', iidfile, '-'], { input: archive });
  assert.is(status, 0, stderr);
  assert.is(inImage('packed', 'cat /y'), 'from the archive');
  assert.is(readFileSync(iidfile, 'utf8'), inspect('packed').Id);
  const piped = skiff(['build', '-t', 'piped', '-f', '-', context({ x: 'of the directory' })], { input: 'FROM busybox\nCOPY x /y\n' });
  assert.is(piped.status, 0, piped.stderr);
  assert.is(inImage('piped', 'cat /y'), 'of the directory');
});

test('results as files: a directory, a tar, an archive of the image', () => {
  const directory = context({ Dockerfile: 'FROM busybox AS made\nRUN mkdir -p /out/d && echo made > /out/d/f && chown 5:6 /out/d/f && ln -s d/f /out/l\nFROM scratch\nCOPY --from=made /out /\n' });
  const to = join(scratch(), 'new/files');
  built(directory, '-o', to);
  assert.is(readFileSync(join(to, 'l'), 'utf8'), 'made\n');
  assert.is(statSync(join(to, 'd/f')).uid, process.getuid?.());
  const file = join(scratch(), 'files.tar');
  built(directory, '-o', `type=tar,dest=${file}`);
  assert.match(execute(['tar', '-tvf', file]).stdout, /-rw-r--r-- 5\/6 +5 .* d\/f\n/);
  const archive = join(scratch(), 'image.tar');
  built(directory, '-t', 'archived', '-o', `type=docker,dest=${archive}`);
  const { Id } = inspect('archived');
  output(['rmi', 'archived']);
  output(['load', '-q', '-i', archive]);
  assert.is(inspect('archived').Id, Id);
});

test('SOURCE_DATE_EPOCH: the same bits every time, no date later than that', () => {
  const directory = context({ f: 'x', Dockerfile: 'FROM busybox\nWORKDIR /w\nCOPY f .\nRUN echo made > made && touch -d @1 old\nENV A=1\n' });
  const once = (name: string): string => {
    built(directory, '-t', name, '--no-cache', '--build-arg', 'SOURCE_DATE_EPOCH=1700000000');
    return inspect(name).Id;
  };
  const first = once('dated');
  utimesSync(join(directory, 'f'), Date.now() / 1000, Date.now() / 1000);
  assert.is(once('again'), first);
  assert.is(inImage('dated', 'stat -c %Y /w /w/f /w/made /w/old'), '1700000000\n1700000000\n1700000000\n1\n');
  assert.match(output(['image', 'inspect', '--format', '{{.Created}}', 'dated']), /^2023-11-14T22:13:20/);
});

test('ADD takes local archives apart, and keeps what comes from elsewhere whole', () => {
  const directory = context({ Dockerfile: 'FROM busybox\nADD in.tar /to\nCOPY in.tar /to/\n' });
  writeFileSync(join(directory, 'in.tar'), tar({ name: 'd/', type: 'directory', mode: 0o700, uid: 7, gid: 8 }, { name: 'd/f', data: 'f', uid: 7, gid: 8 }));
  built(directory, '-t', 'added');
  assert.is(inImage('added', 'stat -c "%a %u:%g %n" /to/d /to/d/f; ls /to'), '700 7:8 /to/d\n644 7:8 /to/d/f\nd\nin.tar\n');
});

test('what builds remember: listed, pruned where no image has it, or all of it', () => {
  output(['builder', 'prune', '--all', '--force']);
  const directory = context({ Dockerfile: 'FROM busybox\nRUN --mount=type=cache,target=/c,sharing=locked echo x > /c/f; echo pruned > /p\n' });
  built(directory, '-t', 'pruned');
  const list = output(['buildx', 'du']);
  assert.match(list, /^ID +RECLAIMABLE +SIZE +CREATED +DESCRIPTION\n[0-9a-f]{25} +false +[\d.]+kB +.* RUN \/bin\/sh -c echo x .*\n[0-9a-f]{25} +true +[\d.]+kB +cache of RUN --mount\nShared:/);
  assert.match(output(['system', 'df']), /Build Cache +2 +1 +[\d.]+kB +[\d.]+kB\n/);
  assert.match(output(['builder', 'prune', '--force']), /^Total reclaimed space: /);
  assert.match(built(directory), /CACHED/);
  output(['rmi', 'pruned']);
  assert.match(output(['builder', 'prune', '--force']), /^Deleted build cache objects:\n[0-9a-f]{64}\n\nTotal reclaimed space: [\d.]+kB\n$/);
  assert.not.match(built(directory), /CACHED/);
  output(['builder', 'prune', '--all', '--force']);
  assert.equal(readdirSync(join(root, 'build', 'mounts')), []);
  assert.equal(readdirSync(join(root, 'build', 'cache')), []);
});

test('--check tells what should be otherwise and builds nothing; the Dockerfile can make that an error of every build', () => {
  const text = 'FROM busybox AS Made\nRUN exit 3\nCOPY left-out /\nCMD sleep 1\n';
  const directory = context({ Dockerfile: text, '.dockerignore': 'left-out', 'left-out': '' });
  const { status, stdout } = skiff(['build', '--check', directory]);
  assert.is(status, 1);
  assert.match(stdout, /^Check complete, 3 warnings have been found!\n\nWARNING: StageNameCasing - https:\/\/docs\.docker\.com\/go\/dockerfile\/rule\/stage-name-casing\/\nStage name 'Made' should be lowercase\nDockerfile:1\n-{20}\n {3}1 \| >>> FROM/);
  assert.match(stdout, /rule\/json-args-recommended\/\nJSON arguments recommended for CMD/);
  assert.match(stdout, /Attempting to COPY file "left-out" that is excluded by \.dockerignore/);
  assert.equal(skiff(['build', '--check', context({ Dockerfile: 'FROM busybox\nRUN exit 3\n' })]).stdout, 'Check complete, no warnings found.\n');
  assert.match(skiff(['build', '--check', context({ Dockerfile: 'FROM busybox\nRUNN x\n' })]).stderr, /unknown instruction: RUNN/);
  const strict = build(context({ Dockerfile: `# check=error=true\n${text}` }));
  assert.is(strict.status, 1);
  assert.match(strict.stderr, /lint violation found for rules: StageNameCasing, JSONArgsRecommended\n/);
});

test('two builds at once share the cache, and both are whole', async () => {
  const directory = context({ f: 'shared', Dockerfile: 'FROM busybox\nRUN echo at once > /once\nCOPY f /\nRUN cat /once /f > /both\n' });
  const start = (name: string): Promise<unknown> =>
    new Promise((resolve) => spawn(skiffCommand[0], [...skiffCommand.slice(1), 'build', '-q', '-t', name, directory], { stdio: 'ignore' }).once('close', resolve));
  assert.equal(await Promise.all(['left', 'right', 'middle'].map(start)), [0, 0, 0]);
  for (const name of ['left', 'right', 'middle']) assert.is(inImage(name, 'cat /both'), 'at once\nshared');
  assert.is(count(built(directory), /CACHED/g), 3);
  assert.equal(leftovers(), []);
});

test('kill -9 leaves no process, and what was done is found again', async () => {
  const directory = context({ Dockerfile: 'FROM busybox\nRUN echo done > /done\nRUN echo begun; sleep 1234\n' });
  const child = spawn(skiffCommand[0], [...skiffCommand.slice(1), 'build', '--progress', 'plain', directory], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (bytes: Buffer) => void (text += bytes.toString()));
  for (let tries = 0; !text.includes('begun\n') && tries < 3000; tries += 1) await sleep(10);
  assert.match(text, /begun/);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  const sleeping = (): string => execute(['pgrep', '-u', String(process.getuid?.()), '-f', 'sleep 1234']).stdout;
  for (let tries = 0; sleeping() !== '' && tries < 3000; tries += 1) await sleep(10);
  assert.is(sleeping(), '');
  assert.match(built(context({ Dockerfile: 'FROM busybox\nRUN echo done > /done\n' })), /CACHED/);
  assert.equal(leftovers(), []);
});

test('an interrupted build ends with the signal, and clears away', async () => {
  const directory = context({ Dockerfile: 'FROM busybox\nRUN echo begun; trap "" INT TERM; sleep 1235\n' });
  const child = spawn(skiffCommand[0], [...skiffCommand.slice(1), 'build', '--progress', 'plain', directory], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (bytes: Buffer) => void (text += bytes.toString()));
  for (let tries = 0; !text.includes('begun\n') && tries < 3000; tries += 1) await sleep(10);
  child.kill('SIGINT');
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.is(code, 130, text);
  assert.equal(leftovers(), []);
});

test.run();
