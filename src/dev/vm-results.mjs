/** What the serial line of a virtual machine (vm-inside.sh) said about its tests, as the counts that test/harness.ts reports. Pure. */

/** @typedef {import('../../test/harness.ts').Report} Report @typedef {import('./vm-tests.mjs').VmTest} VmTest */

/**
 * One report of all that the tests of one boot said on the serial line. A test that did not come to its end, or ended well
 * without a report, is a problem; so is a machine that went down before it was done.
 * @param {string} lines @param {readonly VmTest[]} tests those of this boot @returns {Report}
 */
export const readResults = (lines, tests) => {
  const sections = lines.split(/^VM-TEST /m).slice(1);
  const reports = tests.map((test) => readSection(test, sections.find((section) => section.startsWith(`${test.name}\n`))));
  const left = [...lines.matchAll(/^VM-LEFT (.*)$/gm)].map(([, what]) => problem(`left behind: ${what}`));
  const isDone = /^VM-DONE \d+$/m.test(lines);
  return merge([...reports, ...left, ...(isDone ? [] : [problem('the machine went down before its tests were done')])]);
};

/** @param {string} text @returns {Report} */
const problem = (text) => ({ declared: 0, passed: 0, failed: 0, skipped: [], problems: [text] });

/** @param {VmTest} test @param {string | undefined} section @returns {Report} */
const readSection = ({ name }, section) => {
  if (section === undefined) return problem(`${name} was not run`);
  const code = /^VM-EXIT (\d+)$/m.exec(section)?.[1];
  const text = /^VM-REPORT (.*)$/m.exec(section)?.[1];
  if (code === undefined) return problem(`${name} did not end`);
  if (text === undefined) return problem(`${name} ended with exit code ${code} and reported nothing`);
  /** @type {Report} */
  const report = JSON.parse(text);
  const silent = code !== '0' && report.failed === 0 && report.problems.length === 0;
  return { ...report, problems: [...report.problems.map((line) => `${name}: ${line}`), ...(silent ? [`${name} ended with exit code ${code}`] : [])] };
};

/** Adds reports up. @param {readonly Report[]} reports @returns {Report} */
export const merge = (reports) => ({
  declared: reports.reduce((sum, { declared }) => sum + declared, 0),
  passed: reports.reduce((sum, { passed }) => sum + passed, 0),
  failed: reports.reduce((sum, { failed }) => sum + failed, 0),
  skipped: reports.flatMap(({ skipped }) => skipped),
  problems: reports.flatMap(({ problems }) => problems),
});
