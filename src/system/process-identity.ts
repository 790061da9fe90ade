/** Who a process is: its pid alone is used again, its pid with its start time is not. */
import { readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot, as text: it may not fit a number. proc_pid_stat(5), field 22. */
  readonly start: string;
}

/** The start time of process `pid` (a number or `self`); undefined when there is none. */
export const startTimeOf = (pid: number | 'self'): string | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command's name may hold anything, so fields are counted after the last parenthesis.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
};

/** Whether this very process still lives (or is a zombie that nobody has reaped). */
export const isAlive = (process: ProcessIdentity): boolean => process.pid > 0 && startTimeOf(process.pid) === process.start;

/** This process. */
export const ownIdentity = (): ProcessIdentity => ({ pid: process.pid, start: startTimeOf('self') ?? '0' });
