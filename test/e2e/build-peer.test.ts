/**
 * The same Dockerfiles built by buildah and by us: the same files (names, kinds, modes, owners, contents, links) and the same configuration. What buildah
 * does otherwise than BuildKit is not asked here: what a directory's mode becomes that COPY makes of a context, ARG in the environment of an image,
 * and HEALTHCHECK, for which its OCI images have no place. A part of the cases by default, all with SKIFF_SOAK. @one-driver
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createHash } from 'node:crypto';
import { chmodSync, createReadStream, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { extract } from 'tar-stream';
import { execute, importBusybox, output, scratch, skiff } from './skiff.ts';
import { tar } from '../tar-maker.ts';

/** Name, and the Dockerfile's lines behind `FROM localhost/busybox`. */
const cases: Readonly<Record<string, string>> = {
  nothing: 'LABEL a=b',
  run: 'RUN mkdir -p /a/b && echo x > /a/b/c && chmod 4750 /a/b/c && ln -s b /a/l && ln /a/b/c /a/hard',
  owners: 'RUN mkdir /o && touch /o/f && chown 5:6 /o/f && chown -h 7:8 /o && mkfifo /o/p',
  deleted: 'RUN mkdir -p /d/e && touch /d/e/f /d/g\nRUN rm -r /d/e && touch /d/h\nRUN rm /d/g && mkdir /d/g && touch /d/g/i',
  replaced: 'RUN mkdir /r && touch /r/a\nRUN rm -r /r && mkdir /r && touch /r/b\nRUN rm -r /r && echo file > /r',
  file: 'COPY f /copied',
  intoDirectory: 'COPY f /to/deep/',
  several: 'COPY f g.txt /several/',
  contents: 'RUN mkdir -m 750 /here\nCOPY d /here/',
  chown: 'COPY --chown=12:34 f /owned/',
  chownByName: 'COPY --chown=nobody:nogroup f /named/',
  chmod: 'COPY --chmod=751 f /moded',
  wildcard: 'COPY *.txt /wild/',
  question: 'COPY ?.txt /one/',
  over: 'RUN echo old > /over && chmod 600 /over\nCOPY f /over',
  links: 'COPY links /links/',
  followed: 'COPY links/to /followed',
  through: 'RUN mkdir /real && ln -s real /alias\nCOPY f /alias/\nRUN echo more > /alias/more',
  add: 'ADD in.tar /added/',
  addPlain: 'ADD f /added/',
  workdir: 'WORKDIR /w/x\nRUN pwd > here\nWORKDIR y\nCOPY f .',
  workdirUser: 'USER 5:6\nWORKDIR /wu\nRUN touch mine',
  user: 'USER nobody\nRUN id -u > /tmp/uid',
  env: 'ENV A=1 B="two words" C=$A-x\nENV D ${B:-no} rest\nRUN echo "$A|$B|$C|$D" > /env',
  arg: 'ARG V=default\nARG W\nRUN echo "$V|$W" > /arg\nENV KEEP=${V:+set}',
  shell: 'SHELL ["/bin/sh", "-ec"]\nRUN echo $0 > /shell',
  exec: 'RUN ["/bin/sh", "-c", "echo exec > /exec"]',
  commands: 'ENTRYPOINT ["/bin/echo", "a b"]\nCMD ["c"]',
  shellForm: 'ENTRYPOINT exec top\nCMD -b',
  entryClears: 'CMD ["x"]\nENTRYPOINT ["y"]',
  exposed: 'EXPOSE 80 53/udp',
  volumes: 'VOLUME /v1 /v2\nVOLUME ["/v 3"]',
  labels: 'LABEL "com.example"=x \\\n  y="1 2" z=a\\ b',
  stop: 'STOPSIGNAL SIGINT',
  onbuild: 'ONBUILD RUN x\nONBUILD COPY a b',
  maintainer: 'MAINTAINER Some One <one@example.com>',
  stages: 'RUN mkdir /s && echo 1 > /s/f && chown 9:9 /s/f\nFROM localhost/busybox AS second\nCOPY --from=0 /s /from0\nFROM localhost/busybox\nCOPY --from=second /from0/f /last\nCOPY --from=0 /s/f /and',
  ignored: 'COPY . /ctx/\nRUN chmod 755 /ctx',
  continued: 'RUN echo a \\\n# comment\n\n  b > /c && \\\n  echo d >> /c',
  heredoc: 'RUN <<EOF\necho one > /h\necho two >> /h\nEOF',
};

/** Older releases of buildah know no here-documents, and take an ENTRYPOINT to leave an inherited CMD alone. */
const beyondBuildah: ReadonlySet<string> = new Set(['heredoc', 'entryClears']);

const directory = scratch();
const context = join(directory, 'context');
mkdirSync(join(context, 'd/e'), { recursive: true });
mkdirSync(join(context, 'links'));
for (const [name, text] of Object.entries({ f: 'f', 'g.txt': 'g', 'long.txt': 'long', 'd/x': 'x', 'd/e/y': 'y', 'ignored.log': 'no', 'kept.log': 'yes', '.dockerignore': '*.log\n!kept.log\nDockerfile.*\n' })) writeFileSync(join(context, name), text);
chmodSync(join(context, 'f'), 0o640);
chmodSync(join(context, 'd/x'), 0o755);
for (const name of ['d', 'd/e', 'links']) chmodSync(join(context, name), 0o755);
symlinkSync('../f', join(context, 'links/to'));
symlinkSync('/nowhere', join(context, 'links/dangling'));
writeFileSync(join(context, 'in.tar'), tar({ name: 't/', type: 'directory', mode: 0o711, uid: 3, gid: 4 }, { name: 't/f', data: 'in the archive', mode: 0o604, uid: 3, gid: 4 }, { name: 't/l', type: 'symlink', linkname: 'f' }));

