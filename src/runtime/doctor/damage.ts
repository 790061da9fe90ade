/** Records that cannot be read. They are nobody's to remove but a person's: there may be data behind them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SkiffFailure, renderError } from '../../core/errors.ts';
import type { SkiffError } from '../../core/errors.ts';
import { readIndex } from '../../images/layout.ts';
import { listNetworks } from '../../network/store.ts';
import { listVolumes } from '../../volumes/store.ts';
import { listContainers } from '../records.ts';
import type { Paths } from '../../system/paths.ts';
import { troubleOf } from './finding.ts';
import type { Trouble } from './finding.ts';

/** Most errors of this kind say themselves what to do; for the others `remedy` says it of the path. */
const of = (failures: readonly { readonly error: SkiffError }[], remedy: (path: string) => string): readonly Trouble[] =>
  failures.map(({ error }) => {
    const trouble = troubleOf(error);
    return trouble.remedy === '' ? { ...trouble, remedy: remedy(error._tag === 'Corrupt' ? error.subject : 'it') } : trouble;
  });

/** The container that a path below `containers` belongs to. */
const containerIn = (path: string): string => /\/containers\/([0-9a-f]{12})[0-9a-f]{52}(?:\/|$)/.exec(path)?.[1] ?? '';

const imageDamage = (paths: Paths): readonly Trouble[] => {
  if (!existsSync(join(paths.images, 'index.json'))) return [];
  try {
    return readIndex(paths).damaged.map((text) => ({ text, remedy: "pull or load the image again, or remove it with 'skiff rmi'" }));
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    return [{ text: renderError(error.error), remedy: `move ${join(paths.images, 'index.json')} away; the images then need to be pulled again` }];
  }
};

/** Damaged records of containers, networks, volumes and images, each with what to do. */
export const findDamage = (paths: Paths): readonly Trouble[] => [
  ...of(listContainers(paths).warnings, (path) => `remove it with 'skiff rm -f ${containerIn(path)}'`),
  ...of(listNetworks(paths).warnings, (path) => `correct or remove ${path}`),
  ...of(listVolumes(paths).warnings, () => '').map(({ text, remedy }) => ({ text, remedy: `correct it by hand${remedy === '' ? '' : `; ${remedy}`}` })),
  ...imageDamage(paths),
];
