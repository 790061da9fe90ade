/**
 * An esbuild plugin: modules of Node that take long to load (1-2 ms each in Bun, of 12 ms for a whole `skiff run`) are loaded when
 * one of their functions is called, not when a file that imports them is. Sources import them as usual. A function that is not
 * listed here is a build error, so nothing is left out unnoticed.
 */

/** @type {Readonly<Record<string, readonly string[]>>} */
const functions = {
  'node:tty': ['isatty'],
  'node:net': ['connect', 'createServer', 'isIPv4', 'isIPv6'],
  'node:crypto': ['createHash', 'randomUUID'],
  'node:child_process': ['spawn', 'spawnSync', 'execFile'],
};

/** @returns {import('esbuild').Plugin} */
export const lazyBuiltins = () => ({
  name: 'lazy-builtins',
  setup: (build) => {
    build.onResolve({ filter: /^node:/ }, ({ path, namespace }) => (namespace !== 'lazy' && path in functions ? { path, namespace: 'lazy' } : { path, external: true }));
    build.onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => ({
      contents: (functions[path] ?? []).map((name) => `export const ${name} = (...args) => require(${JSON.stringify(path)}).${name}(...args);\n`).join(''),
    }));
  },
});
