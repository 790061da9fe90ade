import { readFileSync } from 'node:fs';
import { fail } from '../core/errors.ts';

/**
 * Fails where we are the real root. Root of a user namespace is a user like any other and passes: the id map then covers less
 * than all 2^32 - 1 ids (user_namespaces(7)).
 */
export const refuseRoot = (): void => {
  if (process.getuid?.() !== 0 || !ownsEveryId()) return;
  fail({ _tag: 'Refused', message: 'Skiff does not run as root: it makes containers for an ordinary user', hint: 'log in as one, or type: runuser -u USER -- skiff …' });
};

const ownsEveryId = (): boolean => {
  try {
    return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
  } catch {
    return true;
  }
};
