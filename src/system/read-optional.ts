/** Small files that need not be there. */
import { readFileSync } from 'node:fs';

/** The text of `path`; empty when it cannot be read. */
export const readOptional = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};
