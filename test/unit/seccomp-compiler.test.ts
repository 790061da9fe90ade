/** skiff-seccomp refuses whatever is not a program, in one line. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from './seccomp-support.ts';

const native = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const start = `arch ${native}\ndefault errno:1\n`;

const refused: readonly (readonly [input: string, why: RegExp])[] = [
  ['', /no architecture/],
  ['arch vax\n', /line 1: unknown architecture 'vax'/],
  ['arch x86\ndefault allow\nrule errno:1 mount\n', /native/],
  [`arch ${native}\nrule allow read\n`, /one default/],
  [`${start}default allow\n`, /line 3: more than one default/],
  [`${start}pretend chown\n`, /one default/],
  [`${start}rule maybe read\n`, /unknown action 'maybe'/],
  [`${start}rule errno:4096 read\n`, /not a number up to 4095/],
  [`${start}rule errno:-1 read\n`, /not a number/],
  [`${start}rule allow\n`, /the system call is missing/],
  [`${start}rule allow ../x\n`, /not a system call's name/],
  [`${start}rule allow ${'a'.repeat(64)}\n`, /not a system call's name/],
  [`${start}rule allow read 6 eq 0 0\n`, /not a number up to 5/],
  [`${start}rule allow read 0 is 0 0\n`, /unknown comparison 'is'/],
  [`${start}rule allow read 0 eq 0\n`, /the second value is missing/],
  [`${start}rule allow read 0 eq 18446744073709551616 0\n`, /not a number/],
  [`${start}rule allow  read\n`, /an empty word/],
  [`${start}rule allow read`, /cut off/],
  [`${start}rule allow read\0\n`, /cut off/],
  [`${start}rule allow ${'0 '.repeat(400)}\n`, /longer than 510 bytes/],
  [`${start}rule allow file_setattr 0 eq 1 0\n`, /newer than this program/],
  [`${start}${'rule allow read\n'.repeat(8193)}`, /more than 8192 rules/],
  ['gibberish\n', /unknown kind of line/],
  [`arch ${native}\npretend chown 1\n`, /has no values/],
  [`arch ${native}\npretend chown 1=\n`, /not a number/],
  [`arch ${native}\npretend chown 1=1,2,3,4,5\n`, /more than 4 values/],
  [`arch ${native}\npretend chown 1=4294967296\n`, /not a number/],
];

for (const [input, why] of refused)
  test(`refuses ${JSON.stringify(input.slice(-50))}`, () => {
    const { status, program, words } = compile(input);
    assert.is(status, 1);
    assert.is(program.length, 0);
    assert.match(words, why);
    assert.match(words, /^skiff-seccomp: [^\n]+\n$/);
  });

test('skips a system call that nobody knows and a rule that repeats the default', () => {
  const { status, words } = compile(`${start}rule allow frobnicate\nrule errno:1 read\nrule allow write\n`);
  assert.is(words, '');
  assert.is(status, 0);
});

test('takes every action and comparison', () => {
  const actions = ['allow', 'log', 'trap', 'kill-thread', 'kill-process', 'errno:0', 'trace:65535'];
  const operators = ['ne', 'lt', 'le', 'eq', 'ge', 'gt', 'masked_eq'];
  const rules = actions.map((action, i) => `rule ${action} mmap ${i % 6} ${operators[i]} 18446744073709551615 1`);
  const { status, words } = compile(`${start}${rules.join('\n')}\n`);
  assert.is(words, '');
  assert.is(status, 0);
});

test.run();
