import { isatty } from 'node:tty';
import { fail } from '../core/errors.ts';

/** With -t and -i the user's side must be a terminal, as in Docker, which makes it 1 like other refusals; throws Refused otherwise. */
export const requireTerminal = (tty: boolean, interactive: boolean): void => {
  if (tty && interactive && !isatty(0)) {
    fail({ _tag: 'Refused', message: 'the input device is not a TTY', hint: 'leave -t out' });
  }
};
