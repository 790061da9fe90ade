/** What the runner makes of the counts that test/harness.ts reports. */

/**
 * The verdict on one test program's report; every way in which tests can be declared and not run is a failure.
 * @param {string | undefined} text the report's JSON; undefined when the program wrote none
 * @returns {{ passed: number, failures: string[], skipped: string[] }}
 */
export const judgeReport = (text) => {
  if (text === undefined) return { passed: 0, failures: ['it ended without reporting its counts'], skipped: [] };
  /** @type {import('../../test/harness.ts').Report} */
  const report = JSON.parse(text);
  const run = report.passed + report.failed;
  return {
    passed: report.passed,
    failures: [
      ...Array.from({ length: report.failed }, (_, i) => `test failure ${i + 1} of ${report.failed}, shown above`),
      ...report.problems,
      ...(report.declared === run ? [] : [`${report.declared} tests are declared, ${run} were run to their end`]),
      ...(report.declared + report.skipped.length === 0 ? ['it declares no tests'] : []),
    ],
    skipped: report.skipped.map(({ name, reason }) => `${name}: ${reason}`),
  };
};
