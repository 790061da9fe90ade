/** `skiff events`: what has happened, and what goes on to happen. */
import { watch } from 'node:fs';
import { decodeEvent, salvageEvent } from '../core/events.ts';
import { momentOf } from '../core/log-times.ts';
import { openEvents } from '../system/event-reader.ts';
import { eventsPath } from '../system/events.ts';
import type { EventFilter } from '../core/event-filters.ts';
import type { EventMessage } from '../core/event-line.ts';
import type { Moment } from '../core/log-times.ts';
import type { EventReader } from '../system/event-reader.ts';
import type { Paths } from '../system/paths.ts';

export interface EventsChoice {
  /** Stored events from this moment on; without it and without `until` only what happens from now on. */
  readonly since?: Moment;
  /** The end; without it there is none. */
  readonly until?: Moment;
  readonly passes: EventFilter;
}

export interface EventsOutput {
  /** Gets the events of one look, in the order in which they were written; at least one. */
  readonly take: (events: readonly EventMessage[]) => void;
  /** A sentence about what was left out. */
  readonly warn: (sentence: string) => void;
}

/** Milliseconds between two looks where nobody tells of changes: inotify(7) may be used up. */
const pollWithoutWatch = 25;
/** And where somebody does, for file systems whose changes are not all told. */
const pollWithWatch = 1000;
/** setTimeout(3) knows no longer time than 2^31 ms. */
const longestTimer = 3_600_000;

const millisecondsOf = (moment: Moment): number => Date.parse(`${moment}Z`);

/** Calls `look` soon after each change in `directory`, and now and then without one, until the result's `end` is called. */
const onChange = (directory: string, look: () => void): { readonly end: () => void } => {
  let timer: NodeJS.Timeout;
  let watcher: ReturnType<typeof watch> | undefined;
  const every = (milliseconds: number): void => {
    clearInterval(timer);
    timer = setInterval(look, milliseconds);
  };
  timer = setInterval(look, pollWithWatch);
  try {
    watcher = watch(directory, look);
    watcher.on('error', () => every(pollWithoutWatch));
  } catch {
    every(pollWithoutWatch);
  }
  return {
    end: () => {
      clearInterval(timer);
      watcher?.close();
    },
  };
};

/** Resolves at `moment`; never without one. */
const arrivalOf = (moment: Moment | undefined): { readonly promise: Promise<void>; readonly end: () => void } => {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<void>((resolve) => {
    if (moment === undefined) return;
    const wait = (): void => {
      const left = millisecondsOf(moment) - Date.now();
      if (left < 0) resolve();
      else timer = setTimeout(wait, Math.min(left + 1, longestTimer));
    };
    wait();
  });
  return { promise, end: () => clearTimeout(timer) };
};

/** Reads what is there and hands on what is wanted. A damaged line is told of once, and what can be read of it is shown. */
const lookAt = (paths: Paths, reader: EventReader, { since, until, passes }: EventsChoice, output: EventsOutput): (() => void) => {
  let told = false;
  const damaged = (): void => {
    if (!told) output.warn(`${eventsPath(paths)} is damaged; the lines that cannot be read are left out`);
    told = true;
  };
  const isWanted = (event: EventMessage): boolean => {
    const moment = momentOf(event.nanoseconds);
    return (since === undefined || moment >= since) && (until === undefined || moment <= until) && passes(event);
  };
  return () => {
    const events: EventMessage[] = [];
    reader.read((line) => {
      const whole = decodeEvent(line);
      if (whole === undefined) damaged();
      const event = whole ?? salvageEvent(line);
      if (event !== undefined && isWanted(event)) events.push(event);
    });
    if (events.length > 0) output.take(events);
  };
};

/**
 * Shows the stored events that are wanted, then those that happen, until `until` or for ever. Loses and repeats nothing, but for a reader that stood
 * still while the file was moved away twice. Rejects with what `output` throws, and with errno errors of files that cannot be read.
 */
export const showEvents = async (paths: Paths, choice: EventsChoice, output: EventsOutput): Promise<void> => {
  const { since, until } = choice;
  const reader = openEvents(paths, since === undefined && until === undefined);
  try {
    await follow(paths, until, lookAt(paths, reader, choice, output));
  } finally {
    reader.close();
  }
};

const follow = async (paths: Paths, until: Moment | undefined, look: () => void): Promise<void> => {
  const arrival = arrivalOf(until);
  let changes: ReturnType<typeof onChange> | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const guarded = (): void => {
        try {
          look();
        } catch (error) {
          reject(error);
        }
      };
      // Watched before the first look, so that nothing falls between.
      if (until === undefined || millisecondsOf(until) >= Date.now()) changes = onChange(paths.host, guarded);
      guarded();
      void arrival.promise.then(() => {
        guarded();
        resolve();
      });
    });
  } finally {
    arrival.end();
    changes?.end();
  }
};
