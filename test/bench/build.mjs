/** Builds: all steps cached, ten steps done anew, many small files copied; the Dockerfiles are the same for both. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ name: 'skiff' | 'podman', program: string }} Tool */
/** @typedef {(work: string, times: number, once: (tool: Tool) => number | Promise<number>) => Promise<void>} Measure */

const files = 20_000;

/** A context whose Dockerfile has these lines behind its FROM. @param {string} directory @param {readonly string[]} lines */
const context = (directory, lines) => {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'Dockerfile'), ['FROM busybox', ...lines, ''].join('\n'));
  return directory;
};

/** @param {string} directory */
const manyFiles = (directory) => {
  for (let i = 0; i < files; i++) {
    const below = join(directory, `d${i % 100}`);
    if (i < 100) mkdirSync(below, { recursive: true });
    writeFileSync(join(below, `f${i}`), `file ${i}\n`);
  }
};

/**
 * @param {Measure} measure
 * @param {(tool: Tool, words: readonly string[]) => number} timed
 * @param {string} home where contexts are made
 * @param {number} runs
 */
export const measureBuilds = async (measure, timed, home, runs) => {
  const ten = context(join(home, 'ten'), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => (n % 3 === 0 ? `COPY f${n} /` : `RUN echo ${n} > /r${n}`)));
  for (const n of [3, 6, 9]) writeFileSync(join(ten, `f${n}`), `${n}\n`);
  const many = context(join(home, 'many'), ['COPY . /many']);
  manyFiles(many);
  const words = (/** @type {Tool} */ { name }, /** @type {readonly string[]} */ more) => ['build', '-q', ...(name === 'podman' ? ['--layers'] : []), '-t', 'measured', ...more];
  const turns = Math.max(3, Math.ceil(runs / 5));
  await measure('build-steps', turns, (tool) => timed(tool, words(tool, ['--no-cache', ten])));
  await measure('build-cached', runs, (tool) => timed(tool, words(tool, [ten])));
  await measure('build-files', turns, (tool) => timed(tool, words(tool, ['--no-cache', many])));
};
