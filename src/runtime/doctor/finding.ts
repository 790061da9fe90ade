import { printable, renderError } from '../../core/errors.ts';
import type { SkiffError } from '../../core/errors.ts';

/** What `skiff doctor` says of one thing. */
export interface Finding {
  /** `error`: an ordinary `skiff run` does not work; `warning`: something else does not, or not well. */
  readonly level: 'ok' | 'warning' | 'error';
  /** What was looked at, one or two words. */
  readonly check: string;
  /** What was found, without a full stop. */
  readonly text: string;
  /** What to do about it; empty where nothing is to be done. */
  readonly remedy: string;
}

export const ok = (check: string, text: string): Finding => ({ level: 'ok', check, text, remedy: '' });
export const warning = (check: string, text: string, remedy: string): Finding => ({ level: 'warning', check, text, remedy });
export const error = (check: string, text: string, remedy: string): Finding => ({ level: 'error', check, text, remedy });

/** A failure as it is found rather than met. */
export interface Trouble {
  readonly text: string;
  /** Empty where there is none to be named. */
  readonly remedy: string;
}

/** What an error says, and apart from it what it says to do. */
export const troubleOf = (failure: SkiffError): Trouble => {
  if (failure._tag === 'Missing') return { text: `${failure.program} is needed to ${failure.purpose}`, remedy: ask(`apt-get install ${failure.package}`) };
  if (!('hint' in failure) || failure.hint === undefined) return { text: renderError(failure), remedy: '' };
  const { hint, ...rest } = failure;
  return { text: renderError(rest), remedy: printable(hint) };
};

/** In front of what only root can do. */
export const ask = (command: string): string => `ask an administrator to run: ${command}`;
