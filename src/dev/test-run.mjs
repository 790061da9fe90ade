/**
 * Runs one test program in a process, a home and a runtime directory of its own, with a time limit, and looks afterwards
 * at what it left behind: processes, mounts, sockets, container records. Anything left is a failed check.
 */
import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { asAccount } from './account.mjs';
import { isRoot, succeeds } from './steps.mjs';
import { judgeReport } from './test-report.mjs';

/**
 * @typedef {import('./account.mjs').Account} Account
 * @typedef {{ label: string, passed: number, failures: string[], skipped: string[], output: string, ms: number }} Outcome
 * @typedef {{ label: string, command: readonly string[], timeLimitMs: number, reports: boolean, environment: Record<string, string | undefined>, as?: 'caller' | 'root' | 'single', alone?: boolean }} Job
 *   `alone`: nothing else may run beside it. `reports`: the program is a bundle with test/harness.ts, whose counts are wanted; otherwise its exit code is one check.
 *   `as`: `caller` reads the checkout itself, which the unprivileged account may be unable to; `root` is
 *   the caller too, `single` has no subordinate ids; these two cannot be had where the caller is not root.
 * @typedef {{ account: Account, caller: Account, single?: Account, reaper: string, cwd: string }} Setting
 */

/** A podman that a test compares with keeps one process alive on purpose, for its namespaces. */
const peersProcesses = /^\d+ (podman( pause)?|catatonit)$/;

/** Runs the job to its end and never throws for what the job does. @param {Setting} setting @param {Job} job @returns {Promise<Outcome>} */
export const runJob = async (setting, job) => {
  const began = process.hrtime.bigint();
  const account = accountFor(setting, job);
  const place = makePlace(account);
  try {
    const { code, output, timedOut } = await execute(setting, account, job, place);
    const counts = job.reports ? judgeReport(existsSync(place.report) ? readFileSync(place.report, 'utf8') : undefined) : { passed: code === 0 ? 1 : 0, failures: [], skipped: [] };
    const failures = [
      ...counts.failures,
      ...(timedOut ? [`took longer than ${job.timeLimitMs / 1000} s and was ended`] : []),
      ...(code !== 0 && !timedOut && counts.failures.length === 0 ? [`ended with exit code ${code}`] : []),
      ...leftBehind(place),
    ];
    const ms = Number((process.hrtime.bigint() - began) / 1000000n);
    return { label: job.label, passed: counts.passed, failures, skipped: counts.skipped, output, ms };
  } finally {
    removePlace(place);
  }
};

/** @param {Setting} setting @param {Job} job */
const accountFor = ({ account, caller, single }, { as }) => {
  if (as === undefined) return account;
  return as === 'single' ? (single ?? account) : caller;
};

/** @typedef {{ base: string, home: string, temporary: string, runtime: string, runtimeBase: string, report: string, strays: string }} Place */

/** @param {Account} account @returns {Place} */
const makePlace = (account) => {
  const base = mkdtempSync('/var/tmp/skt-');
  const runtimeBase = account.runtime === undefined ? base : mkdtempSync(join(account.runtime, 'skt-'));
  const place = {
    base,
    runtimeBase,
    home: join(base, 'home'),
    temporary: join(base, 'tmp'),
    runtime: join(runtimeBase, 'run'),
    report: join(base, 'tmp', '.report.json'),
    strays: join(base, 'strays'),
  };
  for (const path of [place.home, place.temporary, place.runtime]) mkdirSync(path, { mode: 0o700 });
  if (isRoot) for (const path of [base, runtimeBase, place.home, place.temporary, place.runtime]) chownSync(path, account.uid, account.gid);
  return place;
};

/** What belongs to subordinate ids can only be removed by root or from inside a user namespace. @param {Place} place */
const removePlace = (place) => {
  for (const path of [place.base, place.runtimeBase]) {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch (error) {
      if (isRoot || !succeeds(['unshare', '--user', '--map-root-user', '--map-auto', 'rm', '-rf', path])) throw error;
    }
  }
};

/**
 * @param {Setting} setting @param {Account} account @param {Job} job @param {Place} place
 * @returns {Promise<{ code: number, output: string, timedOut: boolean }>}
 */
const execute = (setting, account, job, place) => {
  const environment = {
    ...job.environment,
    HOME: place.home,
    TMPDIR: place.temporary,
    XDG_RUNTIME_DIR: place.runtime,
    SKIFF_TEST_REPORT: job.reports ? place.report : undefined,
  };
  const command = [place.strays, ...asAccount(account, environment, job.command)];
  return new Promise((resolve) => {
    const child = spawn(setting.reaper, command, { cwd: setting.cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '';
    let timedOut = false;
    const collect = (/** @type {Buffer} */ chunk) => void (output += chunk.toString());
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGTERM');
    }, job.timeLimitMs);
    child.on('error', (error) => resolve({ code: 125, output: `${output}${error.message}\n`, timedOut }));
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 125, output, timedOut });
    });
  });
};

/** @param {Place} place @returns {string[]} */
const leftBehind = (place) => {
  const strays = existsSync(place.strays) ? readFileSync(place.strays, 'utf8').trim().split('\n') : [];
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').map((line) => line.split(' ')[4] ?? '');
  return [
    ...strays.filter((line) => line !== '' && !peersProcesses.test(line)).map((line) => `left a process running: ${line}`),
    ...mounts.filter((path) => path.startsWith(place.base) || path.startsWith(`${place.runtimeBase}/`)).map((path) => `left a mount: ${path}`),
    ...entriesBelow(join(place.runtime, 'skiff')).filter((path) => !/lock$/.test(path)).map((path) => `left in the runtime directory: ${path}`),
    ...recordsBelow(join(place.home, '.local/share/skiff/hosts')).map((path) => `left a record: ${path}`),
  ];
};

/** Everything but directories. @param {string} directory @returns {string[]} */
const entriesBelow = (directory) =>
  existsSync(directory)
    ? readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
        const path = join(directory, entry.name);
        return entry.isDirectory() ? entriesBelow(path) : [path];
      })
    : [];

/** Containers, names and addresses that are still taken. @param {string} hosts @returns {string[]} */
const recordsBelow = (hosts) =>
  (existsSync(hosts) ? readdirSync(hosts) : []).flatMap((host) =>
    ['containers', 'names', 'leases'].flatMap((kind) => {
      const directory = join(hosts, host, kind);
      if (kind === 'leases') return entriesBelow(directory);
      return existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];
    }),
  );
