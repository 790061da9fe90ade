/**
 * Decides whether `dist/` still answers to its sources. The stamp holds a digest of everything that goes into a build
 * and the size and time of everything that came out, so that a changed or deleted result is built again.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { staticLibraries, staticLibrary } from './requirements.mjs';
import { findProgram, root } from './steps.mjs';

export const outputs = ['skiff', 'skiff.cjs', 'helpers/skiff-helper', 'helpers/skiff-tree', 'helpers/skiff-seccomp', 'helpers/skiff-hello'];

const stampPath = join(root, 'dist/.stamp');
const buildScripts = ['build.mjs', 'freshness.mjs', 'lazy-builtins.mjs'];

/** Files below `directory` that go into the build, relative to the checkout, sorted by name. @param {string} directory @returns {string[]} */
const sourcesBelow = (directory) =>
  readdirSync(join(root, directory), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${directory}/${entry.name}`;
      if (entry.isDirectory()) return path === 'helpers/test' || entry.name === 'test' || entry.name === 'node_modules' ? [] : sourcesBelow(path);
      if (directory === 'src/dev') return buildScripts.includes(entry.name) ? [path] : [];
      return /\.(md|test\.ts)$/.test(entry.name) ? [] : [path];
    });

/** Hex SHA-256 over names and contents of all sources; the same on every machine. */
export const sourceDigest = () => {
  const hash = createHash('sha256');
  for (const path of ['package.json', 'package-lock.json', 'tsconfig.json', ...sourcesBelow('src'), ...sourcesBelow('helpers')]) {
    const content = readFileSync(join(root, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
};

/** Which compilers and libraries this machine has, by size and time: starting each to ask its version would take longer than a no-op build may. */
const toolFacts = () => [
  process.version,
  process.arch,
  ...['gcc', 'musl-gcc', 'make'].map((name) => fact(findProgram(name))),
  ...staticLibraries.map((name) => fact(staticLibrary(name))),
  fact(join(root, 'node_modules/.package-lock.json')),
];

/** @param {string | undefined} path */
const fact = (path) => {
  const stat = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 'missing' : `${path} ${stat.size} ${stat.mtimeMs}`;
};

/** @param {string} digest what `sourceDigest()` gave before the build began */
const stampFor = (digest) => JSON.stringify([digest, toolFacts(), outputs.map((name) => fact(join(root, 'dist', name)))]);

/** True when `dist/` was built from exactly these sources with these tools and has not been touched since. */
export const isFresh = () => {
  try {
    return readFileSync(stampPath, 'utf8') === stampFor(sourceDigest());
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
};

/** Says that `dist/` is in pieces from now on. */
export const invalidate = () => rmSync(stampPath, { force: true });

/** Says that `dist/` is complete. @param {string} digest */
export const confirm = (digest) => {
  writeFileSync(`${stampPath}.new`, stampFor(digest));
  renameSync(`${stampPath}.new`, stampPath);
};
