/** What became of a container, as `state.json` says it, and the words for it. Apart from `records.ts`, which reads it back and needs codecs for that: starting a container does not. */
import { bootId } from '../system/kernel.ts';

export interface State {
  version: 1;
  status: 'created' | 'running' | 'exited';
  /** Of the command, as the host sees it; 0 when it does not run. */
  pid: number;
  pidStart: string;
  monitorPid: number;
  monitorStart: string;
  exitCode: number;
  startedAt: string;
  finishedAt: string;
  /** It was made to be started later: it stays although it never ran. */
  kept?: boolean;
  /** All its processes stand still; only while it is running. */
  paused?: boolean;
  /** It has ended and waits for its next run; `running` all the same, as in Docker, but without a process. */
  restarting?: boolean;
  /** How often its policy has started it, since somebody did. */
  restartCount?: number;
  /** By a person, so that `unless-stopped` does not bring it back with the machine. */
  stoppedByUser?: boolean;
  /** A process of its last run was killed because the limit of its memory was reached. */
  oomKilled?: boolean;
  /** Absolute path of its control group (v2). */
  cgroup?: string;
  health?: 'starting' | 'healthy' | 'unhealthy';
  /** Why it could not be started again. */
  error?: string;
  /** Published ports that are open, a range each (`readBound`). */
  ports?: readonly string[];
  /** The boot during which the pids are true (`bootId`). */
  boot?: string;
}

/** What Docker shows for a time that has not come. */
export const never = '0001-01-01T00:00:00Z';

/** The state of a container whose command has not been started. */
export const createdState = (creator: { readonly pid: number; readonly start: string }): State => ({
  version: 1,
  status: 'created',
  pid: 0,
  pidStart: '0',
  monitorPid: creator.pid,
  monitorStart: creator.start,
  exitCode: 0,
  startedAt: never,
  finishedAt: never,
  boot: bootId(),
});

/** The state of a container that was made to be started later. */
export const waitingState = (): State => ({ ...createdState({ pid: 0, start: '0' }), kept: true });

/** Whether there is a process of it. */
export const hasProcess = ({ status, restarting }: State): boolean => status === 'running' && restarting !== true;