const storage = join(directory, 'storage');
const buildah = (...words: readonly string[]): string => {
  const { status, stdout, stderr } = execute(['buildah', '--root', storage, '--runroot', join(directory, 'run'), '--storage-driver', 'vfs', ...words], { timeout: 120000 });
  assert.is(status, 0, `buildah ${words.join(' ')}: ${stderr}`);
  return stdout;
};

/** Those that are always compared: of each kind of step one. */
const always: ReadonlySet<string> = new Set(['run', 'owners', 'deleted', 'replaced', 'through', 'add', 'env', 'stages', 'ignored', 'workdirUser']);
const isAsked = (name: string): boolean => !beyondBuildah.has(name) && (process.env['SKIFF_SOAK'] === 'true' || always.has(name));

/** buildah makes the directories of volumes at once, and does what ONBUILD says when it only looks at an image: their files are not compared. */
const configOnly: ReadonlySet<string> = new Set(['volumes', 'onbuild']);

/** What both tools put there while a step runs, in images that lack it. */
const passedOver = /^(dev|proc|sys|run|etc)(\/|$)/;

const filesIn = async (path: string): Promise<Readonly<Record<string, string>>> => {
  const found: Record<string, string> = {};
  const reader = extract();
  createReadStream(path).pipe(reader);
  for await (const entry of reader) {
    const { name, type, mode = 0, uid, gid, linkname } = entry.header;
    const hash = createHash('sha256');
    for await (const chunk of entry) hash.update(chunk as Buffer);
    const clean = name.replace(/^\.\//, '').replace(/\/$/, '');
    if (clean === '' || clean === '.' || passedOver.test(clean)) continue;
    // Which of two names is the link is nobody's business.
    const kind = type === 'link' ? 'file' : type;
    const content = type === 'symlink' ? String(linkname) : type === 'link' ? 'same' : hash.digest('hex').slice(0, 12);
    found[clean] = `${kind} ${(mode & 0o7777).toString(8)} ${uid}:${gid} ${content}`;
  }
  return found;
};

interface Shown {
  readonly Env: unknown;
  readonly [name: string]: unknown;
}

const settings = ['User', 'Env', 'Entrypoint', 'Cmd', 'WorkingDir', 'Labels', 'StopSignal', 'Volumes', 'ExposedPorts', 'OnBuild', 'Shell'] as const;

/** Without what is empty: one writes null, the other nothing. */
const chosen = (config: Shown): Readonly<Record<string, unknown>> =>
  Object.fromEntries(settings.flatMap((name) => {
    const value = config[name];
    const isEmpty = value === undefined || value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
    return isEmpty || (name === 'WorkingDir' && value === '/') ? [] : [[name, value]];
  }));

const withoutOwn = (labels: unknown): unknown => Object.fromEntries(Object.entries((labels ?? {}) as Record<string, string>).filter(([name]) => !name.startsWith('io.buildah')));

const compareFiles = async (tag: string, ours: string, theirs: string): Promise<void> => {
  const b = `buildah --root ${storage} --runroot ${join(directory, 'run')} --storage-driver vfs`;
  buildah('unshare', 'sh', '-c', `c=$(${b} from localhost/${tag}) && m=$(${b} mount $c) && tar --numeric-owner -C "$m" -cf ${theirs} . && ${b} rm $c > /dev/null`);
  const [left, right] = [await filesIn(ours), await filesIn(theirs)];
  const shown = (path: string, text: string | undefined): string | undefined => (left[path]?.endsWith(' same') || right[path]?.endsWith(' same') ? text?.replace(/ \w+$/, '') : text);
  for (const path of Object.keys(right)) assert.is(shown(path, left[path]), shown(path, right[path]), path);
  assert.equal(Object.keys(left).sort(), Object.keys(right).sort());
};

importBusybox('localhost/busybox');
const base = join(directory, 'base.tar');
output(['save', '-o', base, 'localhost/busybox']);
buildah('pull', `docker-archive:${base}`);

for (const [name, text] of Object.entries(cases)) {
  if (!isAsked(name)) continue;
  test(`as buildah: ${name}`, async () => {
    const dockerfile = join(context, `Dockerfile.${name}`);
    writeFileSync(dockerfile, `FROM localhost/busybox\n${text}\n`);
    const ours = join(directory, `${name}-ours.tar`);
    const theirs = join(directory, `${name}-theirs.tar`);
    const tag = name.toLowerCase();
    const built = skiff(['build', '-q', '-t', tag, '-f', dockerfile, '-o', `type=tar,dest=${ours}`, '-o', 'type=image', context]);
    assert.is(built.status, 0, built.stderr);
    buildah('bud', '--isolation', 'chroot', '--format', 'docker', '--layers=false', '-q', '-t', tag, '-f', dockerfile, context);
    if (!configOnly.has(name)) await compareFiles(tag, ours, theirs);
    const own = JSON.parse(output(['image', 'inspect', tag]))[0] as { readonly Config: Shown; readonly Author: string };
    const other = (JSON.parse(buildah('inspect', '--type', 'image', `localhost/${tag}`)) as { readonly Docker: { readonly config: Shown; readonly author?: string } }).Docker;
    assert.equal(chosen(own.Config), { ...chosen({ ...other.config, Labels: withoutOwn(other.config['Labels']) }) });
    assert.is(own.Author, other.author ?? '');
  });
}

test('nothing of buildah is left', () => {
  assert.is(execute(['buildah', 'unshare', 'rm', '-rf', storage, join(directory, 'run')]).status, 0);
});

test.run();
