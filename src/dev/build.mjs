/**
 * `npm run build`: the C helpers, `dist/skiff.cjs` for Node, and `dist/skiff`, the single executable.
 * Does nothing when nothing changed; builds started at the same time in one checkout take turns.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { confirm, invalidate, isFresh, outputs, sourceDigest } from './freshness.mjs';
import { lazyBuiltins } from './lazy-builtins.mjs';
import { quietly, root, say, script, Stop } from './steps.mjs';

const dist = join(root, 'dist');
const scratch = join(dist, '.build');
const helperNames = outputs.filter((name) => name.startsWith('helpers/')).map((name) => name.slice('helpers/'.length));

/** @typedef {{ name: string, sha256: string, size: number }} Helper */

/** @returns {Helper[]} */
const describeHelpers = () =>
  helperNames.map((name) => {
    const bytes = readFileSync(join(dist, 'helpers', name));
    return { name, sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length };
  });

/** @param {readonly Helper[]} helpers */
const assetsModule = (helpers) => {
  const imports = helpers.map((h, i) => `import a${i} from "../helpers/${h.name}" with { type: "file" };\n`).join('');
  const entries = helpers.map((h, i) => `${JSON.stringify(h.name)}:{path:a${i},sha256:"${h.sha256}",size:${h.size}}`);
  return `${imports}globalThis.__skiffAssets={${entries.join(',')}};\n`;
};

/** What the program knows about itself; undeclared in a program that was not built here. @param {string} digest @returns {Record<string, string>} */
const constants = (digest) => ({
  __SKIFF_VERSION__: JSON.stringify(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version),
  __SKIFF_BUILD__: JSON.stringify(digest.slice(0, 12)),
});

/** One bundle for both runtimes: esbuild takes the packages' ES modules, of which it keeps only what is used. @param {string} digest */
const buildForNode = async (digest) => {
  const esbuild = await import('esbuild');
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: ['src/main.ts'],
    outfile: join(scratch, 'skiff.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    mainFields: ['module', 'main'],
    plugins: [lazyBuiltins()],
    define: constants(digest),
    // `--`: Node 20 takes every --env-file on the command line for its own, behind the script's name too.
    banner: { js: '#!/usr/bin/env -S node --' },
    logLevel: 'silent',
  }).catch((/** @type {import('esbuild').BuildFailure} */ failure) => failure);
  if (result.errors.length > 0) {
    process.stderr.write((await esbuild.formatMessages(result.errors, { kind: 'error' })).join(''));
    throw new Stop('cannot bundle src/main.ts; esbuild says why above');
  }
  chmodSync(join(scratch, 'skiff.cjs'), 0o755);
};

/** npm puts Bun under its platform's package, and its install script, where scripts are allowed, moves it under `bun`. */
const findBun = () => {
  const vendor = join(root, 'node_modules/@oven');
  const wanted = [`bun-linux-${process.arch === 'arm64' ? 'aarch64' : 'x64'}`, 'bun-linux-x64-baseline'];
  const candidates = [
    join(root, 'node_modules/bun/bin/bun.exe'),
    ...(existsSync(vendor) ? readdirSync(vendor) : []).filter((name) => wanted.includes(name)).map((name) => join(vendor, name, 'bin/bun')),
  ];
  const found = candidates.find((path) => spawnSync(path, ['--version'], { stdio: 'ignore' }).status === 0);
  if (found === undefined) throw new Stop('Bun is not in node_modules or does not run here; run: npm ci');
  return found;
};

const buildExecutable = () => {
  writeFileSync(join(scratch, 'assets.js'), assetsModule(describeHelpers()));
  // Imports run in the order they are written: the assets are in place before main starts.
  writeFileSync(join(scratch, 'entry.js'), 'import "./assets.js";\nimport "./skiff.cjs";\n');
  // Bun would write this checkout's path where a source says __dirname; beside the executable there is nothing to find.
  const defines = ['--define', '__dirname="/nowhere"'];
  const command = [
    // A command lives for 20 ms, and most of what a compiler would make of it is never used: src/README.md, "Where the time of a run goes".
    findBun(), 'build', '--compile', '--minify', '--bytecode', '--format=cjs', '--compile-jit-policy=10',
    '--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig',
    ...defines, '--outfile', join(scratch, 'skiff'), join(scratch, 'entry.js'),
  ];
  // Neither a person's settings nor a NODE_ENV may find their way into the executable.
  const env = { PATH: process.env['PATH'], HOME: scratch, TMPDIR: scratch };
  quietly('compile dist/skiff', command, { cwd: scratch, env });
};

const build = async () => {
  const digest = sourceDigest();
  invalidate();
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  quietly('build the C helpers', ['make', '--no-print-directory', '-C', 'helpers', 'OUT=../dist/helpers', 'all']);
  const lacking = helperNames.filter((name) => !existsSync(join(dist, 'helpers', name)));
  if (lacking.length > 0) throw new Stop(`helpers/*.mk name no sources for ${lacking.join(', ')}`);
  await buildForNode(digest);
  buildExecutable();
  // Renamed, not written over: a running skiff keeps the file it was started from.
  for (const name of ['skiff.cjs', 'skiff']) renameSync(join(scratch, name), join(dist, name));
  rmSync(scratch, { recursive: true });
  confirm(digest);
};

/** Builds what is out of date; another build of this checkout that is under way is waited for. */
export const ensureBuilt = () => {
  if (isFresh()) return;
  say('Building dist/skiff.');
  mkdirSync(dist, { recursive: true });
  const self = fileURLToPath(import.meta.url);
  const result = spawnSync('flock', [join(dist, '.lock'), process.execPath, self, '--locked'], { stdio: 'inherit' });
  if (result.error) throw new Stop(`cannot build: flock: ${result.error.message}`);
  if (result.status !== 0) throw new Stop('the build failed; the reason is above');
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  script(async () => {
    if (process.argv[2] !== '--locked') return ensureBuilt();
    if (!isFresh()) await build();
  });
}
