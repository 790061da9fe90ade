/** Dockerfiles taken apart: directives, continued lines, here-documents, every instruction with its flags, and what is wrong in BuildKit's words. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DockerfileError, excerpt } from '../../src/build/dockerfile/location.ts';
import { readSource } from '../../src/build/dockerfile/lines.ts';
import { parseDockerfile, parseTrigger } from '../../src/build/dockerfile/parse.ts';
import { parseRunMount } from '../../src/build/dockerfile/run-mounts.ts';
import type { Instruction } from '../../src/build/dockerfile/instructions.ts';

const one = (line: string): Omit<Instruction, 'lines' | 'original'> => {
  const { lines: _, original: __, ...action } = parseDockerfile(`FROM x\n${line}\n`).stages[0]?.instructions[0] as Instruction;
  return action;
};
const shell = (text: string) => ({ form: 'shell', text, heredocs: [] });

test('continued lines: comments and empty lines within are passed over, blanks stay', () => {
  const { statements } = readSource('FROM x\nRUN echo a \\  \n# comment\n\n   # another\n  b \\\n&& c\nCMD d\n');
  assert.is(statements[1]?.rest, 'echo a   b && c');
  assert.equal(statements.map(({ lines }) => [lines.first, lines.last]), [[1, 1], [2, 7], [8, 8]]);
});

test('the escape directive, CRLF and a byte-order mark', () => {
  const { statements, directives } = readSource('\ufeff# escape=`\r\n# syntax=docker/dockerfile:1\r\nFROM x\r\nRUN a `\r\n  b\\\r\n');
  assert.equal(directives, { escape: '`', syntax: 'docker/dockerfile:1' });
  assert.is(statements[1]?.rest, 'a   b\\');
});

test('a directive behind anything else is a comment', () => {
  assert.is(readSource('# hello\n# escape=`\nFROM x\n').directives.escape, '\\');
  assert.is(readSource('FROM x\n# escape=`\n').directives.escape, '\\');
});

test('here-documents: two in one line, quoted names, tabs', () => {
  const { statements } = readSource('FROM x\nRUN <<A cat > /x && cat <<-"B"\nhello $x\nA\n\ttab\n\tB\nCMD c');
  assert.equal(statements[1]?.heredocs, [
    { name: 'A', expand: true, chomp: false, content: 'hello $x\n' },
    { name: 'B', expand: false, chomp: true, content: '\ttab\n' },
  ]);
  assert.equal(one('COPY <<-EOF <<other /to/\n\tone\n\tEOF\ntwo\nother'), {
    kind: 'COPY', sources: [], target: '/to/', link: false, parents: false, exclude: [],
    inline: [{ name: 'EOF', text: 'one\n', expand: true }, { name: 'other', text: 'two\n', expand: true }],
  });
  assert.equal((one('RUN echo $((1 << 2)) <<< x') as unknown as { command: unknown }).command, shell('echo $((1 << 2)) <<< x'));
  assert.equal((one('RUN ["a", "<<b"]') as unknown as { command: unknown }).command, { form: 'exec', words: ['a', '<<b'] });
});

test('every instruction', () => {
  assert.equal(one('env A=1 B="x y" C=d\\ e'), { kind: 'ENV', pairs: [{ key: 'A', value: '1' }, { key: 'B', value: '"x y"' }, { key: 'C', value: 'd\\ e' }] });
  assert.equal(one('ENV A b  c=d'), { kind: 'ENV', pairs: [{ key: 'A', value: 'b  c=d' }] });
  assert.equal(one('LABEL "a.b"="c"'), { kind: 'LABEL', pairs: [{ key: '"a.b"', value: '"c"' }] });
  assert.equal(one('ARG A B=1 C='), { kind: 'ARG', names: [{ key: 'A' }, { key: 'B', value: '1' }, { key: 'C', value: '' }] });
  assert.equal(one('CMD ["a", "b c"]'), { kind: 'CMD', command: { form: 'exec', words: ['a', 'b c'] } });
  assert.equal(one('ENTRYPOINT exec top -b'), { kind: 'ENTRYPOINT', command: shell('exec top -b') });
  assert.equal(one('CMD [a, b'), { kind: 'CMD', command: shell('[a, b') });
  assert.equal(one('EXPOSE 80 53/udp $P'), { kind: 'EXPOSE', ports: ['$P', '53/udp', '80'] });
  assert.equal(one('VOLUME ["/a b", "/c"]'), { kind: 'VOLUME', paths: ['/a b', '/c'] });
  assert.equal(one('VOLUME /a /b'), { kind: 'VOLUME', paths: ['/a', '/b'] });
  assert.equal(one('WORKDIR /a b'), { kind: 'WORKDIR', value: '/a b' });
  assert.equal(one('SHELL ["/bin/bash", "-c"]'), { kind: 'SHELL', words: ['/bin/bash', '-c'] });
  assert.equal(one('HEALTHCHECK --interval=5s --retries=2 CMD curl -f x'), { kind: 'HEALTHCHECK', check: { Test: ['CMD-SHELL', 'curl -f x'], Interval: 5e9, Retries: 2 } });
  assert.equal(one('HEALTHCHECK cmd ["a"]'), { kind: 'HEALTHCHECK', check: { Test: ['CMD', 'a'] } });
  assert.equal(one('HEALTHCHECK NONE'), { kind: 'HEALTHCHECK', check: { Test: ['NONE'] } });
  assert.equal(one('ONBUILD COPY . /src'), { kind: 'ONBUILD', trigger: 'COPY . /src' });
  assert.equal(one('ONBUILD RUN <<E\nx\nE'), { kind: 'ONBUILD', trigger: 'RUN <<E\nx\nE' });
  assert.equal(one('COPY --from=b --chown=a:b --chmod=0755 --link --exclude=*.o --exclude=x a b /c/'), {
    kind: 'COPY', sources: ['a', 'b'], inline: [], target: '/c/', from: 'b', chown: 'a:b', chmod: '0755', link: true, parents: false, exclude: ['*.o', 'x'],
  });
  assert.equal(one('ADD --checksum=sha256:1 --keep-git-dir=false ["http://x/a b", "/c"]'), {
    kind: 'ADD', sources: ['http://x/a b'], inline: [], target: '/c', link: false, parents: false, exclude: [], checksum: 'sha256:1', keepGitDir: false,
  });
  assert.equal(one('RUN --mount=type=tmpfs,target=/x --network=none --security=sandbox -- --not a flag'), {
    kind: 'RUN', command: shell('--not a flag'), mounts: ['type=tmpfs,target=/x'], network: 'none', security: 'sandbox',
  });
});

test('stages, their names and platforms, and what stands before the first', () => {
  const file = parseDockerfile('ARG V=1\nFROM --platform=$BUILDPLATFORM a:$V AS Build\nRUN x\nFROM build\n');
  assert.equal(file.globals.map(({ names }) => names), [[{ key: 'V', value: '1' }]]);
  assert.equal(file.stages.map(({ base, name, platform }) => [base, name, platform]), [['a:$V', 'build', '$BUILDPLATFORM'], ['build', undefined, undefined]]);
});

const mistakes: readonly (readonly [text: string, line: number | undefined, words: string])[] = [
  ['', undefined, 'file with no instructions'],
  ['RUN x', 1, 'no build stage in current context'],
  ['FROM x\nFRO y', 2, 'unknown instruction: FRO (did you mean FROM?)'],
  ['FROM', 1, 'FROM requires either one or three arguments'],
  ['FROM a AS 1x', 1, `invalid name for build stage: "1x", name can't start with a number or contain symbols`],
  ['FROM x\n\nCOPY a', 3, 'COPY requires at least two arguments, but only one was provided. Destination could not be determined'],
  ['FROM x\nCOPY --form=y a b', 2, 'unknown flag: --form (did you mean from?)'],
  ['FROM x\nCOPY --link=maybe a b', 2, 'expecting boolean value for flag link, not: maybe'],
  ['FROM x\nCOPY --chown a b', 2, 'missing a value on flag: chown'],
  ['FROM x\nCOPY --from=a --from=b a b', 2, 'duplicate flag specified: from'],
  ['FROM x\nENV A', 2, 'ENV must have two arguments'],
  ['FROM x\nENV A=1 B', 2, `Syntax error - can't find = in "B". Must be of the form: name=value`],
  ['FROM x\nENV =1', 2, 'ENV names can not be blank'],
  ['FROM x\nSHELL bash', 2, 'SHELL requires the arguments to be in JSON form'],
  ['FROM x\nCMD [1]', 2, 'when using JSON array syntax, arrays must be comprised of strings only'],
  ['FROM x\nRUN <<E\nx\n', 2, 'unterminated heredoc'],
  ['FROM x\nONBUILD ONBUILD RUN x', 2, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
  ['FROM x\nONBUILD FROM y', 2, "FROM isn't allowed as an ONBUILD trigger"],
  ['FROM x\nHEALTHCHECK --interval=1ns CMD x', 2, 'Interval "interval" cannot be less than 1ms'],
  ['FROM x\nHEALTHCHECK WHEN x', 2, 'Unknown type "WHEN" in HEALTHCHECK (try CMD)'],
  ['FROM x\nRUN --mount=type=bindd,target=/x y', 2, 'unsupported mount type "bindd" (did you mean bind?)'],
  ['FROM x\nRUN --mount=type=bind,from=$X,target=/x y', 2, "'from' doesn't support variable expansion, define alias stage instead"],
  ['FROM x\nRUN --network=bridge y', 2, 'network mode "bridge" is not valid: choose from default, none, host'],
  ['# escape=x\nFROM x', 1, "invalid escape token 'x' does not match ` or \\"],
  ['# escape=`\n# escape=`\nFROM x', 2, 'only one escape parser directive can be used'],
  [`FROM x\nRUN ${'a'.repeat(70000)}`, 2, 'dockerfile line greater than max allowed size of 65535'],
];

for (const [text, line, words] of mistakes) {
  test(`${JSON.stringify(text.slice(0, 60))}: ${words}`, () => {
    try {
      parseDockerfile(text);
    } catch (error) {
      assert.instance(error, DockerfileError);
      assert.is((error as DockerfileError).message, words);
      assert.is((error as DockerfileError).lines?.first, line);
      return;
    }
    assert.unreachable('it is accepted');
  });
}

test('mounts of RUN', () => {
  const of = (text: string) => parseRunMount(text, (word) => word.replaceAll('$X', 'y'));
  assert.equal(of('type=cache,target=/c,id=$X,sharing=locked,mode=0700,uid=5,gid=6'), { kind: 'cache', target: '/c', id: 'y', sharing: 'locked', mode: 0o700, uid: 5, gid: 6, readOnly: false, required: false });
  assert.equal(of('target=/c,src=/a,from=b'), { kind: 'bind', target: '/c', source: '/a', from: 'b', readOnly: true, required: false });
  assert.equal(of('type=bind,target=/c,rw'), { kind: 'bind', target: '/c', readOnly: false, required: false });
  assert.equal(of('type=secret,id=s,required,env=K'), { kind: 'secret', id: 's', env: 'K', readOnly: true, required: true });
  assert.equal(of('type=tmpfs,"target=/a,b",size=1m'), { kind: 'tmpfs', target: '/a,b', size: 1048576, readOnly: false, required: false });
  for (const wrong of ['type=bind', 'type=tmpfs,target=/x,mode=1', 'type=secret', 'type=cache,target=/x,sharing=none', 'target=/x,required', 'type=bind,target=/x,foo=1', 'target']) {
    assert.throws(() => of(wrong), (error: unknown) => error instanceof DockerfileError);
  }
});

test('the trigger of an ONBUILD is an instruction', () => {
  assert.is(parseTrigger('RUN <<E\nx\nE').kind, 'RUN');
  assert.throws(() => parseTrigger('FRUN x'));
});

test('an excerpt points at the lines', () => {
  const text = 'FROM x\n\nRUN a \\\n  b\nCMD c\nUSER d\nUSER e\n';
  assert.is(excerpt('Dockerfile', text, { first: 3, last: 4 }), [
    'Dockerfile:3', '--------------------', '   1 |     FROM x', '   2 |', '   3 | >>> RUN a \\', '   4 | >>>   b', '   5 |     CMD c', '   6 |     USER d', '--------------------', '',
  ].join('\n'));
});

test.run();
