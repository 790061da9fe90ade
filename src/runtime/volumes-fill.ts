/** `skiff create`: the volumes of a container are filled when it is made, as by Docker, so that others find in them what its image has. */
import { spawnSync } from 'node:child_process';
import { fail } from '../core/errors.ts';
import { volumePoints } from '../core/mount-points.ts';
import { helperPath, keeperArguments } from '../system/helper.ts';
import { dropVolumes } from './volumes.ts';
import type { SkiffSpec } from './spec-types.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Does what a start would do before it starts anything. The caller holds the container's marker. On failure the container and what was made for it are gone.
 * Throws System with the helper's words.
 */
export const fillVolumes = async (surroundings: Surroundings, skiff: SkiffSpec, plan: string): Promise<void> => {
  const { paths, host } = surroundings;
  if (!volumePoints(skiff.mountPoints).some(({ copy }) => copy === true)) return;
  const helper = helperPath(paths, 'skiff-helper');
  const { status, stderr, error } = spawnSync(helper, ['visit', ...keeperArguments(paths, host), plan, '0', '0', helper, 'rm'], { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (error === undefined && status === 0) return;
  (await import('./heal.ts')).discard(paths, host, [skiff.id]);
  await dropVolumes(surroundings, skiff);
  if (error !== undefined) throw error;
  fail({ _tag: 'System', operation: 'fill the volumes of', subject: `container ${skiff.name}`, reason: stderr.trim().replace(/^skiff: /, '') });
};
