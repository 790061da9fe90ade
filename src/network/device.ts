/** What the kernel has of a network, in the user's network namespace. */
import { existsSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fail } from '../core/errors.ts';
import { helperPath } from '../system/helper.ts';
import { driverOf } from './drivers/choose.ts';
import type { Network } from './types.ts';
import type { Paths } from '../system/paths.ts';

/**
 * Removes the network's bridge or parent, where the namespace lives and has it: another network may get the same range of addresses. Takes a helper's time, 20 ms, and
 * nothing where no container is in any network. Idempotent. Throws System.
 */
export const removeDevice = (paths: Paths, network: Network): void => {
  const device = driverOf(network.driver)?.device(network);
  if (device === undefined || !existsSync(join(paths.runtime, 'network.pid'))) return;
  const { status, stderr, error } = spawnSync(helperPath(paths, 'skiff-helper'), ['net', paths.runtime, 'delete', device], { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) fail({ _tag: 'System', operation: 'remove the device', subject: device, reason: stderr.trim().replace(/^skiff: /, '') });
};
