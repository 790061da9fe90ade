/** Facts to findings: `skiff doctor`, apart from looking. Pure. */
import { ok, warning } from './finding.ts';
import type { Finding } from './finding.ts';
import type { Facts } from './facts.ts';
import { judgeIds } from './judge-ids.ts';
import { judgeKernel } from './judge-kernel.ts';
import { judgePlaces } from './judge-places.ts';
import { judgeSurroundings } from './judge-surroundings.ts';

const check = 'leftovers';

const leftoverFindings = ({ leftovers, repaired, damaged, directories }: Facts): readonly Finding[] => {
  const healed = repaired.map(({ words, count }) => ok(check, `removed ${words(count)}`));
  const left = leftovers.map(({ words, count, example, remedy }) => warning(check, `${words(count)} (${example})`, remedy));
  const records = damaged.map(({ text, remedy }) => warning('records', text, remedy));
  const found = [...healed, ...left, ...records];
  return found.length > 0 || directories !== undefined ? found : [ok(check, 'nothing is left of killed commands and containers')];
};

/** All findings, in the order in which they are read: what containers stand on first. */
export const judge = (facts: Facts): readonly Finding[] => [
  ...judgeIds(facts),
  ...judgeKernel(facts),
  ...judgeSurroundings(facts),
  ...judgePlaces(facts),
  ...leftoverFindings(facts),
];

/** Whether nothing has to be done for containers to run: there are warnings at most. */
export const isWell = (findings: readonly Finding[]): boolean => findings.every(({ level }) => level !== 'error');
