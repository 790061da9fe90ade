/** Signal names and numbers of Linux (signal(7)), as `--stop-signal` and `kill -s` take them. */
import { attempt, usage } from './invalid.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

export interface Signal {
  /** With its prefix: `SIGTERM`, `SIGRTMIN+3`. */
  readonly name: string;
  /** 1 to 64. */
  readonly number: number;
}

/** In numeric order from 1; the same on x86 and ARM. */
const names = (
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT ' +
  'CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'
).split(' ');

const aliases: Readonly<Record<string, string>> = { IOT: 'ABRT', CLD: 'CHLD', POLL: 'IO' };

/** The C library keeps 32 and 33 for itself, so SIGRTMIN is 34 for programs. */
const firstRealTime = 34;
const lastRealTime = 64;

const nameOf = (number: number): string => {
  const plain = names[number - 1];
  if (plain !== undefined) return `SIG${plain}`;
  return number === firstRealTime ? 'SIGRTMIN' : `SIGRTMIN${number < firstRealTime ? '' : '+'}${number - firstRealTime}`;
};

const realTimeNumber = (bare: string): number | undefined => {
  const [, from, offset = '0'] = /^(RTMIN|RTMAX)([+-]\d{1,2})?$/.exec(bare) ?? [];
  if (from === undefined) return undefined;
  const number = (from === 'RTMIN' ? firstRealTime : lastRealTime) + Number(offset);
  return number >= firstRealTime && number <= lastRealTime ? number : undefined;
};

const numberOf = (text: string): number | undefined => {
  if (/^\d+$/.test(text)) return Number(text) >= 1 && Number(text) <= lastRealTime ? Number(text) : undefined;
  const bare = text.toUpperCase().replace(/^SIG/, '');
  const at = names.indexOf(aliases[bare] ?? bare);
  return at < 0 ? realTimeNumber(bare) : at + 1;
};

/** A signal by number (1-64) or by name, with or without `SIG`, in any case; `RTMIN+n` and `RTMAX-n` too. */
export const parseSignal = (text: string): Either<SkiffError, Signal> =>
  attempt(() => {
    const number = numberOf(text);
    if (number === undefined) return usage(`invalid signal '${text}'`, 'give a name such as SIGTERM or a number from 1 to 64');
    return { name: nameOf(number), number };
  });
