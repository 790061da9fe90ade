/** `skiff attach`: a terminal for a container that runs already. */
import { parseDetachKeys } from '../core/detach-keys.ts';
import { fail } from '../core/errors.ts';
import { eventsPath } from '../system/events.ts';
import { helperPath } from '../system/helper.ts';
import { need } from '../core/invalid.ts';
import { tell } from './container-events.ts';
import { eventTexts } from './event-texts.ts';
import { sessionRecords } from './plan-records.ts';
import { socketPath } from './container-places.ts';
import { findContainer, statusWord } from './records.ts';
import type { Container } from './records.ts';
import { rouse } from './rouse.ts';
import { sessionPath, writeSession } from './session-file.ts';
import type { Surroundings } from './surroundings.ts';

export interface AttachFlags {
  readonly stdin: boolean;
  readonly sigProxy: boolean;
  readonly detachKeys: string;
}

export interface Attach {
  readonly program: string;
  readonly tty: boolean;
  /** Whether input is carried: it was asked for, and the container was made with -i. */
  readonly stdin: boolean;
  /** Writes the plan and returns the program's arguments; from then on this process must become the program. */
  readonly writePlan: () => readonly string[];
}

/** The container itself where it runs and its processes do; throws Conflict otherwise, in Docker's words. */
const requireAttachable = (container: Container): Container => {
  const refuse = (message: string): never => fail({ _tag: 'Conflict', message: `cannot attach to a ${message}` });
  switch (statusWord(container.state)) {
    case 'running':
      return container;
    case 'paused':
      return refuse('paused container, unpause it first');
    case 'restarting':
      return refuse('restarting container, wait until it is running');
    default:
      return refuse('stopped container, start it first');
  }
};

/** Says how to connect to the container that `word` names. Throws NotFound, Conflict where it cannot be attached to, Usage. */
export const prepareAttach = ({ paths }: Surroundings, word: string, flags: AttachFlags): Attach => {
  const container = requireAttachable(findContainer(paths, word));
  const { id, spec } = container;
  rouse(paths, container);
  const stdin = flags.stdin && spec.openStdin;
  const detachKeys = need(parseDetachKeys(flags.detachKeys));
  return {
    program: helperPath(paths, 'skiff-helper'),
    tty: spec.tty,
    stdin,
    writePlan: () => {
      const path = sessionPath(paths);
      writeSession(path, [
        ['socket', socketPath(paths, id)],
        ['id', id],
        ['events', eventsPath(paths), ...eventTexts(spec)],
        ...sessionRecords({ tty: spec.tty, stdin, detached: false, detachKeys, sigProxy: flags.sigProxy }),
      ]);
      tell(paths, spec, 'attach');
      return ['attach', path];
    },
  };
};
