/**
 * What the development scripts share: one line per step, quiet children, one-line failures.
 * Everything in src/dev is plain JavaScript with types in comments, because it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout, absolute, without a trailing slash. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** A failure that is the reader's to mend: `message` is the whole explanation. */
export class Stop extends Error {}

/** @param {string} line */
export const say = (line) => void process.stdout.write(`${line}\n`);

/**
 * Runs a script's body; a Stop becomes one line on stderr and exit code 1.
 * @param {() => Promise<void>} body
 */
export const script = (body) => {
  body().catch((error) => {
    process.stderr.write(error instanceof Stop ? `skiff: ${error.message}\n` : `${error?.stack ?? error}\n`);
    process.exitCode = 1;
  });
};

/**
 * Runs a command to its end, showing its output only when it fails; returns its stdout.
 * @param {string} purpose completes "cannot …"
 * @param {readonly string[]} command
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, input?: string }} [options]
 */
export const quietly = (purpose, command, options = {}) => {
  const [program = '', ...words] = command;
  const result = spawnSync(program, words, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (result.error) throw new Stop(`cannot ${purpose}: ${program}: ${result.error.message}`);
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout}${result.stderr}`);
    throw new Stop(`cannot ${purpose}: ${program} ended with ${result.status ?? result.signal}; its words are above`);
  }
  return result.stdout;
};

/**
 * Whether a command succeeds, without output.
 * @param {readonly string[]} command
 */
export const succeeds = (command) => {
  const [program = '', ...words] = command;
  return spawnSync(program, words, { stdio: 'ignore' }).status === 0;
};

/**
 * The absolute path of a program, also from the administrator's directories, which an ordinary PATH lacks.
 * @param {string} name
 * @returns {string | undefined}
 */
export const findProgram = (name) =>
  [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
    .filter((directory) => directory.startsWith('/'))
    .map((directory) => join(directory, name))
    .find(isExecutable);

/** @param {string} path */
const isExecutable = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return existsSync(path);
  } catch {
    return false;
  }
};

export const isRoot = process.getuid?.() === 0;
