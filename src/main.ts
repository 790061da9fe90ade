import { dispatch } from './cli/dispatch.ts';
import { OutputClosed, outputTo } from './cli/output.ts';
import { SkiffFailure, exitCodeOf, renderError, toSkiffError } from './core/errors.ts';

const stderr = outputTo(2);

/** What a shell shows for a program that SIGPIPE ended. */
const endedBySigpipe = 141;

/** A system call that nobody expected to fail, by its name: still a matter of disks and permissions, not of our mistakes. */
const asFailure = (caught: unknown): unknown => {
  const { syscall } = caught instanceof Error ? (caught as NodeJS.ErrnoException) : {};
  return syscall === undefined || caught instanceof SkiffFailure ? caught : new SkiffFailure(toSkiffError(syscall, 'files')(caught));
};

const report = (caught: unknown): number => {
  if (caught instanceof OutputClosed) return endedBySigpipe;
  const failure = asFailure(caught);
  if (failure instanceof SkiffFailure) {
    say(renderError(failure.error));
    return exitCodeOf(failure.error);
  }
  const text = caught instanceof Error ? caught.message : String(caught);
  say(renderError({ _tag: 'Refused', message: `internal error: ${text} (please report it; with SKIFF_DEBUG=1 it says where)` }));
  if (process.env['SKIFF_DEBUG'] !== undefined && caught instanceof Error) say(caught.stack ?? '');
  return 125;
};

const say = (text: string): void => {
  try {
    stderr.write(`skiff: ${text}\n`);
  } catch {
    // Nobody is left to tell.
  }
};

// Output is written synchronously, so nothing is lost; a socket or a timer that a command left open must not keep us.
dispatch(process.argv.slice(2), { env: process.env, stdout: outputTo(1), stderr }).then(
  (code) => process.exit(code),
  (caught: unknown) => process.exit(report(caught)),
);
