/**
 * The file of events, `events.jsonl` in this node's directory: one of Docker's event objects a line, appended by every command and every
 * monitor (helpers/events.c). A full one becomes `events.jsonl.1`; readers are in `event-reader.ts`.
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { eventLine } from '../core/event-line.ts';
import { helperPath } from './helper.ts';
import type { Paths } from './paths.ts';

/** Bytes that make a file full; as in helpers/events.h. */
const fullSize = 1 << 20;

/** Where events are appended. */
export const eventsPath = ({ host }: Pick<Paths, 'host'>): string => join(host, 'events.jsonl');

/** Where the file that was full last is. */
export const fullEventsPath = (paths: Pick<Paths, 'host'>): string => `${eventsPath(paths)}.1`;

export interface NewEvent {
  readonly type: 'container' | 'image' | 'network' | 'volume';
  readonly action: string;
  /** Empty where it is about several things at once. */
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Nanoseconds since 1970, as exact as the runtime knows; the wall clock counts where somebody has set it meanwhile. */
const now = (): bigint => {
  const exact = performance.timeOrigin + performance.now();
  const coarse = Date.now();
  const milliseconds = Math.abs(exact - coarse) < 5 ? exact : coarse;
  const whole = Math.floor(milliseconds);
  return BigInt(whole) * 1_000_000n + BigInt(Math.floor((milliseconds - whole) * 1e6));
};

const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

/** One write(2), so that lines of several writers do not mix. Whether the file has been moved away twice meanwhile, so that nobody reads it; and its size. */
const append = (path: string, line: string): { readonly lost: boolean; readonly size: number } => {
  const fd = openSync(path, flags, 0o600);
  try {
    writeSync(fd, line);
    const { nlink, size } = fstatSync(fd);
    return { lost: nlink === 0, size };
  } finally {
    closeSync(fd);
  }
};

/**
 * Tells of what has happened at this moment. Takes 0.05 ms. Never fails: where the disk is full, or the directory not ours, nobody hears of it. There is no
 * flock(2) in JavaScript, so a full file is moved away by the helper, once in thousands of events.
 */
export const appendEvent = (paths: Paths, { type, action, id, attributes }: NewEvent): void => {
  const line = eventLine({ type, action, id, attributes: new Map(Object.entries(attributes)), scope: 'local', nanoseconds: now() });
  const path = eventsPath(paths);
  try {
    const first = append(path, line);
    const { size } = first.lost ? append(path, line) : first;
    if (size >= fullSize) spawnSync(helperPath(paths, 'skiff-helper'), ['rotate-events', path], { stdio: 'ignore' });
  } catch {
    // What it tells of has been done, and that is what counts.
  }
};
