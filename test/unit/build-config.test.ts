/** What instructions do to an image's configuration and history, in BuildKit's words. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { applySimple, beginning, dated, defaultPath, noted, targetOf, workdirOf, wordsOf } from '../../src/build/config.ts';
import { exposedBy } from '../../src/build/expose.ts';
import { quote } from '../../src/build/go-format.ts';
import { parseDockerfile } from '../../src/build/dockerfile/parse.ts';
import type { ContainerDefaults } from '../../src/core/oci-image.ts';
import type { StageConfig } from '../../src/build/config.ts';

const platform = { os: 'linux', architecture: 'amd64' };
const given = { buildArgs: new Map([['GIVEN', 'g']]), globals: new Map([['GLOBAL', 'o']]) };

const after = (text: string, config: ContainerDefaults = {}): StageConfig =>
  (parseDockerfile(`FROM x\n${text}\n`).stages[0]?.instructions ?? []).reduce(
    (stage, instruction) => applySimple(stage, instruction as Parameters<typeof applySimple>[1], '\\', given),
    beginning(platform, config, []),
  );

const lines = (stage: StageConfig): readonly (string | null | undefined)[] => stage.history.map(({ created_by }) => created_by);

test('ENV: expanded by what was before it, a name in its place; PATH is there', () => {
  const stage = after('ENV A=1 B=$A\nENV A=2 C=${A:-x}$B', { Env: ['B=0'] });
  assert.equal(stage.config.Env, [`PATH=${defaultPath}`, 'B=', 'A=2', 'C=1']);
  assert.equal(lines(stage), ['ENV A=1 B=', 'ENV A=2 C=1']);
});

test('ARG: in the environment of RUN, in no image; given beats default, global fills in', () => {
  const stage = after('ARG GIVEN=d\nARG GLOBAL\nARG NONE\nARG D=x$GIVEN\nENV E=$D');
  assert.equal(Object.fromEntries(stage.args), { GIVEN: 'g', GLOBAL: 'o', NONE: '', D: 'xg' });
  assert.equal(stage.config.Env, [`PATH=${defaultPath}`, 'E=xg']);
  assert.is(stage.env.has('NONE'), false);
  assert.equal(lines(stage), ['ARG GIVEN=g', 'ARG GLOBAL=o', 'ARG NONE', 'ARG D=xg', 'ENV E=xg']);
});

test('CMD and ENTRYPOINT: a new entry point takes an inherited command away, not the stage\'s own', () => {
  const inherited = after('ENTRYPOINT ["e"]', { Cmd: ['old'] });
  assert.equal([inherited.config.Entrypoint, inherited.config.Cmd], [['e'], undefined]);
  const own = after('CMD ["c"]\nENTRYPOINT e "x"');
  assert.equal([own.config.Entrypoint, own.config.Cmd], [['/bin/sh', '-c', 'e "x"'], ['c']]);
  assert.equal(lines(own), ['CMD ["c"]', 'ENTRYPOINT ["/bin/sh" "-c" "e \\"x\\""]']);
  assert.equal(wordsOf(after('SHELL ["/bin/bash", "-c"]'), { form: 'shell', text: 'x', heredocs: [] }), ['/bin/bash', '-c', 'x']);
});

test('EXPOSE, VOLUME, USER, LABEL, STOPSIGNAL, HEALTHCHECK, ONBUILD, MAINTAINER', () => {
  const stage = after('ENV P=90\nEXPOSE $P 8000-8001/udp\nVOLUME /a $P\nUSER u$P\nLABEL "k $P"=v\nSTOPSIGNAL SIGINT\nHEALTHCHECK --timeout=1m CMD x\nONBUILD RUN y\nMAINTAINER me', { OnBuild: ['RUN old'] });
  const { config } = stage;
  assert.equal(Object.keys(config.ExposedPorts ?? {}), ['90/tcp', '8000/udp', '8001/udp']);
  assert.equal([config.Volumes, config.User, config.Labels, config.StopSignal, config.OnBuild], [{ '/a': {}, 90: {} }, 'u90', { 'k 90': 'v' }, 'SIGINT', ['RUN y']]);
  assert.is(stage.author, 'me');
  assert.ok(lines(stage).includes('HEALTHCHECK {Test:[CMD-SHELL x] Interval:0s Timeout:60s StartPeriod:0s StartInterval:0s Retries:0}'));
  assert.throws(() => after('STOPSIGNAL SIGNOT'), (error: Error) => /invalid signal/.test(error.message));
});

test('directories: WORKDIR and targets are relative to the one before', () => {
  const stage = after('ENV D=d', { WorkingDir: '/w' });
  assert.is(workdirOf(stage, 'a/$D/..', '\\'), '/w/a');
  assert.is(workdirOf(stage, '/x', '\\'), '/x');
  assert.equal(['a', 'a/', '.', './', '', '/', '/a/../b/', 'a/.'].map((path) => targetOf(stage, path)), ['/w/a', '/w/a/', '/w/', '/w/', '/w/', '/', '/b/', '/w/a/']);
});

test('ports in all forms, and what is none', () => {
  assert.equal(['80', '80/UDP', '127.0.0.1:8080:80', '8080:80', '[::1]:1:2/sctp', '1-3'].flatMap(exposedBy), ['80/tcp', '80/udp', '80/tcp', '80/tcp', '2/sctp', '1/tcp', '2/tcp', '3/tcp']);
  for (const wrong of ['', 'x', '80/ip', '70000', '3-1', 'host:1:2', '1-2:3-5']) assert.throws(() => exposedBy(wrong), wrong);
});

test('dates of empty steps are those of the layer before; quotes are Go\'s', () => {
  const stage = noted(noted(noted(beginning(platform, {}, []), 'a'), 'b', { created: '2020' }), 'c');
  assert.equal(dated(stage.history).map(({ created }) => created), [undefined, '2020', '2020']);
  assert.is(quote('a"\\\n\u0001é'), '"a\\"\\\\\\n\\x01é"');
});

test.run();
