/**
 * uvu, made honest. The runner (`src/dev/test.mjs`) resolves `import … from 'uvu'` in every test file to this module.
 *
 * uvu alone ends with exit code 0 when a `before` hook throws, when nobody calls `test.run()`, or when a test throws
 * something that is no Error. Here each declared test must have been run to its end: the counts go as JSON to the file
 * named by SKIFF_TEST_REPORT when the process exits, and the runner fails a file whose counts do not agree.
 */
import { writeFileSync } from 'node:fs';
import { suite as uvuSuite, exec, type Callback, type Test } from 'uvu';
import { isLeft, type Either } from 'fp-ts/Either';

/** What one test file says about itself in SKIFF_TEST_REPORT. */
export interface Report {
  readonly declared: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  /** What went wrong outside of a test: hooks that threw. */
  readonly problems: readonly string[];
}

let declared = 0;
let passed = 0;
let failed = 0;
const skipped: { name: string; reason: string }[] = [];
const problems: string[] = [];

const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(`rejected with something that is no Error: ${describe(thrown)}`);

const describe = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
};

const checkedTest =
  <T>(handler: Callback<T>): Callback<T> =>
  async (context) => {
    try {
      await handler(context);
      passed += 1;
    } catch (thrown) {
      failed += 1;
      throw asError(thrown);
    }
  };

const checkedHook =
  <T>(kind: string, handler: Callback<T>): Callback<T> =>
  async (context) => {
    try {
      await handler(context);
    } catch (thrown) {
      const error = asError(thrown);
      problems.push(`a ${kind} hook failed: ${error.stack ?? error.message}`);
      throw error;
    }
  };

const checked = <T>(inner: Test<T>): Test<T> => {
  const declare = (name: string, handler: Callback<T>): void => {
    declared += 1;
    inner(name, checkedTest(handler));
  };
  return Object.assign(declare, {
    only: (name: string, handler: Callback<T>): void => {
      problems.push(`test.only is left on "${name}"`);
      declared += 1;
      inner.only(name, checkedTest(handler));
    },
    skip: (name?: string): void => {
      skipped.push({ name: name ?? 'a test', reason: 'no reason given' });
      inner.skip();
    },
    before: Object.assign((hook: Callback<T>): void => inner.before(checkedHook('before', hook)), {
      each: (hook: Callback<T>): void => inner.before.each(checkedHook('before.each', hook)),
    }),
    after: Object.assign((hook: Callback<T>): void => inner.after(checkedHook('after', hook)), {
      each: (hook: Callback<T>): void => inner.after.each(checkedHook('after.each', hook)),
    }),
    run: (): void => inner.run(),
  }) as Test<T>;
};

/** uvu's `suite`, counted. */
export const suite = <T = Record<string, unknown>>(title?: string, context?: T): Test<T> =>
  checked(uvuSuite<T>(title, context));

/** uvu's `test`, counted. End the file with `test.run()`. */
export const test = suite();

/** Says that `name` cannot be tested here and why, in words that complete "skipped: …". A failure where CI=true. */
export const skip = (name: string, reason: string): void => {
  skipped.push({ name, reason });
};

/** The value of a Right; throws what the Left holds, so that the test shows it. */
export const right = <E, A>(either: Either<E, A>): A => {
  if (isLeft(either)) throw new Error(`expected a Right, got the Left ${describe(either.left)}`);
  return either.right;
};

/** The error of a Left; throws what the Right holds. */
export const left = <E, A>(either: Either<E, A>): E => {
  if (isLeft(either)) return either.left;
  throw new Error(`expected a Left, got the Right ${describe(either.right)}`);
};

export { exec };

const reportPath = process.env['SKIFF_TEST_REPORT'];
delete process.env['SKIFF_TEST_REPORT'];
if (reportPath !== undefined) {
  process.on('exit', (code) => {
    const complete = declared === passed + failed && declared + skipped.length > 0;
    const report: Report = { declared, passed, failed, skipped, problems };
    writeFileSync(reportPath, JSON.stringify(report));
    if (code === 0 && (!complete || failed > 0 || problems.length > 0)) process.exitCode = 1;
  });
}
