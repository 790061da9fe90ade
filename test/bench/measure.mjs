/**
 * The measuring half of `npm run bench`, run as the unprivileged account: starts each work once as `skiff` and once as
 * `podman`, turn by turn, with the same words, and prints the samples as JSON. Needs SKIFF_BIN, SKIFF_TEST_IMAGES and a
 * HOME and XDG_RUNTIME_DIR of its own; PODMAN is the path of podman, empty where there is none. `measure.mjs RUNS PART`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureBuilds } from './build.mjs';
import { measureTraffic } from './network.mjs';
import { withRegistry } from './registry.mjs';

/** @typedef {{ name: 'skiff' | 'podman', program: string }} Tool */
/** @typedef {Record<string, Record<string, number[]>>} Samples by work and whose it is; milliseconds, where network.mjs and `memory` do not say otherwise */
/** @typedef {<A extends { name: string }>(work: string, times: number, once: (one: A) => number | Promise<number>, whom: readonly A[]) => Promise<void>} Measure */

const home = process.env['HOME'] ?? '/nonexistent';
const runtime = process.env['XDG_RUNTIME_DIR'] ?? '/nonexistent';
const runs = Number(process.argv[2]);
const part = process.argv[3] ?? 'all';

/** @type {Tool[]} */
const tools = [
  { name: 'skiff', program: process.env['SKIFF_BIN'] ?? 'skiff' },
  ...(process.env['PODMAN'] ? [{ name: /** @type {const} */ ('podman'), program: process.env['PODMAN'] }] : []),
];

/** Standard output of a command that must succeed. @param {Tool} tool @param {readonly string[]} words */
const output = (tool, words) => {
  const { status, stdout, stderr, error } = spawnSync(tool.program, words, { encoding: 'utf8', cwd: '/' });
  if (status !== 0) throw new Error(`${tool.name} ${words.join(' ')}: ${error?.message ?? stderr.trim()}`);
  return stdout;
};

/** Milliseconds that a command takes which must succeed. @param {Tool} tool @param {readonly string[]} words */
const timed = (tool, words) => {
  const began = process.hrtime.bigint();
  const { status } = spawnSync(tool.program, words, { stdio: 'ignore', cwd: '/' });
  const took = Number(process.hrtime.bigint() - began) / 1e6;
  if (status !== 0) output(tool, words);
  return took;
};

/** Milliseconds until the last of ten has ended. @param {Tool} tool @param {readonly string[]} words @returns {Promise<number>} */
const timedTen = async (tool, words) => {
  const began = process.hrtime.bigint();
  const one = () => new Promise((resolve) => spawn(tool.program, words, { stdio: 'ignore', cwd: '/' }).on('close', resolve));
  const codes = await Promise.all(Array.from({ length: 10 }, one));
  const took = Number(process.hrtime.bigint() - began) / 1e6;
  if (codes.some((code) => code !== 0)) throw new Error(`ten times ${tool.name} ${words.join(' ')}: exit codes ${codes.join(' ')}`);
  return took;
};

/** @type {Samples} */
const samples = {};

/** @param {string} work @param {{ name: string }} tool @param {number} value */
const note = (work, tool, value) => void ((samples[work] ??= {})[tool.name] ??= []).push(value);

/** Turn by turn, so that whatever else the machine does hits both; the first turn of each warms caches and is not counted. */
/** @type {Measure} */
const measureThese = async (work, times, once, whom) => {
  process.stderr.write(`  ${work}\n`);
  for (let turn = -1; turn < times; turn++) {
    for (const one of turn % 2 === 0 ? whom : [...whom].reverse()) {
      const value = await once(one);
      if (turn >= 0) note(work, one, value);
    }
  }
};

/** The same for all tools. */
const measure = (/** @type {string} */ work, /** @type {number} */ times, /** @type {(tool: Tool) => number | Promise<number>} */ once, /** @type {readonly Tool[]} */ whom = tools) => measureThese(work, times, once, whom);

/** Proportional set size of a process in bytes: what it shares counts in parts, proc_pid_smaps_rollup(5). @param {number} pid */
const memoryOf = (pid) => Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) * 1024;

