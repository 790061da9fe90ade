/**
 * `npm test`: sets the machine up as `npm start` does, builds, and runs every check: the type checker, the C tests under
 * sanitizers, and each file in test/{unit,security,e2e} in a process of its own, as an unprivileged user. Each directory in
 * test/vm is one job: a virtual machine (vm-run.mjs).
 * The end-to-end files run once for each storage driver, where they do not say @one-driver.
 * `npm test -- unit e2e/run` runs what starts with these words.
 * `npm run soak -- …` is the same with the full numbers of tries.
 * The last line is `N passed, N failed`; the exit code is 1 when anything failed or, where CI=true, was skipped.
 */
import { readdirSync, existsSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { asAccount, currentAccount, ensureAccount, ensureSingleAccount, nodeFor, readableCheckout } from './account.mjs';
import { ensureBuilt } from './build.mjs';
import { recordPeer } from './peer.mjs';
import { ensureModules, ensurePackages } from './requirements.mjs';
import { isRoot, quietly, root, say, script, Stop, succeeds } from './steps.mjs';
import { bundleTests, findTests } from './test-bundle.mjs';
import { ensureImage, ensureTestImages } from './test-images.mjs';
import { runJob } from './test-run.mjs';
import { ensureVmDisk } from './vm-disk.mjs';
import { findScenarios, vmIsPossible } from './vm-tests.mjs';

/** @typedef {import('./test-run.mjs').Job} Job @typedef {import('./test-run.mjs').Outcome} Outcome */

const filters = process.argv.slice(2);
const isCI = process.env['CI'] === 'true';

/** @param {string} label */
const isWanted = (label) => filters.length === 0 || filters.some((filter) => label.startsWith(filter));

const cTests = () => {
  const directory = join(root, 'helpers/test');
  const sources = existsSync(directory) ? readdirSync(directory).filter((file) => /-(test|fuzz)\.c$/.test(file)).sort() : [];
  return sources.map((file) => file.slice(0, -'.c'.length));
};

/** The programs that the tests themselves are run with. */
const buildTools = async () => {
  mkdirSync(join(root, 'dist/test-tools'), { recursive: true });
  const reaper = 'dist/test-tools/reaper';
  quietly('build the reaper', ['gcc', '-std=c11', '-O1', '-Wall', '-Wextra', '-Werror', 'test/harness-reaper.c', '-o', reaper]);
  if (cTests().some((name) => isWanted(`helpers/${name}`))) {
    quietly('build the C tests', ['make', '--no-print-directory', '-C', 'helpers', 'check-build']);
  }
  const files = findTests().filter(({ name }) => isWanted(name));
  const sources = files.map(({ name }) => join(root, 'test', `${name}.test.ts`));
  const scenarios = findScenarios().filter(({ name }) => isWanted(`vm/${name}`));
  await bundleTests([join(root, 'test/harness.ts'), ...sources, ...scenarios.flatMap(({ tests }) => tests.map(({ source }) => source))]);
  return { reaper, files, scenarios };
};

/** Whether this kernel lets a user namespace mount an overlay. @param {import('./account.mjs').Account} account */
const kernelOverlayWorks = (account) => {
  const trial = 'mount -t tmpfs none /mnt && mkdir /mnt/l /mnt/u /mnt/w /mnt/m && mount -t overlay -o userxattr,lowerdir=/mnt/l,upperdir=/mnt/u,workdir=/mnt/w none /mnt/m';
  return succeeds(asAccount(account, {}, ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', trial]));
};

/** @param {import('./test-bundle.mjs').TestFile} file @returns {Pick<Job, 'as'>} */
const asOf = ({ singleUid, asRoot }) => {
  if (singleUid) return { as: 'single' };
  return asRoot ? { as: 'root' } : {};
};

/** @param {Job} job */
const needsRoot = ({ as }) => as === 'root' || as === 'single';

/** @param {string} checkout @param {string} node @param {import('./test-bundle.mjs').TestFile[]} files @param {string} images @param {import('./account.mjs').Account} account @returns {Job[]} */
const jobsFor = (checkout, node, files, images, account) => {
  const environment = {
    CI: process.env['CI'],
    SKIFF_SOAK: process.env['SKIFF_SOAK'],
    SKIFF_BIN: join(checkout, 'dist/skiff'),
    SKIFF_HELPERS: join(checkout, 'dist/helpers'),
    SKIFF_TEST_IMAGES: images,
    SKIFF_TEST_ACCOUNT: account.name,
    NODE_OPTIONS: '--enable-source-maps',
  };
  /** @type {Job} */
  const typeCheck = { label: 'types', command: [process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '-p', root], timeLimitMs: 120000, reports: false, environment: {}, as: 'caller' };
  const c = cTests().map((name) => ({ label: `helpers/${name}`, command: [join(checkout, 'dist/helpers-asan/test', name)], timeLimitMs: 120000, reports: false, environment }));
  const typescript = files.flatMap((file) => {
    /** @type {Job} */
    const job = { label: file.name, command: [node, join(checkout, file.bundle)], timeLimitMs: file.timeLimitMs, reports: true, environment, alone: file.alone, ...asOf(file) };
    if (!file.name.startsWith('e2e/')) return [job];
    const onDrivers = ['fuse-overlayfs', 'overlay'].map((driver) => ({
      ...job,
      label: `${file.name} on ${driver}`,
      environment: { ...environment, SKIFF_STORAGE_DRIVER: driver },
    }));
    const onChosen = file.oneDriver ? [job] : onDrivers;
    const onNode = { ...job, label: `${file.name} on Node`, environment: { ...environment, SKIFF_BIN: join(checkout, 'dist/skiff.cjs') } };
    return file.alsoOnNode ? [...onChosen, onNode] : onChosen;
  });
  return [typeCheck, ...c, ...typescript].filter(({ label }) => isWanted(label));
};

/**
 * Each scenario of test/vm, in a virtual machine of its own.
 * @param {string} checkout @param {import('./vm-tests.mjs').Scenario[]} scenarios @param {string} images @param {string} disk @returns {Job[]}
 */
const vmJobs = (checkout, scenarios, images, disk) =>
  scenarios.map(({ name, tests }) => ({
    label: `vm/${name}`,
    command: [process.execPath, join(checkout, 'src/dev/vm-run.mjs'), name, disk],
    timeLimitMs: tests.reduce((sum, { seconds }) => sum + seconds, 120) * 1000,
    reports: true,
    environment: { SKIFF_TEST_IMAGES: images, SKIFF_VM_KEEP: process.env['SKIFF_VM_KEEP'] },
    as: 'root',
  }));

/** @param {Outcome} outcome */
const show = (outcome) => {
  const failed = outcome.failures.length;
  if (failed > 0) process.stdout.write(outcome.output.endsWith('\n') || outcome.output === '' ? outcome.output : `${outcome.output}\n`);
  const skipped = outcome.skipped.length === 0 ? '' : `, ${outcome.skipped.length} skipped`;
  say(`${failed > 0 ? 'FAIL' : 'ok  '} ${outcome.label}  ${outcome.passed} passed${failed > 0 ? `, ${failed} failed` : ''}${skipped}  ${(outcome.ms / 1000).toFixed(1)} s`);
  for (const line of outcome.failures) say(`     ${line}`);
  for (const line of outcome.skipped) say(`     skipped: ${line}`);
};

/**
 * Unit tests and C tests side by side; then two at a time of what starts containers, each with a home, a runtime directory and a reaper of its own,
 * so that whatever is left over has one cause; then one by one what wants the machine for itself.
 * @param {readonly Job[]} jobs @param {(job: Job) => Promise<Outcome>} run
 */
const runAll = async (jobs, run) => {
  /** @type {Outcome[]} */
  const outcomes = [];
  const worker = async (/** @type {Job[]} */ queue) => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      const outcome = await run(job);
      outcomes.push(outcome);
      show(outcome);
    }
  };
  const heavy = (/** @type {Job} */ job) => /^(e2e|security|vm)\//.test(job.label);
  const crew = (/** @type {number} */ size, /** @type {Job[]} */ queue) => Promise.all(Array.from({ length: Math.min(size, availableParallelism()) }, () => worker(queue)));
  // A virtual machine takes longest, and begins first.
  const first = (/** @type {Job} */ job) => (job.label.startsWith('vm/') ? 0 : 1);
  await crew(4, jobs.filter((job) => !heavy(job)));
  await crew(2, jobs.filter((job) => heavy(job) && job.alone !== true).sort((a, b) => first(a) - first(b)));
  await crew(1, jobs.filter((job) => heavy(job) && job.alone === true));
  return outcomes;
};

script(async () => {
  ensurePackages('test');
  ensureModules();
  ensureBuilt();
  const account = ensureAccount();
  const images = ensureTestImages();
  const { reaper, files, scenarios } = await buildTools();
  const noVm = scenarios.length > 0 && !vmIsPossible;
  const disk = scenarios.length > 0 && isRoot && vmIsPossible ? ensureVmDisk() : '';
  if (files.some(({ name }) => name === 'e2e/confinement')) recordPeer(account, images);
  for (const name of new Set(files.flatMap((file) => file.images))) ensureImage(images, name);
  const checkout = readableCheckout(account);
  const node = nodeFor(account, checkout);
  const jobs = [...jobsFor(checkout, node, files, images, account), ...(noVm ? [] : vmJobs(checkout, scenarios, images, disk))];
  if (jobs.length === 0) throw new Stop(`no test starts with ${filters.join(' or ')}`);

  const noRoot = !isRoot && jobs.some(needsRoot);
  const single = isRoot && jobs.some(({ as }) => as === 'single') ? ensureSingleAccount() : undefined;
  const noOverlay = jobs.some(({ label }) => label.endsWith(' on overlay')) && !kernelOverlayWorks(account);
  const setting = { account, caller: currentAccount(), reaper: join(root, reaper), cwd: checkout, ...(single === undefined ? {} : { single }) };
  const possible = jobs.filter((job) => !(noOverlay && job.label.endsWith(' on overlay')) && !(noRoot && needsRoot(job)));
  const outcomes = await runAll(possible, (job) => runJob(setting, job));
  if (noRoot) say('skipped: tests whose accounts and surroundings only root can make');
  if (noOverlay) say('skipped: everything on overlay: this kernel mounts no overlay in a user namespace');

  if (noVm) say('skipped: tests in the virtual machine, which is x86-64');

  const skipped = outcomes.reduce((sum, outcome) => sum + outcome.skipped.length, 0) + [noOverlay, noRoot, noVm].filter(Boolean).length;
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  const failed = outcomes.reduce((sum, outcome) => sum + outcome.failures.length, 0) + (isCI ? skipped : 0);
  if (skipped > 0) say(`${skipped} skipped${isCI ? ', which is a failure where CI=true' : ''}`);
  say(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
});
