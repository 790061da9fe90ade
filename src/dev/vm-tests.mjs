/**
 * Finds the tests for the virtual machine.
 *
 * `test/vm/SCENARIO/N-NAME.test.ts` is a test file like any other: uvu, test/harness.ts, test/e2e/skiff.ts. A scenario has a disk of its own, fresh
 * at its start; its files run in the order of their names, those with N=1 at the machine's first boot, with N=2 at the second, and so on: the
 * disk keeps its state between them. A file says in a comment of its own
 *   @as user            inside the systemd user manager of the account `bar`, where cgroups are delegated (without it, too)
 *   @as session         in a login session of `bar`, as ssh opens one: another branch of the cgroup tree
 *   @as root            as root
 *   @time-limit 60      seconds before it is ended (120 otherwise); all is 10 to 20 times slower than on the host
 *   @then shutdown      after the tests of this boot the machine is shut down in order, with all that systemd does then; or
 *   @then crash         it loses its power, with all that has not been written to its disk (otherwise it is written, and nobody is told)
 * At the end of a scenario no process, record or cgroup of Skiff may be left.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './steps.mjs';

/** @typedef {{ name: string, boot: number, kind: string, seconds: number, end: string, source: string, bundle: string }} VmTest `name` without the scenario: `1-direct` */
/** @typedef {{ name: string, tests: VmTest[] }} Scenario */

/** @param {string} scenario @param {string} file @returns {VmTest} */
const describe = (scenario, file) => {
  const source = join(root, 'test/vm', scenario, file);
  const text = readFileSync(source, 'utf8');
  return {
    name: file.slice(0, -'.test.ts'.length),
    boot: Number.parseInt(file, 10),
    kind: /@as (user|session|root)\b/.exec(text)?.[1] ?? 'user',
    end: /@then (shutdown|crash)\b/.exec(text)?.[1] ?? 'halt',
    seconds: Number(/@time-limit (\d+)/.exec(text)?.[1] ?? 120),
    source,
    bundle: `dist/test/vm/${scenario}/${file.slice(0, -'.ts'.length)}.cjs`,
  };
};

/** Every scenario below test/vm. @returns {Scenario[]} */
export const findScenarios = () => {
  const directory = join(root, 'test/vm');
  const names = existsSync(directory) ? readdirSync(directory).sort() : [];
  return names.map((name) => ({
    name,
    tests: readdirSync(join(directory, name)).filter((file) => /^\d+-.*\.test\.ts$/.test(file)).sort().map((file) => describe(name, file)),
  }));
};

/** The machine is x86-64, and only root can make its disk. */
export const vmIsPossible = process.arch === 'x64';
