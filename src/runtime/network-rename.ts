/** What a container's networks know of its name. */
import { giveBack, renameEndpoint } from '../network/endpoints.ts';
import { readEndpoints } from './endpoints-file.ts';
import { orderNetwork } from './monitor-client.ts';
import { writeEndpoints } from './network-attach.ts';
import { askWhileRunning } from './stop.ts';
import type { Paths } from '../system/paths.ts';
import type { Container } from './records.ts';

/** The container, which has another name than `oldName` now, is found by the new one and not by the old one. Whoever calls holds its `rename.lock`. Repeatable. */
export const renameInNetworks = async (paths: Paths, { id, directory, spec, state }: Container, oldName: string): Promise<void> => {
  if (state.status !== 'running') return;
  const before = readEndpoints(directory);
  const after = before.map((endpoint) => renameEndpoint(paths, endpoint, oldName, spec.name));
  writeEndpoints(paths, spec, before, after);
  const outcome = await askWhileRunning(paths, id, () => orderNetwork(paths, id));
  // It has ended meanwhile, and a lease that was just written again is nobody's.
  if (outcome === undefined || outcome.result === 'not-running') for (const endpoint of after) giveBack(paths, endpoint);
};
