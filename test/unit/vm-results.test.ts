/** The verdict on what a virtual machine said: nothing that did not run to its end looks green. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readResults } from '../../src/dev/vm-results.mjs';

const vmTest = (name: string) => ({ name, boot: 1, kind: 'user', seconds: 1, end: 'halt', source: '', bundle: '' });
const report = (passed: number, failed = 0): string => `VM-REPORT ${JSON.stringify({ declared: passed + failed, passed, failed, skipped: [], problems: [] })}\n`;
const section = (name: string, code: number, rest: string): string => `VM-TEST ${name}\n| words of the test\nVM-EXIT ${code}\n${rest}`;

test('the counts of all tests are added up', () => {
  const { passed, declared, problems } = readResults(`${section('1-a', 0, report(2))}${section('1-ab', 0, report(3))}VM-DONE 1\n`, [vmTest('1-a'), vmTest('1-ab')]);
  assert.equal({ passed, declared, problems }, { passed: 5, declared: 5, problems: [] });
});

test('a failed test is counted once', () => {
  const { failed, problems } = readResults(`${section('1-a', 1, report(2, 1))}VM-DONE 1\n`, [vmTest('1-a')]);
  assert.equal({ failed, problems }, { failed: 1, problems: [] });
});

test('a test that was not run, did not end, or said nothing is a problem', () => {
  const lines = `${section('1-silent', 0, '')}VM-TEST 1-cut\n| words\n`;
  assert.equal(readResults(lines, [vmTest('1-missing'), vmTest('1-silent'), vmTest('1-cut')]).problems, [
    '1-missing was not run',
    '1-silent ended with exit code 0 and reported nothing',
    '1-cut did not end',
    'the machine went down before its tests were done',
  ]);
});

test('an exit code that no failure explains is a problem', () => {
  assert.equal(readResults(`${section('1-a', 9, report(1))}VM-DONE 1\n`, [vmTest('1-a')]).problems, ['1-a ended with exit code 9']);
});

test("a test's own words are not taken for the runner's", () => {
  const lines = 'VM-TEST 1-a\n| VM-EXIT 0\n| VM-REPORT {}\nVM-EXIT 1\nVM-DONE 1\n';
  assert.equal(readResults(lines, [vmTest('1-a')]).problems, ['1-a ended with exit code 1 and reported nothing']);
});

test('what is left behind at the end is a problem', () => {
  const lines = `${section('1-a', 0, report(1))}VM-LEFT process 12 skiff-keeper\nVM-DONE 1\n`;
  assert.equal(readResults(lines, [vmTest('1-a')]).problems, ['left behind: process 12 skiff-keeper']);
});

test.run();