/** The processes that keep these detached containers, besides their own. @param {Tool} tool @param {readonly string[]} ids */
const companions = (tool, ids) => {
  if (tool.name === 'podman') return ids.map((id) => Number(output(tool, ['inspect', '--format', '{{.State.ConmonPid}}', id])));
  const hosts = join(home, '.local/share/skiff/hosts');
  const [host = ''] = readdirSync(hosts);
  const monitors = ids.map((id) => JSON.parse(readFileSync(join(hosts, host, 'containers', id, 'state.json'), 'utf8')).monitorPid);
  return [...monitors, Number(readFileSync(join(runtime, 'skiff/keeper.pid'), 'utf8').split(' ')[0])];
};

const idle = ['run', '-d', '--network', 'none', 'busybox', 'sleep', '1000000'];

let stores = 0;

/**
 * A pull into a store of its own. Nothing is removed before the end: ext4 is slow at making files where many were removed lately, which would be
 * measured then. @param {Tool} tool @param {string} image
 */
const timedPull = (tool, image) => {
  stores += 1;
  const store = join(home, 'stores', `${stores}`);
  mkdirSync(store, { recursive: true });
  const places = tool.name === 'podman' ? ['--root', join(store, 'root'), '--runroot', join(store, 'run')] : ['--root', store];
  return timed(tool, [...places, 'pull', '--quiet', ...(tool.name === 'podman' ? ['--tls-verify=false'] : []), image]);
};

/** What `images` takes when there are many, beside what it takes now. */
const measureManyImages = async () => {
  const tags = Array.from({ length: 198 }, (_, at) => `many-${at}:latest`);
  each((tool) => tags.forEach((tag) => void output(tool, ['tag', 'busybox', tag])));
  await measure('images-200', runs, (tool) => timed(tool, ['images']));
};

/** Ids of so many new idle containers. @param {Tool} tool @param {number} count */
const startIdle = (tool, count) => Array.from({ length: count }, () => output(tool, idle).trim());

/** The words that kill and remove at once. @param {Tool} tool */
const removal = (tool) => (tool.name === 'podman' ? ['rm', '-f', '-t', '0'] : ['rm', '-f']);

/** What many containers cost beside one, in skiff's own measure: there are 20 by now. @param {Tool} skiff */
const measureCrowd = async (skiff) => {
  const own = startIdle(skiff, 80);
  await measure('ps-100', runs, () => timed(skiff, ['ps']), [skiff]);
  const turns = Math.max(3, Math.ceil(runs / 5));
  const stopped = (/** @type {readonly string[]} */ ids) => {
    const took = timed(skiff, ['stop', '-t', '1', ...ids]);
    output(skiff, ['start', ...ids]);
    return took;
  };
  await measure('stop-1', turns, () => stopped(own.slice(0, 1)), [skiff]);
  await measure('stop-50', turns, () => stopped(own.slice(0, 50)), [skiff]);
  output(skiff, ['rm', '-f', ...own]);
};

const lines = 1_000_000;

/** A container prints as fast as it can into a log of its own, and that log is read back. */
const measureLogs = async (/** @type {number} */ turns) => {
  const names = new Map(tools.map((tool) => [tool, '']));
  const forget = (/** @type {Tool} */ tool) => names.get(tool) === '' || output(tool, ['rm', names.get(tool) ?? '']);
  await measure('logs-write', turns, (tool) => {
    forget(tool);
    const began = process.hrtime.bigint();
    const id = output(tool, ['run', '-d', '--network', 'none', '--log-driver', 'json-file', 'busybox', 'seq', '1', `${lines}`]).trim();
    output(tool, ['wait', id]);
    names.set(tool, id);
    return Number(process.hrtime.bigint() - began) / 1e6;
  });
  await measure('logs-read', turns, (tool) => timed(tool, ['logs', names.get(tool) ?? '']));
  each(forget);
};

/**
 * Runs on the network that each has without a flag, and on a bridge with names of its own: the first container there, which starts what the network needs, one while
 * another runs, and ten firsts at once.
 */
