/** The checks on the checker: each way in which a suite can look green without having run is seen. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as E from 'fp-ts/Either';
import * as harness from '../harness.ts';
import { judgeReport } from '../../src/dev/test-report.mjs';

const directory = mkdtempSync(join(tmpdir(), 'harness-'));
test.after(() => rmSync(directory, { recursive: true }));

/** Runs a suite in a process of its own, as the runner does, and returns its exit code and the runner's verdict. */
const runSample = (body: string) => {
  const file = join(directory, 'sample.cjs');
  const report = join(directory, 'report.json');
  rmSync(report, { force: true });
  writeFileSync(file, `const { test, skip } = require(${JSON.stringify(resolve('dist/test/harness.cjs'))});\n${body}`);
  const { status } = spawnSync(process.execPath, [file], { env: { ...process.env, SKIFF_TEST_REPORT: report }, stdio: 'ignore' });
  return { status, ...judgeReport(existsSync(report) ? readFileSync(report, 'utf8') : undefined) };
};

test('the runner gives test files the checked uvu', () => {
  assert.is(test, harness.test);
});

test('a suite that passes is counted', () => {
  const verdict = runSample(`test('a', () => {}); test('b', async () => {}); test.run();`);
  assert.equal(verdict, { status: 0, passed: 2, failures: [], skipped: [] });
});

const broken: Readonly<Record<string, readonly [body: string, reason: RegExp]>> = {
  'a failing test': [`test('a', () => { throw new Error('no'); }); test.run();`, /test failure 1 of 1/],
  'a rejection with undefined': [`test('a', () => Promise.reject(undefined)); test('b', () => {}); test.run();`, /test failure 1 of 1/],
  'a rejection with a tagged object': [`test('a', () => Promise.reject({ _tag: 'System' })); test.run();`, /test failure/],
  'a throwing before': [`test.before(() => { throw new Error('set-up'); }); test('a', () => {}); test.run();`, /a before hook failed.*set-up/s],
  'a before that rejects with nothing': [`test.before(() => Promise.reject()); test('a', () => {}); test.run();`, /a before hook failed/],
  'a throwing before.each': [`test.before.each(() => { throw new Error('x'); }); test('a', () => {}); test.run();`, /before.each/],
  'a throwing after': [`test.after(() => { throw new Error('x'); }); test('a', () => {}); test.run();`, /an? after hook failed/],
  'a forgotten run': [`test('a', () => {});`, /1 tests are declared, 0 were run/],
  'an early exit with 0': [`test('a', () => process.exit(0)); test('b', () => {}); test.run();`, /2 tests are declared, 0 were run/],
  'a test that never ends': [`test('a', () => new Promise(() => {})); test.run();`, /1 tests are declared, 0 were run/],
  'test.only left in': [`test('a', () => {}); test.only('b', () => {}); test.run();`, /test.only is left on "b"/],
  'a suite without tests': [`test.run();`, /declares no tests/],
  'a killed process': [`test('a', () => process.kill(process.pid, 'SIGKILL')); test.run();`, /without reporting/],
  'a syntax error': [`test('a', () => {`, /without reporting|declares no tests/],
};

for (const [name, [body, reason]] of Object.entries(broken)) {
  test(`${name} is a failure`, () => {
    const verdict = runSample(body);
    assert.is.not(verdict.status, 0);
    assert.match(verdict.failures.join('\n'), reason);
  });
}

test('a skip is counted with its reason', () => {
  const verdict = runSample(`skip('podman agrees', 'podman is not installed'); test('a', () => {}); test.run();`);
  assert.equal(verdict.skipped, ['podman agrees: podman is not installed']);
  assert.equal(verdict.failures, []);
});

test('right and left unwrap, and throw for the other side', () => {
  assert.is(harness.right(E.right(1)), 1);
  assert.is(harness.left(E.left('no')), 'no');
  assert.throws(() => harness.right(E.left({ _tag: 'System' })), /got the Left .*System/);
  assert.throws(() => harness.left(E.right(1)), /got the Right 1/);
});

test.run();
