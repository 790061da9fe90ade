/** Of several commands that start one container at the same moment, one does. */
import { fail } from '../core/errors.ts';
import { removeIfPresent } from '../system/files.ts';
import { makerIsAlive, takeMarker, tryMarker } from './markers.ts';
import { socketPath } from './container-places.ts';
import { isAttended, readContainer, readRawState } from './records.ts';
import type { Paths } from '../system/paths.ts';
import type { Container } from './records.ts';

const pollMs = 20;
/** How long a marker without a living maker may belong to a monitor that is just beginning or ending, in milliseconds. */
const graceMs = 100;
/** A start takes a tenth of a second; on a machine that is busy for this long somebody should hear of it. In milliseconds. */
const patienceMs = 10_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export type Claim = { readonly kind: 'ours'; readonly marker: string; readonly container: Container } | { readonly kind: 'runs'; readonly container: Container };

/**
 * Makes this process the one that starts container `id`, which then must remove the marker or become `skiff-helper launch`. Waits for another one that
 * is at it; `runs` when it was faster. A killed one's traces are taken away. Throws NotFound, Corrupt, and Conflict where the other one takes too long.
 */
export const claimStart = async (paths: Paths, id: string, word: string): Promise<Claim> => {
  const began = Date.now();
  for (let unattended = 0; ; await pause(pollMs)) {
    const before = readContainer(paths, id);
    if (before.state.status === 'running') return { kind: 'runs', container: before };
    const abandoned = unattended > graceMs;
    const marker = abandoned ? takeMarker(paths, id) : tryMarker(paths, id);
    if (marker !== undefined) {
      // Read again: it may have been started, and have ended, between the first look and the marker.
      const container = readContainer(paths, id);
      if (container.state.status === 'running') return { kind: 'runs', container };
      if (abandoned) removeIfPresent(socketPath(paths, id));
      return { kind: 'ours', marker, container };
    }
    unattended = makerIsAlive(paths, id) || isAttended(readRawState(paths, id)) ? 0 : unattended + pollMs;
    if (Date.now() - began > patienceMs) fail({ _tag: 'Conflict', message: `container ${word} is being started by another command`, hint: 'try again' });
  }
};
