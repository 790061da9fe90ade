/**
 * `npm run bench`: the table of budgets from a live run, with podman beside it where it is installed. Medians; the ratio is
 * what counts, because machines differ. `--runs N` measured turns for each row (20 without it), `--json` for programs.
 *
 * As root it measures as the unprivileged account, in a mount namespace that shows a pure cgroup v2 tree with a subtree of
 * the account's own, as current distributions give to a login: without, rootless podman refuses to run on hosts with cgroup v1.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asAccount, ensureAccount, nodeFor, readableCheckout } from './account.mjs';
import { ensureBuilt } from './build.mjs';
import { inCgroupView } from './cgroup-view.mjs';
import { ensureModules, ensurePackages } from './requirements.mjs';
import { findProgram, isRoot, quietly, say, script, Stop, succeeds } from './steps.mjs';
import { ensureTestImages } from './test-images.mjs';

/**
 * DESIGN.md section 10: what the ratio must reach and aims at, for the rows that can be measured by now. Beside is podman, or another row of ours.
 * @type {readonly { key: string, work: string, must: number, aim: number, against?: string }[]}
 */
const rows = [
  { key: 'run-none', work: 'run --rm --network none … true', must: 0.3, aim: 0.2 },
  { key: 'run-default', work: 'run --rm … true, default network', must: 0.35, aim: 0.25 },
  { key: 'run-default-more', work: 'the same while another container runs there', must: 0.35, aim: 0.25 },
  { key: 'run-bridge', work: 'run --rm --network mine … true, a bridge', must: 0.25, aim: 0.18 },
  { key: 'run-bridge-more', work: 'the same while another container runs there', must: 0.25, aim: 0.18 },
  { key: 'exec', work: 'exec … true', must: 0.18, aim: 0.13 },
  { key: 'ps', work: 'ps, 20 running', must: 0.65, aim: 0.5 },
  { key: 'ps-100', against: 'ps-1', work: 'ps, 100 running, beside ps with 1, both skiff', must: 2, aim: 1.3 },
  { key: 'restart', work: 'restart -t 0', must: 0.35, aim: 0.25 },
  { key: 'rm-20', work: 'rm -f of 20 running', must: 0.3, aim: 0.2 },
  { key: 'stop-50', against: 'stop-1', work: 'stop -t 1 of 50 that do not listen, beside one, both skiff', must: 1.5, aim: 1.2 },
  { key: 'images', work: 'images', must: 0.65, aim: 0.5 },
  { key: 'images-200', work: 'images, 200 names', must: 0.65, aim: 0.5 },
  { key: 'images-200', against: 'images', work: 'the same beside `images` with one, both skiff', must: 1.3, aim: 1.15 },
  { key: 'pull-large', work: 'pull of one 60 MB gzip layer', must: 0.5, aim: 0.3 },
  { key: 'pull-layers', work: 'pull of the same in ten layers', must: 0.5, aim: 0.3 },
  { key: 'memory', work: 'memory for each of 20 idle detached containers beyond its own', must: 0.15, aim: 0.05 },
  { key: 'logs-write', work: 'a container prints and ends: 1,000,000 short lines', must: 1, aim: 0.6 },
  { key: 'logs-read', work: 'logs of these 1,000,000 lines', must: 0.5, aim: 0.2 },
  { key: 'ten', work: 'ten run --rm --network none at once', must: 0.25, aim: 0.15 },
  { key: 'ten-bridge', work: 'ten run --rm --network mine at once', must: 0.25, aim: 0.15 },
];

/** @param {readonly number[]} values */
const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] ?? NaN : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
};

