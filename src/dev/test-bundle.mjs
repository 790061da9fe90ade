/**
 * Finds the test files, reads what they ask of the runner, and bundles them for Node.
 *
 * A test file says what it needs in a comment of its own:
 *   @time-limit 900     seconds before the runner ends it (300 otherwise)
 *   @single-uid         run it as an account without subordinate ids, which only root can provide
 *   @as-root            run it as the caller, who has to be root, to set up what only root can
 *   @also-on-node       run it on dist/skiff.cjs too, not only on dist/skiff
 *   @one-driver         run it with the storage driver that Skiff chooses, not once for each
 *   @image programs     an image that is made for the tests that ask for it (test-images.mjs)
 *   @alone              run it while nothing else runs: it measures, or takes most of the machine
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root } from './steps.mjs';

/** @typedef {{ name: string, bundle: string, timeLimitMs: number, alsoOnNode: boolean, oneDriver: boolean, alone: boolean, images: readonly string[], singleUid: boolean, asRoot: boolean }} TestFile */

const defaultTimeLimitSeconds = 300;

/** Every test/{unit,security,e2e}/NAME.test.ts, as `unit/NAME`. @returns {TestFile[]} */
export const findTests = () =>
  ['unit', 'security', 'e2e'].flatMap((kind) => {
    const directory = join(root, 'test', kind);
    const files = existsSync(directory) ? readdirSync(directory).filter((file) => file.endsWith('.test.ts')).sort() : [];
    return files.map((file) => {
      const text = readFileSync(join(directory, file), 'utf8');
      return {
        name: `${kind}/${file.slice(0, -'.test.ts'.length)}`,
        bundle: `dist/test/${kind}/${file.slice(0, -'.ts'.length)}.cjs`,
        timeLimitMs: Number(/@time-limit (\d+)/.exec(text)?.[1] ?? defaultTimeLimitSeconds) * 1000,
        alsoOnNode: /@also-on-node\b/.test(text),
        oneDriver: /@one-driver\b/.test(text),
        alone: /@alone\b/.test(text),
        images: [...text.matchAll(/@image (\w+)/g)].map((match) => match[1] ?? ''),
        singleUid: /@single-uid\b/.test(text),
        asRoot: /@as-root\b/.test(text),
      };
    });
  });

/** Puts test/harness.ts in uvu's place, for every file but the harness itself. @param {string} harness @returns {import('esbuild').Plugin} */
const checkedUvu = (harness) => ({
  name: 'checked-uvu',
  setup: (build) => void build.onResolve({ filter: /^uvu$/ }, ({ importer }) => (importer === harness ? undefined : { path: harness })),
});

/**
 * Bundles test files, each into one CommonJS file that needs no node_modules. One that cannot be bundled becomes a program
 * that says why and fails, so that it takes no other file down with it.
 * @param {readonly string[]} sources absolute, below test/
 */
export const bundleTests = async (sources) => {
  const esbuild = await import('esbuild');
  const outdir = join(root, 'dist/test');
  rmSync(outdir, { recursive: true, force: true });
  await Promise.all(sources.map((source) => bundleOne(esbuild, source, join(outdir, relative(join(root, 'test'), source).replace(/\.ts$/, '.cjs')))));
};

/** @param {typeof import('esbuild')} esbuild @param {string} source @param {string} outfile */
const bundleOne = async (esbuild, source, outfile) => {
  /** @type {import('esbuild').BuildOptions} */
  const options = {
    absWorkingDir: root,
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    sourcemap: 'inline',
    plugins: [checkedUvu(join(root, 'test/harness.ts'))],
    logLevel: 'silent',
  };
  const result = await esbuild.build(options).catch((/** @type {import('esbuild').BuildFailure} */ failure) => failure);
  if (result.errors.length === 0) return;
  const words = (await esbuild.formatMessages(result.errors, { kind: 'error' })).join('');
  mkdirSync(dirname(outfile), { recursive: true });
  writeFileSync(outfile, `process.stderr.write(${JSON.stringify(words)});\nprocess.exitCode = 1;\n`);
};
