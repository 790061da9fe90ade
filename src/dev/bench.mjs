/**
 * `npm run bench`: the table of budgets from a live run, with podman beside it where it is installed. Medians; the ratio is
 * what counts, because machines differ. `--runs N` measured turns for each row (20 without it), `--networks` only what network.mjs measures, `--json` for programs.
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
 * `peer` is whose samples are beside ours where that is not podman; without `unit` it is ms. Of `Gbit/s` there should be more, of all else less.
 * @typedef {{ key: string, work: string, must: number, aim: number, against?: string, peer?: string, unit?: 'kB' | 'Gbit/s' | 'µs' }} Row
 * @type {readonly Row[]}
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
  { key: 'build-cached', work: 'build of ten steps, all cached', must: 0.15, aim: 0.1 },
  { key: 'build-steps', work: 'the same, all done anew', must: 0.8, aim: 0.4 },
  { key: 'build-files', work: 'build that copies 20,000 small files', must: 0.5, aim: 0.3 },
  { key: 'memory', unit: 'kB', work: 'memory for each of 20 idle detached containers beyond its own', must: 0.15, aim: 0.05 },
  { key: 'logs-write', work: 'a container prints and ends: 1,000,000 short lines', must: 1, aim: 0.6 },
  { key: 'logs-read', work: 'logs of these 1,000,000 lines', must: 0.5, aim: 0.2 },
  { key: 'ten', work: 'ten run --rm --network none at once', must: 0.25, aim: 0.15 },
  { key: 'ten-bridge', work: 'ten run --rm --network mine at once', must: 0.25, aim: 0.15 },
  { key: 'port', unit: 'Gbit/s', work: "published port, client's address kept, beside rootlessport", must: 1.2, aim: 1.5 },
  { key: 'port', unit: 'Gbit/s', peer: 'slirp4netns', work: "the same beside slirp4netns' own forwarding", must: 2, aim: 3 },
  { key: 'port-memory', unit: 'kB', work: 'memory of what carries a published port', must: 0.1, aim: 0.03 },
  { key: 'bridge', unit: 'Gbit/s', peer: 'bare', work: 'container to container, beside veth pairs on a bare bridge', must: 0.95, aim: 1 },
  { key: 'name', unit: 'µs', work: "a container's name is told, beside aardvark-dns", must: 1, aim: 0.8 },
];

/** @param {readonly number[]} values */
const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] ?? NaN : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
};

const readOptions = () => {
  try {
    const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' }, networks: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } } });
    const runs = Number(values.runs);
    if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs}: give a number from 1 up`);
    return { runs, part: values.networks ? 'networks' : 'all', json: values.json };
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

/** @param {import('./account.mjs').Account} account @param {string} podman @param {{ runs: number, part: string }} how @param {string} images */
const measure = (account, podman, { runs, part }, images) => {
  const checkout = readableCheckout(account);
  const base = mkdtempSync('/var/tmp/skb-');
  try {
    const { home, runtime } = makePlaces(account, base);
    const environment = { HOME: home, XDG_RUNTIME_DIR: runtime, SKIFF_BIN: join(checkout, 'dist/skiff'), SKIFF_TEST_IMAGES: images, PODMAN: podman };
    const command = asAccount(account, environment, [nodeFor(account, checkout), join(checkout, 'test/bench/measure.mjs'), `${runs}`, part]);
    const [program = '', ...words] = isRoot ? inCgroupView(account.uid, command) : command;
    const result = spawnSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], cwd: '/' });
    if (result.status !== 0) throw new Stop('the measurement failed; the reason is above');
    return /** @type {Record<string, Record<string, number[]>>} */ (JSON.parse(result.stdout));
  } finally {
    removePlaces(base);
  }
};

/** @param {number | undefined} value @param {Row['unit'] | undefined} unit */
const quantity = (value, unit) => {
  if (value === undefined) return '-';
  return unit === 'kB' ? `${Math.round(value / 1024)} kB` : `${value.toFixed(1)} ${unit ?? 'ms'}`;
};

/** @param {number | undefined} ratio @param {Pick<Row, 'must' | 'aim' | 'unit'>} budget */
const verdict = (ratio, { must, aim, unit }) => {
  if (ratio === undefined) return '';
  const sign = unit === 'Gbit/s' ? -1 : 1;
  if (sign * ratio > sign * must) return 'MISSED';
  return sign * ratio <= sign * aim ? 'reached, aim too' : 'reached';
};

/** @param {readonly (readonly string[])[]} lines the first is the heading; the first column is left-aligned */
const table = (lines) => {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  for (const line of lines) say(line.map((cell, i) => (i === 0 || i === line.length - 1 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('   ').trimEnd());
};

script(async () => {
  const { runs, part, json } = readOptions();
  ensurePackages('test');
  ensureModules();
  ensureBuilt();
  const account = ensureAccount();
  const images = ensureTestImages();
  const podman = findProgram('podman') ?? '';
  const samples = measure(account, podman, { runs, part }, images);
  const results = rows.filter((row) => samples[row.key] !== undefined).map((row) => {
    const { skiff = [] } = samples[row.key] ?? {};
    const peer = row.against === undefined ? samples[row.key]?.[row.peer ?? 'podman'] : samples[row.against]?.['skiff'];
    const [ours, theirs] = [median(skiff), peer === undefined ? undefined : median(peer)];
    const ratio = theirs === undefined ? undefined : ours / theirs;
    return { ...row, skiff: ours, ...(theirs === undefined ? {} : { podman: theirs }), ...(ratio === undefined ? {} : { ratio }), verdict: verdict(ratio, row) };
  });
  if (json) return say(JSON.stringify({ runs, peer: podman === '' ? null : versionOf(podman), rows: results, samples }));
  say(podman === '' ? 'podman is not installed: nothing to compare with.' : `${versionOf(podman)} beside it; medians of ${runs} turns.`);
  table([
    ['work', 'beside', 'skiff', 'ratio', 'must reach', 'aims at', ''],
    ...results.map((r) => [r.work, quantity(r.podman, r.unit), quantity(r.skiff, r.unit), r.ratio === undefined ? '-' : `${r.ratio.toFixed(2)}x`, `${r.must}x`, `${r.aim}x`, r.verdict]),
  ]);
});
