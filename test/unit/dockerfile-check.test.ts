/** What `--check` finds, and what it leaves alone. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkDockerfile, ruleAddress } from '../../src/build/dockerfile/check.ts';
import { parseDockerfile } from '../../src/build/dockerfile/parse.ts';
import { ignoreOf } from '../../src/build/ignore.ts';

const found = (text: string, ignore = ''): readonly string[] => checkDockerfile(parseDockerfile(text), ignoreOf(ignore)).map(({ rule, text: words, lines }) => `${lines.first} ${rule}: ${words}`);

test('nothing where all is as it should be', () => {
  assert.equal(found('# syntax=x\nARG V=1\nFROM debian:${V} AS one\nWORKDIR /a\nWORKDIR b\nENV A=1 B="x y"\nLABEL a="b c"\nCOPY x /\nSHELL ["/bin/sh", "-c"]\nCMD x\nFROM one AS two\nWORKDIR c\nENTRYPOINT y\nFROM --platform=$BUILDPLATFORM ${W:-debian}\nCMD ["x"]\n'), []);
});

test('casing: of instructions, AS, stage names', () => {
  assert.equal(found('FROM a\nrun x\nRUN y\n'), ["2 ConsistentInstructionCasing: Command 'run' should match the case of the command majority (uppercase)"]);
  assert.equal(found('from a\nrun x\nRun y\n'), ["3 ConsistentInstructionCasing: Command 'Run' should match the case of the command majority (lowercase)"]);
  assert.equal(found('FROM a as b\nFROM a AS B2\n'), ["1 FromAsCasing: 'as' and 'FROM' keywords' casing do not match", "2 StageNameCasing: Stage name 'B2' should be lowercase"]);
});

test('stages: names used twice, reserved ones, arguments that nobody declares, platforms', () => {
  assert.equal(found('FROM a AS x\nFROM b AS x\nFROM c AS context\n'), ['2 DuplicateStageName: Duplicate stage name "x", stage names should be unique', '3 ReservedStageName: Stage name should not use the same name as reserved stage "context"']);
  assert.equal(found('FROM a:${V}\nFROM --platform=$P b\n'), ["1 UndefinedArgInFrom: FROM argument 'V' is not declared", "2 UndefinedArgInFrom: FROM argument 'P' is not declared"]);
  assert.equal(found('FROM --platform=linux/amd64 a\nFROM --platform=linux/amd64 a AS on_amd64\nFROM --platform=$TARGETPLATFORM a\n'), [
    '1 FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value "linux/amd64"',
    '3 RedundantTargetPlatform: Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
  ]);
});

test('instructions: shells, MAINTAINER, relative directories, ones without an effect, old forms, secrets', () => {
  assert.equal(found('FROM a\nCMD x\nENTRYPOINT ["x"]\nCMD y\n'), [
    '2 JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals',
    '2 MultipleInstructionsDisallowed: Multiple CMD instructions should not be used in the same stage because only the last one will be used',
    '4 JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals',
  ]);
  assert.equal(found('FROM a\nMAINTAINER me\nWORKDIR b\nENV A b\nLABEL c d e\n').map((line) => line.replace(/:.*/u, '')), ['2 MaintainerDeprecated', '3 WorkdirRelativePath', '4 LegacyKeyValueFormat', '5 LegacyKeyValueFormat']);
  assert.equal(found('FROM a\nARG API_TOKEN\nENV PUBLIC_KEY=1 KEYBOARD=1 db_password=2\n'), [
    '2 SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG "API_TOKEN")',
    '3 SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ENV "db_password")',
  ]);
});

test('files that .dockerignore leaves out', () => {
  const ignore = 'tmp\n*.log\n!keep.log\n';
  assert.equal(found('FROM a AS b\nCOPY tmp/x ./y.log keep.log z /d/\nADD /tmp https://h/x.log *.log $V.log /d/\nCOPY --from=b tmp /\nCOPY . /\n', ignore), [
    '2 CopyIgnoredFile: Attempting to COPY file "tmp/x" that is excluded by .dockerignore',
    '2 CopyIgnoredFile: Attempting to COPY file "./y.log" that is excluded by .dockerignore',
    '3 CopyIgnoredFile: Attempting to ADD file "/tmp" that is excluded by .dockerignore',
  ]);
});

test('what the Dockerfile asks to be spared', () => {
  const text = 'FROM a as b\nMAINTAINER me\n';
  assert.is(found(`# check=skip=FromAsCasing\n${text}`).length, 1);
  assert.is(found(`# check=skip=fromascasing, MaintainerDeprecated;error=true\n${text}`).length, 0);
  assert.is(found(`# check=skip=all\n${text}`).length, 0);
  assert.is(found(`# check=error=true\n${text}`).length, 2);
});

test('addresses of rules are those of Docker', () => {
  assert.is(ruleAddress('JSONArgsRecommended'), 'https://docs.docker.com/go/dockerfile/rule/json-args-recommended/');
  assert.is(ruleAddress('UndefinedArgInFrom'), 'https://docs.docker.com/go/dockerfile/rule/undefined-arg-in-from/');
  assert.is(ruleAddress('WorkdirRelativePath'), 'https://docs.docker.com/go/dockerfile/rule/workdir-relative-path/');
});

test.run();