const measureNetworks = async () => {
  each((tool) => void output(tool, ['network', 'create', 'mine']));
  for (const [work, flags] of /** @type {const} */ ([['run-default', []], ['run-bridge', ['--network', 'mine']]])) {
    const trial = ['run', '--rm', ...flags, 'busybox', 'true'];
    await measure(work, runs, (tool) => timed(tool, trial));
    const others = new Map(tools.map((tool) => [tool, output(tool, ['run', '-d', ...flags, 'busybox', 'sleep', '1000000']).trim()]));
    await measure(`${work}-more`, runs, (tool) => timed(tool, trial));
    each((tool) => void output(tool, [...removal(tool), others.get(tool) ?? '']));
  }
  await measure('ten-bridge', Math.max(3, Math.ceil(runs / 5)), (tool) => timedTen(tool, ['run', '--rm', '--network', 'mine', 'busybox', 'true']));
  each((tool) => void output(tool, ['network', 'rm', 'mine']));
};

/** @param {(tool: Tool) => void} body */
const each = (body) => tools.forEach(body);

/** Everything but networks. */
const measureContainers = async () => {
  const trial = ['run', '--rm', '--network', 'none', 'busybox', 'true'];
  await measure('run-none', runs, (tool) => timed(tool, trial));
  await measureNetworks();
  await measureLogs(Math.max(3, Math.ceil(runs / 4)));
  await measure('ten', Math.max(3, Math.ceil(runs / 5)), (tool) => timedTen(tool, trial));

  const first = new Map(tools.map((tool) => [tool, output(tool, idle).trim()]));
  await measure('exec', runs, (tool) => timed(tool, ['exec', first.get(tool) ?? '', 'true']));
  await measure('restart', runs, (tool) => timed(tool, ['restart', '-t', '0', first.get(tool) ?? '']));
  const [skiff] = tools;
  if (skiff !== undefined) await measure('ps-1', runs, () => timed(skiff, ['ps']), [skiff]);

  process.stderr.write('  20 containers\n');
  each((tool) => {
    const ids = [first.get(tool) ?? '', ...startIdle(tool, 19)];
    const total = companions(tool, ids).reduce((sum, pid) => sum + memoryOf(pid), 0);
    note('memory', tool, total / ids.length);
  });
  await measure('ps', runs, (tool) => timed(tool, ['ps']));
  if (skiff !== undefined) await measureCrowd(skiff);
  await measure('rm-20', Math.max(3, Math.ceil(runs / 5)), (tool) => {
    const ids = startIdle(tool, 20);
    return timed(tool, [...removal(tool), ...ids]);
  });
  await measure('images', runs, (tool) => timed(tool, ['images']));
  await measureManyImages();
  await withRegistry(join(home, 'registry'), join(process.env['SKIFF_TEST_IMAGES'] ?? '', 'debian.tar'), async (domain) => {
    const turns = Math.max(3, Math.ceil(runs / 4));
    await measure('pull-large', turns, (tool) => timedPull(tool, `${domain}/large`));
    await measure('pull-layers', turns, (tool) => timedPull(tool, `${domain}/layers`));
  });
};

const main = async () => {
  mkdirSync(join(home, '.config/containers'), { recursive: true });
  writeFileSync(join(home, '.config/containers/storage.conf'), '[storage]\ndriver = "overlay"\n');
  each((tool) => void output(tool, ['import', join(process.env['SKIFF_TEST_IMAGES'] ?? '', 'busybox.tar'), 'busybox']));
  try {
    if (part === 'all') await measureContainers();
    if (part === 'all' || part === 'builds') await measureBuilds(measure, timed, home, runs);
    if (part !== 'builds') await measureTraffic({ tools, output, measure: measureThese, note, memoryOf, home, turns: Math.max(3, Math.ceil(runs / 4)) });
  } finally {
    each((tool) => {
      const left = output(tool, ['ps', '-aq']).split('\n').filter((word) => word !== '');
      if (left.length > 0) output(tool, [...removal(tool), ...left]);
      // Podman keeps a process for its namespaces; this ends it.
      if (tool.name === 'podman') output(tool, ['system', 'migrate']);
    });
  }
  process.stdout.write(`${JSON.stringify(samples)}\n`);
};

main().catch((error) => {
  process.stderr.write(`skiff: ${error.message}\n`);
  process.exitCode = 1;
});
