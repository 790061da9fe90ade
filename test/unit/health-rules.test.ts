/** Health checks: flags over the image's, Docker's words for what is wrong, defaults, and what of it reaches the monitor and `inspect`. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { durationText, parseDuration } from '../../src/core/durations.ts';
import { parseTemplate } from '../../src/core/go-template.ts';
import { toJson } from '../../src/core/go-template-functions.ts';
import { healthCommand, healthTimes } from '../../src/core/healthcheck.ts';
import { inspectedHealthcheck } from '../../src/images/inspect-healthcheck.ts';
import { healthPlan, healthRecords, isChecked } from '../../src/runtime/plan-health.ts';
import { containerDefaults } from '../../src/runtime/commit.ts';
import { decodeSkiffSpec } from '../../src/runtime/spec-codec.ts';
import { right } from '../harness.ts';
import { assertProblem, fakeHost, fakeImage, run, tryRun } from '../spec-host.ts';
import type { Healthcheck } from '../../src/core/oci-image.ts';
import type { RunFlags } from '../../src/runtime/run-flags.ts';

const image = (Healthcheck: Healthcheck) => fakeImage({ Cmd: ['sh'], Healthcheck });
const checkOf = (flags: Partial<RunFlags>, ofImage?: Healthcheck) => run(flags, fakeHost(), ofImage === undefined ? fakeImage() : image(ofImage)).skiff.healthcheck;

test('durations are read and written as Go does', () => {
  for (const [text, value] of [['1m30s', 90e9], ['500ms', 5e8], ['.5s', 5e8], ['1.5h', 5400e9], ['-2s', -2e9], ['0', 0], ['+1us', 1e3], ['3µs', 3e3], ['1ns', 1]] as const) assert.is(parseDuration(text), value, text);
  for (const text of ['', '5', 's', '1x', '1m 30s', '1e3s', '300000h30m20000000000000h', '--1s']) assert.is(parseDuration(text), undefined, text);
  for (const [value, text] of [[0, '0s'], [30e9, '30s'], [60e9, '1m0s'], [90e9, '1m30s'], [3600e9, '1h0m0s'], [1.5e9, '1.5s'], [1e6, '1ms'], [1500, '1.5µs'], [7, '7ns'], [-90e9, '-1m30s']] as const) assert.is(durationText(value), text);
});

test('without flags and image there is none; --health-cmd alone is enough', () => {
  assert.is(checkOf({}), undefined);
  assert.equal(checkOf({ healthCmd: 'test -e /ok' }), { Test: ['CMD-SHELL', 'test -e /ok'] });
  assert.equal(checkOf({ healthCmd: '', healthInterval: '', noHealthcheck: false }), undefined);
});

test('flags win over the image one by one; 0 leaves it its own', () => {
  const ofImage = { Test: ['CMD', '/check', 'x'], Interval: 60e9, Timeout: 1e9, StartPeriod: 2e9, StartInterval: 3e9, Retries: 5 };
  assert.equal(checkOf({}, ofImage), ofImage);
  assert.equal(checkOf({ healthInterval: '1m30s', healthRetries: 1, healthTimeout: '0s' }, ofImage), { ...ofImage, Interval: 90e9, Retries: 1 });
  assert.equal(checkOf({ healthCmd: 'true', healthStartPeriod: '4s', healthStartInterval: '100ms' }, ofImage), { ...ofImage, Test: ['CMD-SHELL', 'true'], StartPeriod: 4e9, StartInterval: 1e8 });
  assert.equal(checkOf({ healthInterval: '5s' }), { Interval: 5e9 });
  assert.equal(checkOf({ healthInterval: '5s' }, { Test: ['NONE'] }), { Test: ['NONE'], Interval: 5e9 });
  assert.equal(checkOf({}, { Test: null, Interval: 0, Retries: null } as unknown as Healthcheck), {});
  assert.equal(checkOf({ noHealthcheck: true }, ofImage), { Test: ['NONE'] });
});

test('what is wrong is said in Docker\'s words', () => {
  const wrong = (flags: Partial<RunFlags>, ...words: string[]) => assertProblem(tryRun(flags), 'Usage', ...words);
  wrong({ noHealthcheck: true, healthCmd: 'x' }, '--no-healthcheck conflicts with --health-* options');
  wrong({ noHealthcheck: true, healthStartInterval: '1s' }, '--no-healthcheck conflicts with --health-* options');
  wrong({ healthInterval: '-1s' }, '--health-interval cannot be negative');
  wrong({ healthTimeout: '-1s' }, '--health-timeout cannot be negative');
  wrong({ healthRetries: -1 }, '--health-retries cannot be negative');
  wrong({ healthStartPeriod: '-1ms' }, '--health-start-period cannot be negative');
  wrong({ healthStartInterval: '-1m' }, '--health-start-interval cannot be negative');
  wrong({ healthInterval: '999us' }, 'Interval in Healthcheck cannot be less than 1ms');
  wrong({ healthTimeout: '1ns' }, 'Timeout in Healthcheck cannot be less than 1ms');
  wrong({ healthStartPeriod: '1us' }, 'StartPeriod in Healthcheck cannot be less than 1ms');
  wrong({ healthStartInterval: '1us' }, 'StartInterval in Healthcheck cannot be less than 1ms');
  wrong({ healthInterval: '5' }, 'invalid argument "5" for "--health-interval"');
  wrong({ healthRetries: 2 ** 40 }, 'invalid argument "1099511627776" for "--health-retries"');
});

test('an image that says nonsense is damaged', () => {
  for (const bad of [{ Interval: -1 }, { Timeout: 1e300 }, { StartPeriod: 1.5e6 + 0.5 }, { Retries: -1 }, { Retries: 0.5 }, { Test: ['CMD', 'a\0b'] }]) {
    assertProblem(tryRun({}, fakeHost(), image({ Test: ['CMD', 'x'], ...bad })), 'Corrupt', 'busybox');
  }
});

test('which command it is, and Docker\'s defaults', () => {
  assert.equal(healthCommand({ Test: ['CMD', '/a', 'b c'] }), ['/a', 'b c']);
  assert.equal(healthCommand({ Test: ['CMD-SHELL', 'a | b'] }), ['/bin/sh', '-c', 'a | b']);
  for (const Test of [['NONE'], [], ['CMD'], ['CMD-SHELL'], ['SOMETHING', 'x']]) assert.is(healthCommand({ Test }), undefined);
  assert.equal(healthTimes({}), { interval: 30000, startInterval: 5000, startPeriod: 0, timeout: 30000, retries: 3, timeoutText: '30s' });
  assert.equal(healthTimes({ Interval: 1e6 + 1, StartInterval: 2e9, StartPeriod: 3e9, Timeout: 90e9, Retries: 7 }), { interval: 2, startInterval: 2000, startPeriod: 3000, timeout: 90000, retries: 7, timeoutText: '1m30s' });
});

test('the monitor gets the times, and a plan as the container\'s own process', () => {
  const { oci, skiff } = run({ healthCmd: 'ok', tty: true, user: '7:8', workdir: '/w', healthTimeout: '2s' });
  assert.equal(healthRecords(skiff), [['health', '30000', '5000', '0', '2000', '3', '2s']]);
  const plan = healthPlan({ oci, skiff, seccomp: ['/filter'], singleUid: false, extraEnvironment: ['X=1'] }, ~0n) ?? [];
  const all = (name: string) => plan.filter(([first]) => first === name).map(([, ...fields]) => fields.join(' '));
  assert.equal([all('arg'), all('user'), all('cwd'), all('seccomp'), all('tty')], [['/bin/sh', '-c', 'ok'], ['7:8'], ['/w'], ['/filter'], []]);
  assert.ok(all('env').includes('X=1') && all('caps').length === 1);
});

test('without a command there is neither', () => {
  for (const flags of [{}, { noHealthcheck: true }, { healthInterval: '1s' }]) {
    const { oci, skiff } = run(flags);
    assert.equal([isChecked(skiff), healthRecords(skiff), healthPlan({ oci, skiff, seccomp: [], singleUid: false, extraEnvironment: [] }, ~0n)], [false, [], undefined]);
  }
});

test('it is kept with the container, and goes into an image of it', () => {
  const { oci, skiff } = run({ healthCmd: 'ok', healthRetries: 2 });
  const stored = right(decodeSkiffSpec(JSON.stringify(skiff), 'spec.json'));
  assert.equal(stored.healthcheck, { Test: ['CMD-SHELL', 'ok'], Retries: 2 });
  assert.equal(containerDefaults(stored, oci).Healthcheck, { Test: ['CMD-SHELL', 'ok'], Retries: 2 });
  assert.ok(!('Healthcheck' in containerDefaults(run().skiff, oci)));
});

test('inspect: numbers in JSON, words in a template, nothing that is empty', () => {
  const shown = inspectedHealthcheck({ Test: ['CMD', '0'], Interval: 90e9, Timeout: null, Retries: 2 });
  assert.is(toJson(shown), '{"Test":["CMD","0"],"Interval":90000000000,"Retries":2}');
  assert.is(parseTemplate('{{.Interval}} {{.Timeout}} {{.Retries}} {{.Test}}')(shown), '1m30s 0s 2 [CMD 0]');
  assert.is(inspectedHealthcheck(null), null);
  assert.is(toJson(inspectedHealthcheck({})), '{}');
});

test.run();