const readOptions = () => {
  try {
    const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' }, json: { type: 'boolean', default: false } } });
    const runs = Number(values.runs);
    if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs}: give a number from 1 up`);
    return { runs, json: values.json };
  } catch (error) {
    throw new Stop(error instanceof Error ? error.message : String(error));
  }
};

/** @param {string} program */
const versionOf = (program) => quietly(`ask ${program} for its version`, [program, '--version']).trim();

/** @param {import('./account.mjs').Account} account @param {string} base */
const makePlaces = (account, base) => {
  const places = { home: join(base, 'home'), runtime: join(base, 'run') };
  for (const path of Object.values(places)) mkdirSync(path, { mode: 0o700 });
  if (isRoot) for (const path of [base, ...Object.values(places)]) chownSync(path, account.uid, account.gid);
  return places;
};

/** Trees of the account's containers belong to subordinate ids. @param {string} base */
const removePlaces = (base) => {
  if (isRoot || !succeeds(['unshare', '--user', '--map-root-user', '--map-auto', 'rm', '-rf', base])) rmSync(base, { recursive: true, force: true });
};

/** @param {import('./account.mjs').Account} account @param {string} podman @param {number} runs @param {string} images */
const measure = (account, podman, runs, images) => {
  const checkout = readableCheckout(account);
  const base = mkdtempSync('/var/tmp/skb-');
  try {
    const { home, runtime } = makePlaces(account, base);
    const environment = { HOME: home, XDG_RUNTIME_DIR: runtime, SKIFF_BIN: join(checkout, 'dist/skiff'), SKIFF_TEST_IMAGES: images, PODMAN: podman };
    const command = asAccount(account, environment, [nodeFor(account, checkout), join(checkout, 'test/bench/measure.mjs'), `${runs}`]);
    const [program = '', ...words] = isRoot ? inCgroupView(account.uid, command) : command;
    const result = spawnSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], cwd: '/' });
    if (result.status !== 0) throw new Stop('the measurement failed; the reason is above');
    return /** @type {Record<string, { skiff: number[], podman?: number[] }>} */ (JSON.parse(result.stdout));
  } finally {
    removePlaces(base);
  }
};

/** @param {number | undefined} value @param {boolean} isMemory */
const quantity = (value, isMemory) => {
  if (value === undefined) return '-';
  return isMemory ? `${Math.round(value / 1024)} kB` : `${value.toFixed(1)} ms`;
};

/** @param {number | undefined} ratio @param {{ must: number, aim: number }} budget */
const verdict = (ratio, { must, aim }) => {
  if (ratio === undefined) return '';
  if (ratio > must) return 'MISSED';
  return ratio <= aim ? 'reached, aim too' : 'reached';
};

/** @param {readonly (readonly string[])[]} lines the first is the heading; the first column is left-aligned */
const table = (lines) => {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  for (const line of lines) say(line.map((cell, i) => (i === 0 || i === line.length - 1 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('   ').trimEnd());
};

script(async () => {
  const { runs, json } = readOptions();
  ensurePackages('test');
  ensureModules();
  ensureBuilt();
  const account = ensureAccount();
  const images = ensureTestImages();
  const podman = findProgram('podman') ?? '';
  const samples = measure(account, podman, runs, images);
  const results = rows.map((row) => {
    const { skiff = [], podman } = samples[row.key] ?? {};
    const peer = row.against === undefined ? podman : samples[row.against]?.skiff;
    const [ours, theirs] = [median(skiff), peer === undefined ? undefined : median(peer)];
    const ratio = theirs === undefined ? undefined : ours / theirs;
    return { ...row, skiff: ours, ...(theirs === undefined ? {} : { podman: theirs }), ...(ratio === undefined ? {} : { ratio }), verdict: verdict(ratio, row) };
  });
  if (json) return say(JSON.stringify({ runs, peer: podman === '' ? null : versionOf(podman), rows: results, samples }));
  say(podman === '' ? 'podman is not installed: nothing to compare with.' : `${versionOf(podman)} beside it; medians of ${runs} turns.`);
  table([
    ['work', 'beside', 'skiff', 'ratio', 'must reach', 'aims at', ''],
    ...results.map((r) => [r.work, quantity(r.podman, r.key === 'memory'), quantity(r.skiff, r.key === 'memory'), r.ratio === undefined ? '-' : `${r.ratio.toFixed(2)}x`, `${r.must}x`, `${r.aim}x`, r.verdict]),
  ]);
});
