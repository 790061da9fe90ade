/** What `logs` prints of one line of the log: chosen by time, with time and details in front where they are wanted. */
import { detailsOf, endsLine, newLogLine, readLine } from '../core/log-line.ts';
import type { LogLine } from '../core/log-line.ts';
import type { Moment } from '../core/log-times.ts';
import type { Gathered } from './logs-output.ts';

export interface LogChoice {
  readonly since?: Moment;
  readonly until?: Moment;
  readonly timestamps: boolean;
  readonly details: boolean;
}

const zeros = '.000000000';

/** The line's time with nine digits, so that columns stand one below the other, as Docker shows it. */
const timePrefix = (bytes: Buffer, { timeStart, timeEnd }: LogLine): string => {
  const time = bytes.toString('latin1', timeStart, timeEnd);
  return `${time}${zeros.slice(time.length - 'yyyy-mm-ddThh:mm:ss'.length)}Z `;
};

/** Below 0, 0 or above it, as the line's time is before, at or after `moment`. */
const compareTime = (bytes: Buffer, { timeStart, timeEnd }: LogLine, moment: Buffer): number => bytes.compare(moment, 0, moment.length, timeStart, timeEnd);

export interface LineFormat {
  /** Prints the line in `bytes`; false when it is later than all that is wanted. */
  readonly take: (bytes: Buffer, from: number, to: number) => boolean;
}

/** `damaged` is called for each line that cannot be read; such lines are left out. */
export const lineFormat = (choice: LogChoice, output: Gathered, damaged: () => void): LineFormat => {
  const line = newLogLine();
  const since = choice.since === undefined ? undefined : Buffer.from(choice.since, 'latin1');
  const until = choice.until === undefined ? undefined : Buffer.from(choice.until, 'latin1');
  const inside = { out: false, err: false };

  const prefixOf = (bytes: Buffer): string => {
    const time = choice.timestamps ? timePrefix(bytes, line) : '';
    if (!choice.details) return time;
    return `${time}${line.attrsEnd > line.attrsStart ? (detailsOf(bytes.toString('utf8', line.attrsStart, line.attrsEnd)) ?? '') : ''} `;
  };

  const print = (bytes: Buffer): void => {
    const stream = line.stderr ? 'err' : 'out';
    // A long line lies in several entries; what stands in front belongs to its beginning.
    if ((choice.timestamps || choice.details) && !inside[stream]) {
      const prefix = Buffer.from(prefixOf(bytes));
      output.add(line.stderr, prefix, prefix.length);
    }
    output.add(line.stderr, line.text, line.length);
    inside[stream] = !endsLine(line);
  };

  return {
    take: (bytes, from, to) => {
      if (!readLine(line, bytes, from, to)) {
        damaged();
        return true;
      }
      if (since !== undefined && compareTime(bytes, line, since) < 0) return true;
      if (until !== undefined && compareTime(bytes, line, until) > 0) return false;
      print(bytes);
      return true;
    },
  };
};
