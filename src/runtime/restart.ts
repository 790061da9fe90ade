/** `skiff restart`. */
import { tell } from './container-events.ts';
import { findContainer } from './records.ts';
import { startDetached } from './start.ts';
import { stopContainer } from './stop.ts';
import type { StopOptions } from './stop.ts';
import type { Surroundings } from './surroundings.ts';

/** Stops the container that `word` names where it runs, and starts it; one with --rm stays for that. Throws SkiffFailure. */
export const restartContainer = async (surroundings: Surroundings, word: string, options: StopOptions): Promise<void> => {
  const container = findContainer(surroundings.paths, word);
  if (container.state.status === 'running') await stopContainer(surroundings.paths, container, { ...options, reason: 'again' });
  await startDetached(surroundings, container.id);
  tell(surroundings.paths, container.spec, 'restart');
};
